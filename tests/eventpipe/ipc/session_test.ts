import { assert, assertEquals, assertRejects } from "@std/assert";
import { ServerNotAvailableError } from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { Session } from "../../../src/eventpipe/ipc/session.ts";
import type { ByteConnection } from "../../../src/platform/local_connection.ts";

/** A connection that gives `total` bytes in pieces of `pieceBytes`, then its end. */
function pieces(total: number, pieceBytes: number): ByteConnection {
  let left = total;
  return {
    // deno-lint-ignore require-await
    async read(buffer) {
      const size = Math.min(left, pieceBytes, buffer.length);
      for (let at = 0; at < size; at++) buffer[at] = (total - left + at) & 0xff;
      left -= size;
      return size === 0 ? null : size;
    },
    write: (bytes) => Promise.resolve(bytes.length),
    close() {},
  };
}

Deno.test("Session joins small pieces that wait for its reader", async () => {
  const session = new Session(
    1n,
    pieces(300_000, 3),
    new Uint8Array(0),
    () => Promise.resolve(),
  );
  await session.stop();
  while (!session.hasEnded) await new Promise((done) => setTimeout(done, 1));
  let size = 0;
  let chunks = 0;
  const buffers = new Set<ArrayBuffer>();
  for await (const chunk of session.stream) {
    assertEquals(chunk[0], size & 0xff);
    size += chunk.length;
    chunks++;
    buffers.add(chunk.buffer);
  }
  assertEquals([size, chunks], [300_000, buffers.size]);
  assert(buffers.size < 10, `${buffers.size} buffers`);
});

Deno.test("Session.stop does not wait for a target whose stream has ended", async () => {
  await using session = new Session(
    1n,
    pieces(10, 10),
    new Uint8Array(0),
    (_id, { signal }) =>
      new Promise((_resolve, reject) => {
        signal!.addEventListener("abort", () => reject(signal!.reason));
      }),
  );
  await assertRejects(() => session.stop(), ServerNotAvailableError, "ended");
});

Deno.test("Session reads no more than a few MiB ahead of its reader", async () => {
  const total = 64 * 1024 * 1024;
  let given = 0;
  const source = pieces(total, 64 * 1024);
  const session = new Session(
    1n,
    {
      ...source,
      async read(buffer) {
        const size = await source.read(buffer);
        given += size ?? 0;
        return size;
      },
    },
    new Uint8Array(0),
    () => Promise.resolve(),
  );
  const reader = session.stream.getReader();
  let taken = (await reader.read()).value!.length;
  // Whoever reads on gets all of it, and never is much more in between.
  for (;;) {
    for (let turn = 0; turn < 200; turn++) await Promise.resolve();
    assert(given - taken <= 5 * 1024 * 1024, `${given - taken} bytes ahead`);
    const { done, value } = await reader.read();
    if (done) break;
    taken += value.length;
  }
  assertEquals(taken, total);
});

Deno.test("Session tells of a failure that is not the end of the target", async () => {
  const broken = (error: Error): Session =>
    new Session(
      1n,
      { ...pieces(0, 1), read: () => Promise.reject(error) },
      new Uint8Array([1, 2]),
      () => Promise.resolve(),
    );
  const reset = broken(new Deno.errors.ConnectionReset("reset"));
  assertEquals([...await new Response(reset.stream).bytes()], [1, 2]);
  const failed = broken(new Error("no memory"));
  const reader = failed.stream.getReader();
  assertEquals((await reader.read()).value, new Uint8Array([1, 2]));
  await assertRejects(() => reader.read(), Error, "no memory");
});

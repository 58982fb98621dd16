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

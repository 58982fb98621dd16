import { assertEquals, assertRejects } from "@std/assert";
import { abortableStream } from "../../src/base/abortable_stream.ts";

Deno.test("abortableStream gives the pieces and closes the stream with the loop", async () => {
  const closed: string[] = [];
  async function* pieces(): AsyncGenerator<number> {
    try {
      yield* [1, 2, 3];
    } finally {
      closed.push("closed");
    }
  }
  const { signal } = new AbortController();
  assertEquals(await Array.fromAsync(abortableStream(pieces(), signal)), [
    1,
    2,
    3,
  ]);
  for await (const _piece of abortableStream(pieces(), undefined)) break;
  assertEquals(closed, ["closed", "closed"]);
});

Deno.test("abortableStream ends while it waits", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  // A stream that never gives its second piece.
  const stalled = new ReadableStream<number>({
    start: (source) => source.enqueue(1),
  });
  const seen: number[] = [];
  const error = await assertRejects(async () => {
    for await (const piece of abortableStream(stalled, controller.signal)) {
      seen.push(piece);
      queueMicrotask(() => controller.abort(reason));
    }
  });
  assertEquals([error, seen], [reason, [1]]);
});

Deno.test("abortableStream passes failures of the stream on", async () => {
  const failure = new Error("broken");
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw failure;
  }
  const { signal } = new AbortController();
  assertEquals(
    await assertRejects(() =>
      Array.fromAsync(abortableStream(broken(), signal))
    ),
    failure,
  );
});

import { assertEquals, assertThrows } from "@std/assert";
import { ChunkQueue } from "../../src/codec/chunk_queue.ts";

Deno.test("ChunkQueue hands out a range within one piece without copying", () => {
  const piece = new Uint8Array([1, 2, 3]);
  const queue = new ChunkQueue();
  queue.push(piece);
  assertEquals(queue.peek(2)!.buffer === piece.buffer, true);
});

Deno.test("ChunkQueue joins only what straddles", () => {
  const queue = new ChunkQueue(10);
  for (const byte of [1, 2, 3, 4]) queue.push(new Uint8Array([byte]));
  assertEquals([...queue.take(3)!], [1, 2, 3]);
  assertEquals([queue.offset, queue.available], [13, 1]);
  assertEquals(queue.take(2), undefined);
  assertEquals([queue.offset, queue.available], [13, 1]);
});

Deno.test("ChunkQueue gives the same bytes whatever the pieces", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index & 255);
  for (const size of [1, 7, 64, 333, 1000]) {
    const queue = new ChunkQueue();
    const seen: number[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      queue.push(bytes.subarray(at, at + size));
      for (
        let part = queue.take(13);
        part !== undefined;
        part = queue.take(13)
      ) seen.push(...part);
    }
    seen.push(...queue.take(queue.available)!);
    assertEquals(seen, [...bytes]);
    assertEquals(queue.offset, 1000);
  }
});

Deno.test("ChunkQueue takes empty pieces and empty ranges", () => {
  const queue = new ChunkQueue();
  queue.push(new Uint8Array(0));
  assertEquals(queue.peek(0)!.length, 0);
  assertEquals(queue.peek(1), undefined);
});

Deno.test("ChunkQueue refuses to consume more than is there", () => {
  const queue = new ChunkQueue();
  queue.push(new Uint8Array(2));
  assertThrows(() => queue.consume(3), RangeError, "2 bytes are queued");
  assertThrows(() => queue.consume(-1), RangeError);
});

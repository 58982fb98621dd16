// What is relied on of @std/streams. It holds for the package and for its stand-in.
import { assertEquals, assertRejects } from "@std/assert";
import { TextLineStream, toBytes } from "../../src/deps/streams.ts";

interface LineCase {
  readonly does: string;
  readonly chunks: readonly string[];
  readonly allowCR?: boolean;
  readonly lines: readonly string[];
}

const LINE_CASES: readonly LineCase[] = [
  { does: "gives nothing for nothing", chunks: [], lines: [] },
  { does: "takes no notice of empty chunks", chunks: ["", ""], lines: [] },
  {
    does: "cuts at \\n and \\r\\n",
    chunks: ["a\nb\r\n\nc\n"],
    lines: ["a", "b", "", "c"],
  },
  {
    does: "gives a last line without end",
    chunks: ["a\nb"],
    lines: ["a", "b"],
  },
  {
    does: "joins a line of many chunks",
    chunks: ["a", "b", "", "c\nd", "e"],
    lines: ["abc", "de"],
  },
  {
    does: "sees \\r\\n over two chunks",
    chunks: ["a\r", "\nb\r", "\n"],
    lines: ["a", "b"],
  },
  {
    does: "keeps \\r within a line and at the very end",
    chunks: ["a\rb\r\r\n", "c\r"],
    lines: ["a\rb\r", "c\r"],
  },
  {
    does: "can cut at \\r",
    chunks: ["a\rb\nc\r\nd\r"],
    allowCR: true,
    lines: ["a", "b", "c", "d"],
  },
  {
    does: "can cut at \\r and still see \\r\\n over two chunks",
    chunks: ["a\r", "\nb\r", "c\r", "\r"],
    allowCR: true,
    lines: ["a", "b", "c", ""],
  },
];

for (const { does, chunks, allowCR, lines } of LINE_CASES) {
  Deno.test(`TextLineStream ${does}`, { permissions: "none" }, async () => {
    const options = allowCR === undefined ? undefined : { allowCR };
    const stream = ReadableStream.from(chunks)
      .pipeThrough(new TextLineStream(options));
    assertEquals(await Array.fromAsync(stream), lines);
  });
}

Deno.test("TextLineStream passes on the error of its source", async () => {
  const source = new ReadableStream<string>({
    pull(controller) {
      controller.error(new RangeError("broken"));
    },
  });
  await assertRejects(
    () => Array.fromAsync(source.pipeThrough(new TextLineStream())),
    RangeError,
    "broken",
  );
});

Deno.test("toBytes joins all chunks", async () => {
  const chunks = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];
  const bytes = await toBytes(ReadableStream.from(chunks));
  assertEquals(bytes, Uint8Array.of(1, 2, 3));
});

Deno.test("toBytes gives an empty array for nothing", async () => {
  assertEquals(await toBytes(ReadableStream.from([])), new Uint8Array(0));
});

Deno.test("toBytes passes on the error of its source", async () => {
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new RangeError("broken"));
    },
  });
  await assertRejects(() => toBytes(source), RangeError, "broken");
});

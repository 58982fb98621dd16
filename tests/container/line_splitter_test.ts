import { assertEquals, assertThrows } from "@std/assert";
import { LimitError } from "../../src/base/errors.ts";
import { LineSplitter } from "../../src/container/line_splitter.ts";

const encoder = new TextEncoder();

Deno.test("LineSplitter gives equal lines however the bytes are cut", () => {
  const bytes = encoder.encode("\ufeffone\r\n\r\ntwö \u{1f600}\nthree\r");
  for (let size = 1; size <= bytes.length; size++) {
    const splitter = new LineSplitter({ maxLineCharacters: 10 });
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      lines.push(...splitter.push(bytes.subarray(at, at + size)));
    }
    lines.push(...splitter.finish());
    assertEquals(lines, ["one", "", "twö \u{1f600}", "three"]);
  }
});

Deno.test("LineSplitter refuses a line that is too long, also before its end", () => {
  const splitter = new LineSplitter({ maxLineCharacters: 4 });
  splitter.push(encoder.encode("a\nb\n"));
  const error = assertThrows(
    () => splitter.push(encoder.encode("12345")),
    LimitError,
    "line 3",
  );
  assertEquals((error as LimitError).value, 5);
});

Deno.test("LineSplitter gives no line for an empty stream", () => {
  const splitter = new LineSplitter({ maxLineCharacters: 4 });
  assertEquals(
    [...splitter.push(encoder.encode("")), ...splitter.finish()],
    [],
  );
});

import { assertEquals } from "@std/assert";
import {
  formatFrameType,
  FRAME_TYPE,
  interpreterOf,
  isErrorFrame,
  parseFrameType,
} from "../../src/profile/frame_type_table.ts";

Deno.test("formatFrameType gives the texts of all types", () => {
  const texts = Array.from({ length: 15 }, (_, type) => formatFrameType(type));
  assertEquals(texts, [
    "unknown",
    "cpython",
    "php",
    "native",
    "kernel",
    "jvm",
    "ruby",
    "perl",
    "v8js",
    "php",
    "dotnet",
    "go",
    "beam",
    "luajit",
    "<invalid>",
  ]);
  assertEquals(formatFrameType(0x100), "apm-integration");
  assertEquals(formatFrameType(0x20), "<invalid>");
});

Deno.test("formatFrameType gives the interpreter of an error", () => {
  assertEquals(formatFrameType(0x83), "native");
  assertEquals(formatFrameType(0x8d), "luajit");
  assertEquals(formatFrameType(0x80), "abort-marker");
  assertEquals(formatFrameType(0xff), "abort-marker");
});

Deno.test("interpreterOf takes the mark of an error off", () => {
  assertEquals([0x83, 0x3, 0x80, 0xff, 0x0].map(interpreterOf), [
    3,
    3,
    0,
    0,
    0,
  ]);
  assertEquals([0x83, 0x3, 0x80, 0x100].map(isErrorFrame), [
    true,
    false,
    true,
    false,
  ]);
});

Deno.test("parseFrameType never gives the compiled PHP nor the pseudo type", () => {
  assertEquals(parseFrameType("php"), FRAME_TYPE.php);
  assertEquals(parseFrameType("abort-marker"), 0x80);
  assertEquals(parseFrameType("apm-integration"), FRAME_TYPE.unknown);
  assertEquals(parseFrameType("cobol"), FRAME_TYPE.unknown);
  assertEquals(parseFrameType("luajit"), FRAME_TYPE.luajit);
});

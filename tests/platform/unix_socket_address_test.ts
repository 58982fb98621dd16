import { assertEquals, assertThrows } from "@std/assert";
import { encodeUnixSocketAddress } from "../../src/platform/unix_socket_address.ts";

Deno.test("encodeUnixSocketAddress ends a path with NUL", () => {
  assertEquals(encodeUnixSocketAddress("/a").toHex(), "01002f6100");
});

Deno.test("encodeUnixSocketAddress makes the leading @ of an abstract name a NUL", () => {
  assertEquals(encodeUnixSocketAddress("@ab").toHex(), "0100006162");
});

Deno.test("encodeUnixSocketAddress takes 107 bytes and refuses 108", () => {
  assertEquals(encodeUnixSocketAddress("x".repeat(107)).length, 110);
  assertThrows(
    () => encodeUnixSocketAddress("é".repeat(54)),
    RangeError,
    "path has 108 bytes, at most 107 are possible",
  );
});

Deno.test("encodeUnixSocketAddress refuses empty paths and NUL", () => {
  assertThrows(() => encodeUnixSocketAddress(""), RangeError, "path is empty");
  assertThrows(() => encodeUnixSocketAddress("a\0b"), RangeError, "NUL");
});

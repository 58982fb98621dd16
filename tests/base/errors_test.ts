import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  FormatError,
  LimitError,
  OsError,
  ProtocolError,
  TruncatedError,
} from "../../src/base/errors.ts";

Deno.test("FormatError carries format, offset, record and cause", () => {
  const cause = new Error("inner");
  const error = new FormatError("Cannot read x", {
    format: "x",
    offset: 7,
    record: "Trace",
    cause,
  });
  assertEquals(
    [error.name, error.format, error.offset, error.record],
    ["FormatError", "x", 7, "Trace"],
  );
  assertStrictEquals(error.cause, cause);
  assertEquals(error instanceof SyntaxError, true);
});

Deno.test("FormatError without a cause has no cause property", () => {
  assertEquals(
    "cause" in new FormatError("Cannot read x", { format: "x", offset: 0 }),
    false,
  );
});

Deno.test("TruncatedError is a FormatError that knows what is missing", () => {
  const error = new TruncatedError("Cannot read x", {
    format: "x",
    offset: 7,
    missingBytes: 3,
  });
  assertEquals([error.name, error.missingBytes, error instanceof FormatError], [
    "TruncatedError",
    3,
    true,
  ]);
});

Deno.test("LimitError names limit, value and offset", () => {
  const error = new LimitError("Cannot read x", {
    limit: "maxDepth",
    value: 40,
    offset: 2,
  });
  assertEquals(
    [
      error.name,
      error.limit,
      error.value,
      error.offset,
      error instanceof RangeError,
    ],
    ["LimitError", "maxDepth", 40, 2, true],
  );
});

Deno.test("ProtocolError and OsError carry the peer's and the system's codes", () => {
  const protocol = new ProtocolError("Cannot connect", {
    code: 0x80131384,
    peer: "pid 4",
  });
  assertEquals([protocol.code, protocol.peer], [0x80131384, "pid 4"]);
  const os = new OsError("Cannot bind", {
    syscall: "bind",
    errno: 1,
    code: "EPERM",
  });
  assertEquals([os.name, os.syscall, os.errno, os.code], [
    "OsError",
    "bind",
    1,
    "EPERM",
  ]);
});

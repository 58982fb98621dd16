import { assertEquals, assertThrows } from "@std/assert";
import { parseId128 } from "../../src/codec/id128.ts";
import {
  fileId32,
  frameId32,
  hostTraceHash32,
  traceHash32,
} from "../../src/tracehandler/cache_hash32.ts";
import {
  formatFrameId,
  frameIdAsIp,
  frameIdFromBytes,
  frameIdToBytes,
  hashFrameId,
  parseFrameId,
} from "../../src/tracehandler/frame_id.ts";

const ID = {
  fileId: parseId128("0123456789abcdeffedcba9876543210"),
  addressOrLine: 0xe51dn,
};
const TEXT = "ASNFZ4mrze_-3LqYdlQyEAAAAAAAAOUd";

Deno.test("FrameId has the known forms", () => {
  assertEquals(
    frameIdToBytes(ID).toHex(),
    "0123456789abcdeffedcba9876543210000000000000e51d",
  );
  assertEquals(formatFrameId(ID), TEXT);
  assertEquals(hashFrameId(ID).toString(16), "a8f07cf118b76e73");
  assertEquals(
    frameIdAsIp(ID).toHex(),
    "0123456789abcdef000000000000e51d",
  );
});

Deno.test("parseFrameId reads what formatFrameId writes", () => {
  assertEquals(parseFrameId(TEXT), ID);
  assertEquals(frameIdFromBytes(frameIdToBytes(ID)), ID);
});

Deno.test("parseFrameId refuses padding unless told, other bytes always", () => {
  assertThrows(() => parseFrameId(`${TEXT}=`), SyntaxError);
  assertEquals(parseFrameId(`${TEXT}=`, { lenient: true }), ID);
  for (const text of ["", TEXT.slice(4), `${TEXT}AAAA`, `!${TEXT.slice(1)}`]) {
    assertThrows(() => parseFrameId(text), SyntaxError, "Cannot read frame id");
  }
  assertThrows(() => frameIdFromBytes(new Uint8Array(23)), SyntaxError);
});

Deno.test("the hashes of cache keys are the bits that the profiler takes", () => {
  assertEquals(traceHash32(ID.fileId), 0x76543210);
  assertEquals(fileId32(ID.fileId), 0x89abcdef);
  assertEquals(hostTraceHash32(0x1122334455667788n), 0x55667788);
  assertEquals(frameId32(ID), 0x18b76e73);
});

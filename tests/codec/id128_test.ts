import { assertEquals, assertThrows } from "@std/assert";
import {
  compareId128,
  formatId128,
  formatId128AsBase64,
  formatId128AsUuid,
  formatId128Verb,
  id128FromBytes,
  id128ToBytes,
  parseId128,
  parseId128Base64,
  parseId128Json,
  swapId128,
  ZERO_ID128,
} from "../../src/codec/id128.ts";

const ID = { hi: 0x0123456789abcdefn, lo: 0xfedcba9876543210n };
const HEX = "0123456789abcdeffedcba9876543210";

Deno.test("formatId128 and its sisters give the text forms", () => {
  assertEquals(formatId128(ID), HEX);
  assertEquals(formatId128(ZERO_ID128), "0".repeat(32));
  assertEquals(formatId128AsBase64(ID), "ASNFZ4mrze_-3LqYdlQyEA");
  assertEquals(
    formatId128AsUuid(ID),
    "01234567-89ab-cdef-fedc-ba9876543210",
  );
  assertEquals(id128ToBytes(ID).toHex(), HEX);
});

Deno.test("formatId128Verb formats as Go does", () => {
  const verbs = ["%x", "%X", "%#x", "%#X", "%#v", "%d", "%v", "%q"];
  assertEquals(verbs.map((verb) => formatId128Verb(ID, verb)), [
    "123456789abcdeffedcba9876543210",
    "123456789ABCDEFFEDCBA9876543210",
    "0x123456789abcdeffedcba9876543210",
    "0x123456789ABCDEFFEDCBA9876543210",
    "0x123456789abcdeffedcba9876543210",
    "{81985529216486895 18364758544493064720}",
    "{81985529216486895 18364758544493064720}",
    "{%!q(uint64=81985529216486895) %!q(uint64=18364758544493064720)}",
  ]);
  assertEquals(
    formatId128Verb({ hi: 0n, lo: 1n }, "%x"),
    "00000000000000001",
  );
});

Deno.test("parseId128 accepts prefix, dashes and either case", () => {
  for (
    const text of [
      HEX,
      HEX.toUpperCase(),
      `0x${HEX}`,
      "01234567-89ab-cdef-fedc-ba9876543210",
      `0x${[...HEX].join("-")}--`,
    ]
  ) assertEquals(parseId128(text), ID);
});

Deno.test("parseId128 refuses what is not 32 digits and quotes at most 64 characters", () => {
  for (
    const text of ["", HEX.slice(1), `${HEX}0`, `0X${HEX}`, `g${HEX.slice(1)}`]
  ) {
    assertThrows(() => parseId128(text), SyntaxError, "Cannot read 128-bit id");
  }
  const error = assertThrows(() => parseId128("z".repeat(500)), SyntaxError);
  assertEquals(error.message.includes("z".repeat(64)), true);
  assertEquals(error.message.includes("z".repeat(65)), false);
});

Deno.test("parseId128Json looks at the length and not at the quotes", () => {
  assertEquals(parseId128Json(`"${HEX}"`), ID);
  assertEquals(parseId128Json(`<${HEX}>`), ID);
  assertThrows(() => parseId128Json(`"0x${HEX}"`), SyntaxError);
  assertThrows(
    () => parseId128Json('"01234567-89ab-cdef-fedc-ba9876543210"'),
    SyntaxError,
  );
});

Deno.test("parseId128Base64 takes both alphabets and no padding", () => {
  assertEquals(parseId128Base64("ASNFZ4mrze_-3LqYdlQyEA"), ID);
  assertEquals(parseId128Base64("ASNFZ4mrze/+3LqYdlQyEA"), ID);
  for (
    const text of [
      "ASNFZ4mrze_-3LqYdlQyEA==",
      "ASNFZ4mrze_+3LqYdlQyEA",
      "ASNFZ4mrze",
      "",
    ]
  ) assertThrows(() => parseId128Base64(text), SyntaxError);
});

Deno.test("id128FromBytes takes sixteen bytes only", () => {
  assertEquals(id128FromBytes(Uint8Array.fromHex(HEX)), ID);
  for (const length of [0, 15, 17]) {
    assertThrows(
      () => id128FromBytes(new Uint8Array(length)),
      SyntaxError,
      `it has ${length} bytes`,
    );
  }
});

Deno.test("compareId128 compares halves as signed numbers", () => {
  const ones = parseId128("f".repeat(32));
  assertEquals(compareId128(ones, ZERO_ID128), -1);
  assertEquals(compareId128(ID, ID), 0);
  assertEquals(compareId128(ZERO_ID128, ID), -1);
  assertEquals(
    compareId128({ hi: 1n, lo: 0n }, { hi: 1n, lo: 2n ** 63n }),
    1,
  );
});

Deno.test("swapId128 exchanges the halves", () => {
  assertEquals(swapId128(ID), { hi: ID.lo, lo: ID.hi });
});

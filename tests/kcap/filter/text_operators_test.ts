import { assertEquals } from "@std/assert";
import { parseIpAddress } from "../../../src/codec/ip_address.ts";
import { compileCidr } from "../../../src/kcap/filter/cidr.ts";
import {
  foldCase,
  lowerCase,
  upperCase,
} from "../../../src/kcap/filter/fold_case.ts";
import { fuzzyMatch, withoutMarks } from "../../../src/kcap/filter/fuzzy.ts";
import { IpValue } from "../../../src/kcap/filter/ip_value.ts";
import { md5Hex } from "../../../src/kcap/filter/md5.ts";
import { NumberList } from "../../../src/kcap/filter/number_list.ts";
import { intersects } from "../../../src/kcap/filter/text_operators.ts";
import { compileWildcard } from "../../../src/kcap/filter/wildcard.ts";
import { seededRandom } from "../../support/mutations.ts";
import { createHash } from "node:crypto";

for (
  const [a, b, isEqual] of [
    ["K", "\u212a", true],
    ["s", "\u017f", true],
    ["ß", "ẞ", true],
    ["ß", "ss", false],
    ["Σ", "ς", true],
    ["İ", "i", false],
    ["I", "ı", false],
    ["Å", "\u212b", true],
    ["𐐀", "𐐨", true],
    ["ÜNÏ", "ünï", true],
  ] as const
) {
  Deno.test(`foldCase takes ${a} and ${b} for ${isEqual ? "the same" : "different"}`, () => {
    assertEquals(foldCase(a) === foldCase(b), isEqual);
  });
}

Deno.test("lowerCase and upperCase map each character by itself", () => {
  assertEquals(lowerCase("ΑΣ"), "ας".replace("ς", "σ"));
  assertEquals(lowerCase("İX"), "ix");
  assertEquals(upperCase("straße ﬁ"), "STRAßE ﬁ");
  assertEquals(upperCase("ü"), "Ü");
});

for (
  const [pattern, text, exact, loose] of [
    ["", "", true, true],
    ["", "a", false, false],
    ["*", "", true, true],
    ["a*", "abc", true, true],
    ["A*", "abc", false, true],
    ["*b*", "abc", true, true],
    ["*B*", "abc", false, true],
    ["*c", "abc", true, true],
    ["a?c", "abc", true, true],
    ["a?c", "ac", false, false],
    ["?", "😀", true, true],
    ["*a*b*c", "xaybzc", true, true],
    ["*a*b*c", "xaybz", false, false],
    ["**", "x", true, true],
    ["a**?", "ab", true, true],
    ["[a]", "a", false, false],
    ["c:\\*\\x", "c:\\a\\b\\x", true, true],
    ["*ÜN*", "xünx", false, true],
  ] as const
) {
  Deno.test(`Pattern ${JSON.stringify(pattern)} on ${JSON.stringify(text)}`, () => {
    assertEquals(
      [
        compileWildcard(pattern, { ignoreCase: false })(text),
        compileWildcard(pattern, { ignoreCase: true })(text),
      ],
      [exact, loose],
    );
  });
}

Deno.test("compileWildcard agrees with a regular expression on 5,000 patterns", () => {
  const random = seededRandom(4);
  for (let round = 0; round < 5000; round++) {
    const make = (letters: string) =>
      Array.from({ length: random(8) }, () => letters[random(letters.length)])
        .join("");
    const pattern = make("ab*?");
    const text = make("ab");
    const expression = new RegExp(
      `^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`,
    );
    assertEquals(
      compileWildcard(pattern, { ignoreCase: false })(text),
      expression.test(text),
      `${pattern} on ${text}`,
    );
  }
});

Deno.test("compileWildcard does not hang on many stars", () => {
  const matches = compileWildcard("*a".repeat(100) + "b", {
    ignoreCase: false,
  });
  assertEquals(matches("a".repeat(60_000)), false);
});

Deno.test("fuzzyMatch wants the characters in order", () => {
  assertEquals(fuzzyMatch("C:\\Windows", "CWs"), true);
  assertEquals(fuzzyMatch("C:\\Windows", "sW"), false);
  assertEquals(fuzzyMatch("x", ""), true);
  // Longer in bytes though not in characters.
  assertEquals(fuzzyMatch("aü", "üü"), false);
  assertEquals(withoutMarks("Ünïçode Å"), "Unicode A");
});

for (
  const [block, ip, isIn] of [
    ["172.17.0.0/16", "172.17.255.1", true],
    ["172.17.0.0/16", "172.18.0.1", false],
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.128/25", "10.0.0.127", false],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["1.2.3.4/32", "1.2.3.4", true],
    ["fe80::/10", "febf::1", true],
    ["fe80::/10", "fec0::1", false],
    ["0.0.0.0/0", "::1", false],
    ["::ffff:10.0.0.0/104", "10.1.2.3", true],
  ] as const
) {
  Deno.test(`${ip} is ${isIn ? "" : "not "}in ${block}`, () => {
    const contains = compileCidr(block)!;
    assertEquals(contains(new IpValue(parseIpAddress(ip)!)), isIn);
  });
}

Deno.test("compileCidr refuses what is no block", () => {
  for (
    const text of [
      "",
      "x",
      "1.2.3.4",
      "1.2.3.4/33",
      "1.2.3/8",
      "::/129",
      "::/x",
    ]
  ) assertEquals(compileCidr(text), undefined, text);
});

Deno.test("intersects counts distinct elements", () => {
  assertEquals(intersects(["-k", "-p"], ["-k"], false), true);
  assertEquals(intersects(["-k", "-p"], ["-k", "-k"], false), false);
  assertEquals(intersects(["-k", "-k"], ["-k", "-z"], false), false);
  assertEquals(intersects(["-K"], ["-k"], true), true);
  assertEquals(intersects([], [], false), true);
});

Deno.test("NumberList finds numbers of any width", () => {
  const list = new NumberList([
    "1",
    "007",
    "x",
    "18446744073709551615",
    "-1",
    "1.5",
  ]);
  assertEquals(list.has(1), true);
  assertEquals(list.has(7n), true);
  assertEquals(list.has(2n ** 64n - 1n), true);
  assertEquals(list.has(-1n), false);
  assertEquals(list.has(1.5), false);
});

Deno.test("md5Hex agrees with the runtime at every length up to 200", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = new Uint8Array(length).map((_, index) => index * 7);
    assertEquals(
      md5Hex(bytes),
      createHash("md5").update(bytes).digest("hex"),
    );
  }
});

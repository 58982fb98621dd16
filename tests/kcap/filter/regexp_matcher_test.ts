import { assertEquals, assertThrows } from "@std/assert";
import { compileRegexp } from "../../../src/kcap/filter/regexp_matcher.ts";
import { seededRandom } from "../../support/mutations.ts";

for (
  const [pattern, text, expected] of [
    ["^svc.*\\.exe$", "svchost.exe", true],
    ["svc", "SVC", false],
    ["(?i)svc", "xSVCx", true],
    ["(?i:s)vc", "Svc", true],
    ["(?i:s)vc", "SVC", false],
    ["(?i)k", "\u212a", true],
    ["(?i)[k-l]", "\u212a", true],
    ["(?i)straße", "STRAßE", true],
    ["\\Aa", "ba", false],
    ["a\\z", "a\n", false],
    ["a$", "a\n", false],
    ["(?m)a$", "a\nb", true],
    ["(?m)^b", "a\nb", true],
    ["^b", "a\nb", false],
    [".", "\n", false],
    ["(?s).", "\n", true],
    ["^.$", "😀", true],
    ["(?P<name>a)b", "ab", true],
    ["(?<name>a)b", "ab", true],
    ["[[:alpha:]]+[[:^digit:]]", "1a-", true],
    ["[\\d\\s]x", "1x", true],
    ["[^\\w]", "abc", false],
    ["[]a]", "]", true],
    ["[a-]", "-", true],
    ["\\p{Greek}\\PL", "α1", true],
    ["\\p{^Greek}", "α", false],
    ["\\pLu", "üu", true],
    ["\\x41\\x{1F600}", "A😀", true],
    ["\\101", "A", true],
    ["\\Qa.b*\\E+", "a.b**", true],
    ["\\Qa.b", "a.b", true],
    ["a{2}b{1,}c{0,2}", "aabbcc", true],
    ["a{,2}", "a{,2}", true],
    ["x{2}y", "xy", false],
    ["(|a)b", "b", true],
    ["", "", true],
    ["a||b", "zzz", true],
    ["(a*)*b", "aaab", true],
    ["\\bfoo\\b", "a foo b", true],
    ["\\bfoo\\b", "afoo", false],
    ["\\Boo", "foo", true],
    ["a.*?c", "abbc", true],
    ["\\ufffd".replace("\\ufffd", "\ufffd"), "\udca0", true],
  ] as const
) {
  Deno.test(`Regular expression ${pattern} ${expected ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
    assertEquals(compileRegexp(pattern)(text), expected);
  });
}

for (
  const pattern of [
    "(",
    ")",
    "a)",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "\\1",
    "\\8",
    "\\k<a>",
    "\\e",
    "\\Z",
    "a**",
    "a+*",
    "*a",
    "[a",
    "[b-a]",
    "[[:what:]]",
    "\\p{What}",
    "\\p{Script=Greek}",
    "x{1001}",
    "x{2,1}",
    "\\",
    "\\x{110000}",
    "(?z)",
    "(?",
  ]
) {
  Deno.test(`compileRegexp refuses ${pattern}`, () => {
    assertThrows(() => compileRegexp(pattern), SyntaxError);
  });
}

Deno.test("compileRegexp refuses what is too large", () => {
  assertThrows(
    () => compileRegexp("(a{1000}){1000}"),
    RangeError,
    "more than 10000 steps",
  );
  assertThrows(() => compileRegexp("(".repeat(2000) + ")".repeat(2000)));
});

Deno.test("compileRegexp agrees with the runtime on 10,000 expressions", () => {
  const random = seededRandom(1);
  const atoms = [
    ..."abcx1",
    "ab",
    "[ab]",
    "[^a]",
    ".",
    "\\d",
    "\\w",
    "\\s",
    "\\b",
    "\\B",
    "^",
    "$",
    "(a|b)",
    "(?:ab|c)",
    "\\.",
    "é",
    "[a-c]",
  ];
  const counts = ["", "", "", "*", "+", "?", "{2}", "{1,3}", "*?"];
  const letters = "abcx.1 é\n";
  let compared = 0;
  for (let round = 0; round < 10_000; round++) {
    let pattern = "";
    for (let length = 1 + random(5); length > 0; length--) {
      const atom = atoms[random(atoms.length)]!;
      const isPlace = /^(\\[bB]|\^|\$)$/.test(atom);
      pattern += atom + (isPlace ? "" : counts[random(counts.length)]!);
      if (random(6) === 0) pattern += "|";
    }
    const theirs = new RegExp(pattern, "u");
    const ours = compileRegexp(pattern);
    for (let sample = 0; sample < 4; sample++) {
      let text = "";
      for (let length = random(8); length > 0; length--) {
        text += letters[random(letters.length)];
      }
      compared++;
      if (ours(text) !== theirs.test(text)) {
        throw new Error(`${pattern} on ${JSON.stringify(text)}`);
      }
    }
  }
  assertEquals(compared, 40_000);
});

Deno.test("compileRegexp does not hang on hostile expressions", () => {
  // Each of these takes the runtime's own engine longer than the universe has.
  assertEquals(compileRegexp("(a+)+$")("a".repeat(60_000) + "b"), false);
  assertEquals(compileRegexp("(x+x+)+y")("x".repeat(60_000)), false);
  assertEquals(compileRegexp("(a?){500}a{500}")("a".repeat(500)), true);
  const random = seededRandom(2);
  const text = Array.from({ length: 20_000 }, () => "ab"[random(2)]).join("");
  // So many states that they are forgotten and made again.
  assertEquals(compileRegexp("[ab]*a[ab]{200}c")(text), false);
});

// What is relied on of @std/assert. It holds for the package and for its
// stand-in. An assertion that let all pass would make every test worthless, so
// each one is seen to fail.
import * as assertions from "@std/assert";

type Check = () => void | Promise<void>;

/** Passes or fails by itself alone: nothing under test judges the test. */
async function outcomeOf(check: Check): Promise<"passes" | "fails"> {
  try {
    await check();
    return "passes";
  } catch (error) {
    if (error instanceof assertions.AssertionError) return "fails";
    throw error;
  }
}

class Box {
  value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

class SubBox extends Box {}

const {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertIsError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotInstanceOf,
  assertNotMatch,
  assertNotStrictEquals,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unimplemented,
  unreachable,
}: typeof assertions = assertions;

function ring(): Record<string, unknown> {
  const value: Record<string, unknown> = { name: "ring" };
  value["self"] = value;
  return value;
}

const throwRange = (): never => {
  throw new RangeError("out of bounds");
};
const rejectRange = (): Promise<never> =>
  Promise.reject(new RangeError("out of bounds"));
const throwText = (): never => {
  throw "text";
};

const PASSING: Record<string, Check> = {
  "assert on 1": () => assert(1),
  "assertFalse on 0": () => assertFalse(0),
  "assertExists on an empty text": () => assertExists(""),
  "assertGreater on 2 and 1": () => assertGreater(2, 1),
  "assertGreater on big integers": () => assertGreater(2n, 1n),
  "assertGreaterOrEqual on 1 and 1": () => assertGreaterOrEqual(1, 1),
  "assertLess on 1 and 2": () => assertLess(1, 2),
  "assertLessOrEqual on 1 and 1": () => assertLessOrEqual(1, 1),
  "assertMatch on abc and b": () => assertMatch("abc", /b/),
  "assertNotMatch on abc and d": () => assertNotMatch("abc", /d/),
  "assertStringIncludes on abc and bc": () => assertStringIncludes("abc", "bc"),
  "assertArrayIncludes on deep equals": () =>
    assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
  "assertInstanceOf on a subclass": () => assertInstanceOf(new SubBox(1), Box),
  "assertNotInstanceOf on a superclass": () =>
    assertNotInstanceOf(new Box(1), SubBox),
  "assertEquals on nested values": () =>
    assertEquals<unknown>({ a: [1, { b: "x" }] }, { a: [1, { b: "x" }] }),
  "assertEquals on keys in another order": () =>
    assertEquals({ a: 1, b: 2 }, { b: 2, a: 1 }),
  "assertEquals on 0 and -0": () => assertEquals(0, -0),
  "assertEquals on NaN": () => assertEquals(NaN, NaN),
  "assertEquals on rings": () => assertEquals(ring(), ring()),
  "assertEquals on no prototype and a plain one": () =>
    assertEquals(Object.assign(Object.create(null), { a: 1 }), { a: 1 }),
  "assertEquals on sets in another order": () =>
    assertEquals(new Set([1, { a: 1 }]), new Set([{ a: 1 }, 1])),
  "assertEquals on maps in another order": () =>
    assertEquals(new Map([["a", 1], ["b", 2]]), new Map([["b", 2], ["a", 1]])),
  "assertEquals on bytes": () =>
    assertEquals(Uint8Array.of(1, 2), Uint8Array.of(0, 1, 2).subarray(1)),
  "assertEquals on dates": () => assertEquals(new Date(5), new Date(5)),
  "assertEquals on instances": () => assertEquals(new Box([1]), new Box([1])),
  "assertNotEquals on 1 and 2": () => assertNotEquals(1, 2),
  "assertStrictEquals on NaN": () => assertStrictEquals(NaN, NaN),
  "assertNotStrictEquals on two empty lists": () =>
    assertNotStrictEquals<unknown[]>([], []),
  "assertAlmostEquals on rounding": () => assertAlmostEquals(0.1 + 0.2, 0.3),
  "assertAlmostEquals within the tolerance": () => assertAlmostEquals(1, 2, 1),
  "assertAlmostEquals on infinities": () =>
    assertAlmostEquals(Infinity, Infinity),
  "assertObjectMatch on a part": () =>
    assertObjectMatch({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }),
  "assertObjectMatch on lists of parts": () =>
    assertObjectMatch({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] }),
  "assertObjectMatch on an instance": () =>
    assertObjectMatch({ a: new Box(1) }, { a: { value: 1 } }),
  "assertObjectMatch on a ring": () =>
    assertObjectMatch(ring(), { name: "ring" }),
  "assertThrows on any value": () => void assertThrows(throwText),
  "assertThrows on a class": () => void assertThrows(throwRange, RangeError),
  "assertThrows on a superclass and a text": () =>
    void assertThrows(throwRange, Error, "of bounds"),
  "assertRejects on a class": async () => {
    await assertRejects(rejectRange, RangeError, "out");
  },
  "assertIsError on a pattern": () =>
    assertIsError(new Error("abc"), Error, /b./),
};

const FAILING: Record<string, Check> = {
  "assert on an empty text": () => assert(""),
  "assertFalse on a list": () => assertFalse([]),
  "assertExists on null": () => assertExists(null),
  "assertExists on undefined": () => assertExists(undefined),
  "assertGreater on equals": () => assertGreater(1, 1),
  "assertGreaterOrEqual on 1 and 2": () => assertGreaterOrEqual(1, 2),
  "assertLess on equals": () => assertLess(1, 1),
  "assertLessOrEqual on 2 and 1": () => assertLessOrEqual(2, 1),
  "assertLessOrEqual on NaN": () => assertLessOrEqual(NaN, 1),
  "assertMatch on abc and d": () => assertMatch("abc", /d/),
  "assertNotMatch on abc and b": () => assertNotMatch("abc", /b/),
  "assertStringIncludes on abc and d": () => assertStringIncludes("abc", "d"),
  "assertArrayIncludes on one that is missing": () =>
    assertArrayIncludes([1, 2], [1, 3]),
  "assertInstanceOf on a superclass": () =>
    assertInstanceOf(new Box(1), SubBox),
  "assertInstanceOf on null": () => assertInstanceOf(null, Box),
  "assertNotInstanceOf on a subclass": () =>
    assertNotInstanceOf(new SubBox(1), Box),
  "assertEquals on other values": () => assertEquals({ a: 1 }, { a: 2 }),
  "assertEquals on text and number": () => assertEquals<unknown>("1", 1),
  "assertEquals on number and big integer": () => assertEquals<unknown>(1, 1n),
  "assertEquals on null and undefined": () =>
    assertEquals<unknown>(null, undefined),
  "assertEquals on missing and undefined": () =>
    assertEquals<unknown>({}, { a: undefined }),
  "assertEquals on another key": () =>
    assertEquals<unknown>({ a: undefined }, { b: undefined }),
  "assertEquals on lists of other lengths": () => assertEquals([1], [1, 2]),
  "assertEquals on lists in another order": () => assertEquals([1, 2], [2, 1]),
  "assertEquals on other prototypes": () =>
    assertEquals(new Box(1), new SubBox(1)),
  "assertEquals on list and object": () => assertEquals<unknown>([1], { 0: 1 }),
  "assertEquals on other kinds of bytes": () =>
    assertEquals<unknown>(Uint8Array.of(1), Int8Array.of(1)),
  "assertEquals on other bytes": () =>
    assertEquals(Uint8Array.of(1, 2), Uint8Array.of(1, 3)),
  "assertEquals on more bytes": () =>
    assertEquals(Uint8Array.of(1), Uint8Array.of(1, 2)),
  "assertEquals on other dates": () => assertEquals(new Date(5), new Date(6)),
  "assertEquals on other patterns": () => assertEquals(/a/, /a/g),
  "assertEquals on other addresses": () =>
    assertEquals(new URL("http://a/"), new URL("http://b/")),
  "assertEquals on other map values": () =>
    assertEquals(new Map([["a", 1]]), new Map([["a", 2]])),
  "assertEquals on other sets": () =>
    assertEquals(new Set([{ a: 1 }]), new Set([{ a: 2 }])),
  "assertEquals on two functions": () =>
    assertEquals<unknown>(() => 1, () => 1),
  "assertEquals on other texts": () => assertEquals("a\nb\n", "a\r\nb\n"),
  "assertNotEquals on equals": () => assertNotEquals({ a: 1 }, { a: 1 }),
  "assertStrictEquals on equal lists": () =>
    assertStrictEquals<unknown[]>([], []),
  "assertStrictEquals on 0 and -0": () => assertStrictEquals(0, -0),
  "assertNotStrictEquals on the same": () => assertNotStrictEquals(1, 1),
  "assertAlmostEquals on 1 and 1.001": () => assertAlmostEquals(1, 1.001),
  "assertAlmostEquals on nearly zero": () => assertAlmostEquals(1e-9, 0),
  "assertAlmostEquals beyond the tolerance": () => assertAlmostEquals(1, 3, 1),
  "assertObjectMatch on another value": () =>
    assertObjectMatch({ a: 1, b: 2 }, { a: 2 }),
  "assertObjectMatch on a missing key": () =>
    assertObjectMatch({ a: 1 }, { a: 1, b: 2 }),
  "assertObjectMatch on longer lists": () =>
    assertObjectMatch({ a: [1] }, { a: [1, 2] }),
  "assertThrows on peace": () => void assertThrows(() => 1),
  "assertThrows on another class": () =>
    void assertThrows(throwRange, TypeError),
  "assertThrows on another text": () =>
    void assertThrows(throwRange, RangeError, "within"),
  "assertThrows on a text where a class is wanted": () =>
    void assertThrows(throwText, Error),
  "assertRejects on peace": async () => {
    await assertRejects(() => Promise.resolve(1));
  },
  "assertRejects on another class": async () => {
    await assertRejects(rejectRange, TypeError);
  },
  "assertRejects on what throws at once": async () => {
    await assertRejects(throwRange, RangeError);
  },
  "assertRejects on what gives no promise": async () => {
    await assertRejects(() => 1 as unknown as Promise<void>);
  },
  "assertIsError on a text": () => assertIsError("text"),
  "fail": () => fail(),
  "unimplemented": () => unimplemented(),
  "unreachable": () => unreachable(),
};

function declare(checks: Record<string, Check>, wanted: string): void {
  for (const [name, check] of Object.entries(checks)) {
    Deno.test(`${name} ${wanted}`, { permissions: "none" }, async () => {
      const outcome = await outcomeOf(check);
      if (outcome !== wanted) throw new Error(`It ${outcome}`);
    });
  }
}

declare(PASSING, "passes");
declare(FAILING, "fails");

Deno.test("assertThrows and assertRejects give what was thrown", async () => {
  const range: RangeError = assertThrows(throwRange, RangeError);
  const text: unknown = assertThrows(throwText);
  const rejected: RangeError = await assertRejects(rejectRange, RangeError);
  if (range.message !== "out of bounds" || text !== "text") fail();
  if (rejected.message !== "out of bounds") fail();
});

Deno.test("equal refuses to compare weak collections", () => {
  assertThrows(() => equal(new WeakMap(), new WeakMap()), TypeError);
  assertThrows(() => equal(new WeakSet(), new WeakSet()), TypeError);
});

Deno.test("A failed assertion shows its own text and both values", () => {
  const error = assertThrows(
    () => assertEquals({ a: 1, same: 5 }, { a: 2, same: 5 }, "the reason"),
    assertions.AssertionError,
  );
  // deno-lint-ignore no-control-regex
  const text = error.message.replaceAll(/\x1b\[[0-9;]*m/g, "");
  assertStringIncludes(text, "the reason");
  assertMatch(text, /^- +a: 1,$/m);
  assertMatch(text, /^\+ +a: 2,$/m);
  assertMatch(text, /^ +same: 5,$/m);
});

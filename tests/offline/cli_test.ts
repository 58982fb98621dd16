// What is relied on of @std/cli. It holds for the package and for its stand-in.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  parseArgs,
  type ParseOptions,
  ProgressBar,
  type ProgressBarFormatter,
} from "../../src/deps/cli.ts";

interface ParseCase {
  readonly does: string;
  readonly args: readonly string[];
  readonly options?: ParseOptions;
  readonly result: Record<string, unknown>;
}

const PARSE_CASES: readonly ParseCase[] = [
  { does: "gives nothing for nothing", args: [], result: { _: [] } },
  {
    does: "sets a flag without value to true",
    args: ["--x", "-y"],
    result: { x: true, y: true, _: [] },
  },
  {
    does: "takes the value behind = and the next argument",
    args: ["--a=1=2", "--b", "two", "rest"],
    result: { a: "1=2", b: "two", _: ["rest"] },
  },
  {
    does: "takes an empty value behind =",
    args: ["--a=", "--b="],
    options: { string: ["b"] },
    result: { a: "", b: "", _: [] },
  },
  {
    does: "keeps line breaks in values",
    args: ["--a=1\n2", "--b", "3\n4"],
    result: { a: "1\n2", b: "3\n4", _: [] },
  },
  {
    does: "turns numbers into numbers, also among the rest",
    args: ["--a", "5", "--b=0x10", "--c=1e3", "-d", "5", "7", "x7", " "],
    result: { a: 5, b: 16, c: 1000, d: 5, _: [7, "x7", " "] },
  },
  {
    does: "leaves strings as they are",
    args: ["--a", "007", "8"],
    options: { string: ["a", "_"] },
    result: { a: "007", _: ["8"] },
  },
  {
    does: "gives a string without value the empty one",
    args: ["--a", "--b"],
    options: { string: ["a", "b"] },
    result: { a: "", b: "", _: [] },
  },
  {
    does: "does not take an option for a value",
    args: ["--a", "--b", "-c", "-5"],
    result: { 5: true, a: true, b: true, c: true, _: [] },
  },
  {
    does: "takes - for a value of a letter and an argument of its own",
    args: ["-o", "-", "-", "--p", "-"],
    options: { string: ["o", "p"] },
    result: { o: "-", p: "", _: ["-", "-"] },
  },
  {
    does: "sets booleans that are missing to false and other things not at all",
    args: ["--a"],
    options: { boolean: ["a", "b"], string: ["c"] },
    result: { a: true, b: false, _: [] },
  },
  {
    does: "lets a boolean leave the next argument alone",
    args: ["--a", "x", "-b", "y"],
    options: { boolean: ["a", "b"] },
    result: { a: true, b: true, _: ["x", "y"] },
  },
  {
    does: "lets a boolean take true and false, and no other text",
    args: ["--a", "false", "--b=false", "--c=no", "-d", "true"],
    options: { boolean: ["a", "b", "c", "d"] },
    result: { a: false, b: false, c: true, d: true, _: [] },
  },
  {
    does: "takes one name for a list of one",
    args: ["--a", "x"],
    options: { boolean: "a" },
    result: { a: true, _: ["x"] },
  },
  {
    does: "can treat every long flag as boolean",
    args: ["--a", "x", "-b", "y", "--c=z"],
    options: { boolean: true },
    result: { a: true, b: "y", c: "z", _: ["x"] },
  },
  {
    does: "reads letters in a row, the last one with a value",
    args: ["-abc", "v"],
    result: { a: true, b: true, c: "v", _: [] },
  },
  {
    does: "reads a number, a value behind = and a path right behind a letter",
    args: ["-n5", "-o=out", "-p/tmp/x", "-q="],
    result: { n: 5, o: "out", p: "/tmp/x", q: "", _: [] },
  },
  {
    does: "gives all names of an option its value",
    args: ["-o", "out", "--verbose"],
    options: { alias: { output: ["o", "out"], verbose: "v" } },
    result: {
      o: "out",
      out: "out",
      output: "out",
      v: true,
      verbose: true,
      _: [],
    },
  },
  {
    does: "makes the alias of a boolean boolean and of a string text",
    args: ["-v", "x", "-n", "1"],
    options: {
      alias: { verbose: "v", name: "n" },
      boolean: ["verbose"],
      string: ["name"],
    },
    result: { v: true, verbose: true, n: "1", name: "1", _: ["x"] },
  },
  {
    does: "gathers what is to be collected, an empty list if there is nothing",
    args: ["--a", "1", "--a=2", "-b", "3"],
    options: { collect: ["a", "b", "c"], string: ["a", "c"] },
    result: { a: ["1", "2"], b: [3], c: [], _: [] },
  },
  {
    does: "keeps the last value of what is not collected",
    args: ["--a", "1", "--a", "2"],
    result: { a: 2, _: [] },
  },
  {
    does: "lets --no- negate what can be negated and nothing else",
    args: ["--no-a", "--no-b", "--no-c=1"],
    options: { boolean: ["a"], negatable: ["a", "c"] },
    result: { a: false, "no-b": true, c: 1, _: [] },
  },
  {
    does: "lets an option that is called no-x be itself",
    args: ["--no-follow"],
    options: { boolean: ["no-follow"] },
    result: { "no-follow": true, _: [] },
  },
  {
    does: "fills in defaults, under all names",
    args: ["--a", "1"],
    options: { default: { a: 5, b: "x" }, alias: { b: "c" } },
    result: { a: 1, b: "x", c: "x", _: [] },
  },
  {
    does: "nests dotted names",
    args: ["--a.b", "1", "--a.c.d=x"],
    options: { default: { "a.e": true } },
    result: { a: { b: 1, c: { d: "x" }, e: true }, _: [] },
  },
  {
    does: "adds what follows -- to the rest, as text",
    args: ["1", "--", "2", "--a", "--", "b"],
    result: { _: [1, "2", "--a", "--", "b"] },
  },
  {
    does: "can keep what follows -- apart",
    args: ["1", "--", "2", "--a"],
    options: { "--": true },
    result: { "--": ["2", "--a"], _: [1] },
  },
  {
    does: "has an empty list if nothing follows --",
    args: [],
    options: { "--": true },
    result: { "--": [], _: [] },
  },
  {
    does: "can stop at the first argument that is no option",
    args: ["--a", "-b", "x", "--c", "5"],
    options: { stopEarly: true, boolean: ["b"] },
    result: { a: true, b: true, _: ["x", "--c", "5"] },
  },
  {
    does: "leaves prototypes alone",
    args: ["--__proto__.bad", "1", "--constructor.prototype.bad", "1"],
    result: { _: [] },
  },
];

for (const { does, args, options, result } of PARSE_CASES) {
  Deno.test(`parseArgs ${does}`, { permissions: "none" }, () => {
    assertEquals<unknown>(parseArgs(args, options), result);
  });
}

Deno.test("parseArgs tells each unknown option and drops what is refused", () => {
  const told: unknown[][] = [];
  const options: ParseOptions = {
    boolean: ["known"],
    alias: { known: "k" },
    collect: ["list"],
    unknown: (...given: unknown[]) => {
      told.push(given);
      return given[0] !== "--bad";
    },
  };
  const result: unknown = parseArgs(
    ["-k", "--bad", "1", "--good=x", "file", "--list", "2"],
    options,
  );
  assertEquals(result, {
    k: true,
    known: true,
    good: "x",
    list: [2],
    _: ["file"],
  });
  assertEquals(told, [
    ["--bad", "bad", "1"],
    ["--good=x", "good", "x"],
    ["file"],
  ]);
});

Deno.test("parseArgs leaves the arguments and the options as they were", () => {
  const args = Object.freeze(["--a", "1", "--", "2"]);
  const options: ParseOptions = Object.freeze({
    collect: Object.freeze(["a"]),
    default: Object.freeze({ b: 1 }),
  });
  assertEquals<unknown>(parseArgs(args, options), { a: [1], b: 1, _: ["2"] });
});

Deno.test("parseArgs rejects an alias that is undefined", () => {
  const alias = { a: undefined } as unknown as Record<string, string>;
  assertThrows(() => parseArgs([], { alias }), TypeError);
});

Deno.test("parseArgs can be read as a record of unknown values", () => {
  const flags: readonly string[] = ["a"];
  const parsed: Record<string, unknown> & { _: (string | number)[] } =
    parseArgs(
      ["--a", "x"],
      { boolean: flags, string: [...flags].slice(1) } satisfies ParseOptions,
    );
  assertEquals(parsed["a"], true);
  assertEquals(parsed._, ["x"]);
});

/** Gathers what is drawn. */
function startScreen(): {
  writable: WritableStream<Uint8Array>;
  text: string[];
} {
  const text: string[] = [];
  const decoder = new TextDecoder();
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      text.push(decoder.decode(chunk));
    },
    close() {
      text.push("<closed>");
    },
  });
  return { writable, text };
}

Deno.test("ProgressBar draws at the start and at the end", async () => {
  const { writable, text } = startScreen();
  const bar = new ProgressBar({ writable, max: 200 * 1024, barLength: 10 });
  bar.value += 50 * 1024;
  await bar.stop();
  assertEquals(
    text.join(""),
    "\r\x1b[K[00:00] [----------] [0.00/200.00 KiB]" +
      "\r\x1b[K[00:00] [##--------] [50.00/200.00 KiB]\n",
  );
});

Deno.test("ProgressBar keeps within its bar and takes the unit of the maximum", async () => {
  const { writable, text } = startScreen();
  const bar = new ProgressBar({
    writable,
    max: 3 * 2 ** 30,
    value: 4 * 2 ** 30,
    barLength: 4,
    fillChar: "=",
    emptyChar: " ",
  });
  await bar.stop();
  assertEquals(
    text.join("").split("\r\x1b[K").at(1),
    "[00:00] [====] [4.00/3.00 GiB]",
  );
});

Deno.test("ProgressBar lets a formatter make the text", async () => {
  const { writable, text } = startScreen();
  const frames: ProgressBarFormatter[] = [];
  const bar = new ProgressBar({
    writable,
    max: 10,
    formatter(frame) {
      frames.push({ ...frame });
      return `${frame.value} of ${frame.max} events`;
    },
  });
  bar.value = 4;
  bar.max = 8;
  await bar.stop();
  assertEquals(
    text.join(""),
    "\r\x1b[K0 of 10 events\r\x1b[K4 of 8 events\n",
  );
  assertEquals(frames.map((frame) => frame.previousValue), [0, 0]);
  assert(frames.every((frame) => frame.time >= frame.previousTime));
});

Deno.test("ProgressBar with clear wipes its line and ends none", async () => {
  const { writable, text } = startScreen();
  const bar = new ProgressBar({
    writable,
    max: 1,
    clear: true,
    formatter: () => "x",
  });
  await bar.stop();
  assertEquals(text.join(""), "\r\x1b[Kx\r\x1b[K");
});

Deno.test("ProgressBar draws again at every interval", async () => {
  const { promise: drawnTwice, resolve } = Promise.withResolvers<void>();
  let frames = 0;
  const bar = new ProgressBar({
    writable: startScreen().writable,
    max: 1,
    interval: 1,
    formatter() {
      if (++frames === 3) resolve();
      return "";
    },
  });
  await drawnTwice;
  await bar.stop();
});

Deno.test("ProgressBar closes what it draws on only if asked to", async () => {
  const screen = startScreen();
  await new ProgressBar({ writable: screen.writable, max: 1, clear: true })
    .stop();
  assertEquals(screen.text.includes("<closed>"), false);
  await new ProgressBar({
    writable: screen.writable,
    max: 1,
    clear: true,
    keepOpen: false,
  }).stop();
  assertEquals(screen.text.at(-1), "<closed>");
});

Deno.test("ProgressBar goes on when nobody can see it any more", async () => {
  const writable = new WritableStream<Uint8Array>({
    write() {
      throw new Error("gone");
    },
  });
  const bar = new ProgressBar({ writable, max: 1, interval: 1 });
  bar.value = 1;
  await bar.stop();
});

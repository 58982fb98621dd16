import { assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../src/cli/parse_command_line.ts";
import type { CommandLineSpec } from "../../src/cli/parse_command_line.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

const SPEC: CommandLineSpec = {
  positionals: [{ name: "IN", required: true, variadic: true }],
  options: [
    { name: "output", short: "o", type: "string", help: "where" },
    { name: "count", short: "n", type: "number", help: "how many", max: 100 },
    { name: "ratio", type: "number", integer: false, help: "share" },
    { name: "wait", type: "duration", help: "time" },
    { name: "size", type: "size", help: "bytes" },
    { name: "tag", short: "t", type: "list", help: "tags" },
    { name: "force", short: "f", type: "boolean", help: "anyway" },
    {
      name: "colour",
      aliases: ["output.colour"],
      type: "boolean",
      default: true,
      help: "colours",
    },
    {
      name: "level",
      aliases: ["output.log.level"],
      type: "string",
      default: "info",
      help: "how much",
    },
  ],
};

Deno.test("parseCommandLine takes long, short and joined forms", () => {
  const { options, positionals } = parseCommandLine(
    [
      "a",
      "--output=x",
      "-n",
      "5",
      "--ratio",
      "0.5",
      "--wait",
      "1.5s",
      "--size",
      "64KiB",
      "-f",
      "--tag",
      "a",
      "-t",
      "b",
      "--no-colour",
      "b",
    ],
    SPEC,
  );
  assertEquals(options, {
    output: "x",
    count: 5,
    ratio: 0.5,
    wait: 1.5e9,
    size: 65_536,
    tag: ["a", "b"],
    force: true,
    colour: false,
    level: "info",
  });
  assertEquals(positionals, ["a", "b"]);
});

Deno.test("parseCommandLine takes long names behind one dash", () => {
  const { options, positionals } = parseCommandLine(
    ["-output", "x", "-count=5", "-force", "a"],
    SPEC,
  );
  assertEquals(options["output"], "x");
  assertEquals(options["count"], 5);
  assertEquals(options["force"], true);
  assertEquals(positionals, ["a"]);
});

Deno.test("parseCommandLine leaves out what is not given and has no default", () => {
  const { options } = parseCommandLine(["a"], SPEC);
  assertEquals(options, { colour: true, level: "info" });
});

Deno.test("parseCommandLine takes -, negative-looking values and numbers as they were typed", () => {
  const { options, positionals } = parseCommandLine([
    "-",
    "007",
    "1e3",
    "--output",
    "-",
  ], SPEC);
  assertEquals([positionals, options["output"]], [["-", "007", "1e3"], "-"]);
});

Deno.test("parseCommandLine takes the next argument as value whatever it looks like", () => {
  const { options, positionals } = parseCommandLine(
    ["-n", "-5", "--ratio", "-0.5", "--output", "--odd", "-f", "true"],
    SPEC,
  );
  assertEquals(
    [options["count"], options["ratio"], options["output"], options["force"]],
    [-5, -0.5, "--odd", true],
  );
  assertEquals(positionals, ["true"]);
});

Deno.test("parseCommandLine takes apart letters that stand together", () => {
  const { options } = parseCommandLine(["a", "-fofile", "-n=7"], SPEC);
  assertEquals([options["force"], options["output"], options["count"]], [
    true,
    "file",
    7,
  ]);
});

Deno.test("parseCommandLine takes everything behind -- as it is", () => {
  assertEquals(
    parseCommandLine(["a", "--", "--output", "-f"], SPEC).positionals,
    [
      "a",
      "--output",
      "-f",
    ],
  );
  const { positionals, passthrough } = parseCommandLine(
    ["a", "--", "ls", "-l"],
    {
      ...SPEC,
      passthrough: true,
    },
  );
  assertEquals([positionals, passthrough], [["a"], ["ls", "-l"]]);
});

for (
  const [args, message] of [
    [["a", "--count", "101"], "largest value is 100"],
    [["a", "--count", "1.5"], "expected an integer"],
    [["a", "--ratio", "x"], "expected a number"],
    [["a", "--wait", "soon"], 'Cannot read duration "soon"'],
    [["a", "--size", "big"], 'Cannot read size "big"'],
    [["a", "--output="], "Option --output needs a value"],
    [["a", "--output", "--force"], "Option --output needs a value"],
    [["a", "-x"], "Option -x is unknown"],
    [[], "Argument IN is missing"],
  ] as const
) {
  Deno.test(`parseCommandLine refuses "${args.join(" ")}"`, () => {
    assertThrows(() => parseCommandLine(args, SPEC), UsageError, message);
  });
}

Deno.test("parseCommandLine takes further names of an option", () => {
  assertEquals(
    parseCommandLine(
      ["a", "--output.log.level", "debug", "--output.colour=false"],
      SPEC,
    ).options,
    { level: "debug", colour: false },
  );
  assertEquals(
    parseCommandLine(["a", "--no-output.colour"], SPEC).options["colour"],
    false,
  );
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/base/version.ts";
import {
  COMMANDS,
  GROUPS,
  loadAllCommands,
} from "../../src/cli/command_table.ts";
import { runMain } from "../support/memory_host.ts";

Deno.test("main without a command ends with 2 and says what to do", async () => {
  const { code, stdout, stderr } = await runMain([]);
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    'error: Command is missing\nhint: run "tracedeck --help" for a list\n',
  );
});

Deno.test("main --help lists every command and system on standard output", async () => {
  const { code, stdout, stderr } = await runMain(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  const { commands, groups } = await loadAllCommands();
  for (const { name, summary } of commands) {
    assertStringIncludes(stdout, `\n  ${name} `);
    assertStringIncludes(stdout, summary);
  }
  for (const { name } of groups) assertStringIncludes(stdout, `\n  ${name} `);
});

Deno.test("names in the command table are those of the commands", async () => {
  const { commands, groups } = await loadAllCommands();
  assertEquals(
    commands.map(({ name }) => name),
    COMMANDS.map(({ name }) => name),
  );
  assertEquals(groups.map(({ name }) => name), GROUPS.map(({ name }) => name));
});

Deno.test("main --version and version agree", async () => {
  assertEquals((await runMain(["--version"])).stdout, `tracedeck ${VERSION}\n`);
  const { stdout } = await runMain(["version", "--json"]);
  assertEquals(JSON.parse(stdout).tracedeck, VERSION);
});

Deno.test("every command has help that names its options and examples", async () => {
  const all = await loadAllCommands();
  const commands = [
    ...all.commands.map((command) => ({ path: [command.name], command })),
    ...all.groups.flatMap((group) =>
      group.commands.map((command) => ({
        path: [group.name, command.name],
        command,
      }))
    ),
  ];
  for (const { path, command } of commands) {
    const { code, stdout, stderr } = await runMain([...path, "--help"]);
    assertEquals([code, stderr], [0, ""], path.join(" "));
    for (const { name, help } of command.options) {
      assertStringIncludes(stdout, name, path.join(" "));
      assertStringIncludes(stdout, help, path.join(" "));
    }
    for (const [line] of command.examples) {
      assertStringIncludes(stdout, `tracedeck ${line}`);
    }
  }
});

Deno.test("every system has help that lists its commands", async () => {
  for (const group of (await loadAllCommands()).groups) {
    const { code, stdout } = await runMain([group.name, "--help"]);
    assertEquals(code, 0);
    for (const { name, summary } of group.commands) {
      assertStringIncludes(stdout, name);
      assertStringIncludes(stdout, summary);
    }
  }
});

for (
  const [args, stderr] of [
    [
      ["evnets"],
      'error: Command "evnets" is unknown\nhint: did you mean events?\n',
    ],
    [
      ["version", "--jsn"],
      "error: Option --jsn is unknown\nhint: did you mean --json?\n",
    ],
    [["version", "x"], 'error: Argument "x" is too much\n'],
    [
      ["version", "json"],
      'error: Argument "json" is too much\nhint: did you mean --json?\n',
    ],
    [["info"], "error: Argument FILE is missing\n"],
    [
      ["events", "--limit", "0", "x"],
      "error: Cannot use 0 for --limit: smallest value is 1\n",
    ],
    [
      ["events", "--limit", "many", "x"],
      'error: Cannot use "many" for --limit: expected an integer\n',
    ],
    [
      ["events", "x", "--limit"],
      "error: Option --limit needs a value: stop after so many records\n",
    ],
    [
      ["events", "--format", "jsn", "x"],
      'error: Cannot use "jsn" for --format: choices are text, jsonl, csv\n',
    ],
    [
      ["events", "--json", "--format", "csv", "x"],
      "error: Options --json and --format exclude each other\n",
    ],
    [
      ["events", "--limit=1", "--limit=2", "x"],
      "error: Option --limit is given 2 times, once is allowed\n",
    ],
  ] as const
) {
  Deno.test(`main refuses "${args.join(" ")}"`, async () => {
    const result = await runMain(args);
    assertEquals([result.code, result.stdout, result.stderr], [2, "", stderr]);
  });
}

Deno.test("main tells what a file is not", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "PK\u0003\u0004");
    const { code, stderr } = await runMain(["info", path]);
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `error: Cannot tell the format of ${path}: it looks like a zip archive; unpack it first\n`,
    );
    await Deno.writeFile(path, new Uint8Array(0));
    assertStringIncludes((await runMain(["info", path])).stderr, "it is empty");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("main tells of missing files and folders", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const missing = await runMain(["info", `${folder}/none`]);
    assertEquals([missing.code, missing.stderr], [
      1,
      `error: Cannot open ${folder}/none: no such file\n`,
    ]);
    const isFolder = await runMain(["info", folder]);
    assertEquals([isFolder.code, isFolder.stderr], [
      2,
      `error: Cannot read ${folder}: it is a folder\nhint: name the files in it\n`,
    ]);
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("main refuses to read a capture from the terminal", async () => {
  const { code, stderr } = await runMain(["info", "-"], {
    terminals: ["stdin"],
  });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Cannot read a capture from the terminal");
});

Deno.test("main ends quietly when the reader of its output has gone", async () => {
  const { code, stderr } = await runMain(["--help"], {
    onStdout() {
      throw new Deno.errors.BrokenPipe("gone");
    },
  });
  assertEquals([code, stderr], [0, ""]);
});

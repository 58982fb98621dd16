// The compiled program, which `TRACEDECK_BINARY` names, does what the source does.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { VERSION } from "../../src/base/version.ts";
import { loadAllCommands } from "../../src/cli/command_table.ts";
import { walk } from "../../src/deps/fs.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { runDeno, type RunDenoResult } from "../support/run_deno.ts";

const BINARY = Deno.env.get("TRACEDECK_BINARY") ?? "";
const HAS_BINARY = requireThat(
  BINARY !== "",
  "TRACEDECK_BINARY names no compiled program",
);

/** What lies beside captures to explain and to make them. */
const NO_CAPTURE_REGEXP = /\.(?:c|cs|csproj|go|md|py|sh|ts)$/;

async function runBinary(...args: readonly string[]): Promise<RunDenoResult> {
  const { code, stdout, stderr } = await new Deno.Command(BINARY, {
    args: [...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

function runSource(...args: readonly string[]): Promise<RunDenoResult> {
  const withStd = join(REPOSITORY, "tests", "offline", "with_std.ts");
  return runDeno(
    ["run", "-A", withStd, "run", "-A", join(REPOSITORY, "cli.ts"), ...args],
    { cwd: REPOSITORY },
  );
}

async function findCaptures(): Promise<string[]> {
  const files = walk(join(REPOSITORY, "tests", "fixtures"), {
    includeDirs: false,
    skip: [NO_CAPTURE_REGEXP],
  });
  return (await Array.fromAsync(files, (entry) => entry.path)).toSorted();
}

testWith("The binary tells its version", [HAS_BINARY], async () => {
  const { code, stdout, stderr } = await runBinary("--version");
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, new RegExp(`\\b${RegExp.escape(VERSION)}\\b`));
});

testWith("The binary has every command", [HAS_BINARY], async () => {
  const all = await loadAllCommands();
  const commands = [
    ...all.commands.map(({ name }) => [name]),
    ...all.groups.flatMap((group) =>
      group.commands.map(({ name }) => [group.name, name])
    ),
  ];
  for (const words of commands) {
    const { code, stdout, stderr } = await runBinary(...words, "--help");
    assertEquals([words, code, stderr], [words, 0, ""]);
    assertMatch(stdout, new RegExp(`tracedeck ${words.join(" ")}`));
  }
});

testWith("The binary loads the code of every format that reads fixtures", [
  HAS_BINARY,
], async () => {
  let read = 0;
  for (const path of await findCaptures()) {
    const { code, stdout } = await runBinary("info", "--json", path);
    if (code === 0 || code === 3) {
      JSON.parse(stdout);
      read++;
    }
  }
  assert(read > 0, "no fixture was read");
});

testWith("The binary says of all fixtures what the source says", [
  HAS_BINARY,
], async () => {
  const captures = await findCaptures();
  const args = ["info", "--json", ...captures];
  const [binary, source] = [await runBinary(...args), await runSource(...args)];
  assertEquals(binary, source);
});

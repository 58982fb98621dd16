import { assertEquals, assertStringIncludes } from "@std/assert";
import { runMain } from "../support/memory_host.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

testWith("completions bash completes commands, options and choices in bash", [
  requirePeers("bash"),
], async () => {
  const { code, stdout } = await runMain(["completions", "bash"]);
  assertEquals(code, 0);
  async function complete(...words: string[]): Promise<string[]> {
    const script = `${stdout}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
_tracedeck
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const output = await new Deno.Command("bash", { args: ["-c", script] })
      .output();
    assertEquals(new TextDecoder().decode(output.stderr), "");
    return new TextDecoder().decode(output.stdout).trim().split("\n");
  }
  assertEquals(await complete("tracedeck", "conv"), ["convert"]);
  assertEquals(await complete("tracedeck", "events", "--form"), ["--format"]);
  assertEquals(await complete("tracedeck", "events", "--format", ""), [
    "text",
    "jsonl",
    "csv",
  ]);
  assertEquals(await complete("tracedeck", "version", "--js"), ["--json"]);
});

for (const shell of ["zsh", "fish"]) {
  Deno.test(`completions ${shell} names every option of a command`, async () => {
    const { code, stdout } = await runMain(["completions", shell]);
    assertEquals(code, 0);
    for (const word of ["events", "accept-damage", "jsonl", "verbose"]) {
      assertStringIncludes(stdout, word);
    }
  });
}

Deno.test("completions refuses other shells", async () => {
  const { code, stderr } = await runMain(["completions", "tcsh"]);
  assertEquals([code, stderr], [
    2,
    'error: Cannot complete for "tcsh": shells are bash, zsh, fish\n',
  ]);
});

// The command line runs from its address, from a folder that knows nothing of it.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VERSION } from "../../src/base/version.ts";
import { loadAllCommands } from "../../src/cli/command_table.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { serveFolder } from "../support/serve_folder.ts";
import { runRemotely } from "./_remote_deno.ts";

Deno.test("cli.ts runs from a URL", async () => {
  await using served = serveFolder(REPOSITORY);
  const { code, stdout, stderr } = await runRemotely(served, ["-A"], [
    `${served.url}cli.ts`,
    "version",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, `tracedeck ${VERSION} `);
});

Deno.test("cli.ts needs no permission to show help from a URL", async () => {
  await using served = serveFolder(REPOSITORY);
  const { code, stdout, stderr } = await runRemotely(served, [], [
    `${served.url}cli.ts`,
    "--help",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^Usage: tracedeck /m);
});

Deno.test("Every command can be loaded from a URL", async () => {
  await using served = serveFolder(REPOSITORY);
  const { commands, groups } = await loadAllCommands();
  const loads = [...commands, ...groups.flatMap((group) => group.commands)];
  const script = `
    const table = await import("${served.url}src/cli/command_table.ts");
    const { commands, groups } = await table.loadAllCommands();
    for (const command of [...commands, ...groups.flatMap((group) => group.commands)]) {
      const { run } = await command.load();
      console.log(typeof run);
    }
  `;
  const { code, stdout, stderr } = await runRemotely(served, ["-A"], [
    `data:text/javascript,${encodeURIComponent(script)}`,
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, "function\n".repeat(loads.length));
});

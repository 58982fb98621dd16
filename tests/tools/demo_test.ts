import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../support/file_url.ts";
import { runDeno } from "../support/run_deno.ts";
import { planDemo } from "./demo.ts";

Deno.test("The demo runs every command line of its plan", async () => {
  const args = denoJson.tasks.demo.command.split(" ").slice(1);
  const { code, stdout, stderr } = await runDeno(args, { cwd: REPOSITORY });
  assertEquals(code, 0, stderr);
  for (const commandLine of await planDemo()) {
    assertStringIncludes(stdout, `$ tracedeck ${commandLine.join(" ")}\n`);
  }
});

Deno.test("The demo names files of the repository alone", async () => {
  for (const [, path] of await planDemo()) {
    if (path === undefined) continue;
    assertEquals((await Deno.stat(join(REPOSITORY, path))).isFile, true);
  }
});

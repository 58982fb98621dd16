import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../support/file_url.ts";
import { runDeno } from "../support/run_deno.ts";
import { commandLine, DEMO_FILES, DEMO_FOLDER, DEMO_STEPS } from "./demo.ts";

Deno.test("The demo shows where the time goes and leaves its files", async () => {
  const args = denoJson.tasks.demo.command.split(" ").slice(1);
  const { code, stdout, stderr } = await runDeno(args, { cwd: REPOSITORY });
  assertEquals(code, 0, stderr);
  for (const step of DEMO_STEPS) {
    assertStringIncludes(stdout, `$ ${commandLine(step.args)}\n`);
  }
  assertStringIncludes(stdout, "Workload!Tracedeck.Workload.CpuWork.Inner(");
  assertStringIncludes(stdout, "|Inner");
  for (const [name] of DEMO_FILES) {
    const { size } = await Deno.stat(join(REPOSITORY, DEMO_FOLDER, name));
    assertEquals(size > 1000, true, name);
  }
});

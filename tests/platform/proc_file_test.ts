import { assert, assertEquals, assertThrows } from "@std/assert";
import { readProcFile, readProcText } from "../../src/platform/proc_file.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { runDeno } from "../support/run_deno.ts";
import { REPOSITORY } from "../support/file_url.ts";

const NEEDS = [requireThat(Deno.build.os === "linux", "needs /proc")];

testWith(
  "readProcFile reads files of unknown size, up to a limit",
  NEEDS,
  () => {
    assertEquals(readProcText("/proc/self/comm")?.trimEnd().length! > 0, true);
    const { bytes, truncated } = readProcFile("/proc/self/status", {
      maxBytes: 10,
    });
    assertEquals([bytes.length, truncated], [10, true]);
    assertEquals(readProcFile("/proc/self/comm").truncated, false);
  },
);

testWith("readProcFile tells what is not there from what is", NEEDS, () => {
  assertThrows(() => readProcFile("/proc/none"), Deno.errors.NotFound);
  assertEquals(readProcText("/proc/none"), undefined);
});

testWith(
  "readProcFile reads by the C library where Deno refuses",
  NEEDS,
  async () => {
    const script = `
    import { readProcFile } from "file://${REPOSITORY}/src/platform/proc_file.ts";
    const text = new TextDecoder().decode(readProcFile("/proc/self/status").bytes);
    console.log(text.startsWith("Name:"));
    try { readProcFile("/proc/none"); } catch (error) { console.log(error.name); }
  `;
    const args = ["run", "--ext=ts", "--allow-read=."];
    const run = async (...flags: string[]) => {
      const file = await Deno.makeTempFile({ suffix: ".ts" });
      try {
        await Deno.writeTextFile(file, script);
        return await runDeno([...args, ...flags, file]);
      } finally {
        await Deno.remove(file);
      }
    };
    const allowed = await run("--allow-ffi");
    assertEquals(allowed.stdout, "true\nNotFound\n");
    const refused = await run();
    assertEquals(refused.stdout, "");
    assert(refused.stderr.includes("NotCapable"), refused.stderr);
  },
);

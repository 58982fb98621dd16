import { assertEquals, assertStringIncludes } from "@std/assert";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const TRACE = `${REPOSITORY}/tests/fixtures/nettrace/workload.nettrace`;

testWith(
  "events shows what a live stream had so far, and Ctrl-C ends the wait for more",
  [
    requireThat(Deno.build.os !== "windows", "needs POSIX signals"),
  ],
  async () => {
    const map = Deno.env.get("TRACEDECK_STD") === "jsr"
      ? []
      : [`--import-map=${REPOSITORY}/tests/offline/import_map.json`];
    await using child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", "--no-lock", ...map],
        ...[`${REPOSITORY}/cli.ts`, "events", "-", "--json"],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const stdin = child.stdin.getWriter();
    // Too little output for a whole piece of it.
    await stdin.write((await Deno.readFile(TRACE)).subarray(0, 60_000));
    const reader = child.stdout.getReader();
    const first = await reader.read();
    assertStringIncludes(new TextDecoder().decode(first.value), '"timestamp"');
    // The stream neither goes on nor ends.
    child.kill("SIGINT");
    while (!(await reader.read()).done);
    const said = await new Response(child.stderr).text();
    assertEquals((await child.status).code, 130);
    assertStringIncludes(said, "interrupted");
    await stdin.abort().catch(() => {});
  },
);

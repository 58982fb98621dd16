import { assertEquals, assertStringIncludes } from "@std/assert";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import { REPOSITORY } from "../../support/file_url.ts";
import { requireThat, testWith } from "../../support/requirement.ts";
import { runDeno } from "../../support/run_deno.ts";

const NEEDS = [
  requireThat(Deno.build.os === "linux", "needs processes of Linux"),
];

testWith(
  "eventpipe ps lists what listens when processes cannot be looked into",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir();
    const socketOf = (pid: number) =>
      `${folder}/dotnet-diagnostic-${pid}-1-socket`;
    {
      await using _live = await DiagnosticServerDouble.listen(socketOf(71));
      const dead = await DiagnosticServerDouble.listen(socketOf(72));
      await dead.kill();
      const { code, stdout, stderr } = await runDeno([
        "run",
        "--no-check",
        "--no-prompt",
        "--no-lock",
        `--import-map=${REPOSITORY}/tests/offline/import_map.json`,
        "--allow-read",
        "--allow-write",
        "--allow-net",
        "--allow-env",
        `${REPOSITORY}/cli.ts`,
        "eventpipe",
        "ps",
        "--json",
      ], { env: { TMPDIR: folder } });
      assertEquals(code, 0, stderr);
      assertEquals(
        JSON.parse(stdout).map(({ pid }: { pid: number }) => pid),
        [71],
      );
      assertStringIncludes(stderr, "only processes with our own folder");
    }
    await Deno.remove(folder, { recursive: true });
  },
);

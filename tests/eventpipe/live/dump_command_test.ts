import { assertEquals, assertStringIncludes } from "@std/assert";
import { ownTempFolder } from "../../../src/eventpipe/ipc/default_port.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import { processTable } from "../../../src/platform/running_process.ts";
import { runMain } from "../../support/memory_host.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os === "linux", "needs processes of Linux"),
];

/** Has this process pretend to be one of .NET whose dump `spoil` spoils. */
async function dumpOfUs(spoil: (path: string) => void) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/core`;
  const key = processTable().startTicks(Deno.pid);
  const socket =
    `${ownTempFolder()}/dotnet-diagnostic-${Deno.pid}-${key}-socket`;
  try {
    await using _server = await DiagnosticServerDouble.listen(socket, {
      fault: () => ({
        edit: (reply) => {
          spoil(path);
          return reply;
        },
      }),
    });
    const pid = String(Deno.pid);
    return await runMain(["eventpipe", "dump", "-p", pid, "-o", path]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testWith("eventpipe dump looks at the file that it gets", NEEDS, async () => {
  const good = await dumpOfUs(() => {});
  assertEquals(good.code, 0, good.stderr);
  assertStringIncludes(good.stderr, "Complete (4 bytes)");
  const empty = await dumpOfUs((path) => Deno.truncateSync(path));
  assertEquals(empty.code, 1);
  assertStringIncludes(empty.stderr, "is empty");
  const absent = await dumpOfUs((path) => Deno.removeSync(path));
  assertEquals(absent.code, 1);
  assertStringIncludes(absent.stderr, "is not there");
});

import { assertEquals, assertRejects } from "@std/assert";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { ServerError } from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { HRESULT } from "../../../src/eventpipe/ipc/hresult_table.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { startWorkload } from "../../support/dotnet.ts";
import { requirePeers } from "../../support/peers.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

// Kept open for as long as the process runs; opened here, it is no test's leak.
if (Deno.build.os === "linux") openLibc();

testWith(
  "a runtime takes the descriptor of a session of user_events",
  [
    requirePeers("dotnet"),
    requireThat(Deno.build.os === "linux", "user_events are for Linux alone"),
  ],
  async () => {
    await using workload = await startWorkload(["idle", "--seconds", "60"]);
    // It says "bad encoding" when none comes, and cannot use this one.
    const error = await assertRejects(
      () =>
        DiagnosticClient.forPid(workload.pid).startUserEvents({
          providers: [{
            name: "Microsoft-Windows-DotNETRuntime",
            keywords: 1n,
            level: 4,
            tracepoints: { defaultName: "tracedeck_test", sets: [] },
          }],
        }, { dataPath: "/dev/null" }),
      ServerError,
    );
    assertEquals(error.hresult, HRESULT.fail);
  },
);

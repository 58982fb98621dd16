import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseCounterList } from "../../src/eventpipe/ipc/counter_request.ts";
import { DiagnosticClient } from "../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../src/eventpipe/ipc/server_double.ts";
import { watchCounters } from "../../src/eventpipe/watch_counters.ts";
import type { WatchCountersOptions } from "../../src/eventpipe/watch_counters.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];
const FEATURES = Deno.readFileSync(
  `${REPOSITORY}/tests/fixtures/nettrace/synthetic/v5-features.nettrace`,
);
const GUID_REGEXP = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Watches a double of a runtime; gives the names of values and the arguments that were sent. */
async function watch(
  runtime: string,
  clrVersion: string,
  options: WatchCountersOptions = {},
) {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await DiagnosticServerDouble.listen(`${folder}/s`, {
      runtime,
      info: { clrVersion },
      stream: { live: [FEATURES] },
    });
    const stop = new AbortController();
    const names: string[] = [];
    const batches = watchCounters(
      DiagnosticClient.forPort(`${server.path},connect`),
      parseCounterList("Shop,EventCounters\\Runtime"),
      { onStart: () => stop.abort(), stop: stop.signal, ...options },
    );
    for await (const { samples } of batches) {
      names.push(...samples.map(({ name }) => name));
    }
    const request = server.requests.find(({ type }) =>
      type === "collectTracing"
    );
    assert(request?.type === "collectTracing");
    const metrics = request.providers.find(({ name }) =>
      name === "System.Diagnostics.Metrics"
    );
    const session = /^SessionId=([^;]*);/.exec(metrics?.arguments ?? "")?.[1];
    return { names, session, rundown: request.rundownKeyword };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  "watchCounters shares a session from .NET 8 on",
  NEEDS,
  async () => {
    const shared = await watch("10", "10.0.1");
    assertEquals([shared.session, shared.rundown], ["SHARED", 0n]);
    for (const [runtime, version] of [["6", "6.0.36"], ["3.1", ""]] as const) {
      const { session } = await watch(runtime, version);
      assert(GUID_REGEXP.test(session!), session);
    }
  },
);

testWith(
  "watchCounters gives up on a signal before its session runs",
  NEEDS,
  async () => {
    const reason = new Error("enough");
    const error = await assertRejects(() =>
      watch("10", "10.0.1", { signal: AbortSignal.abort(reason) })
    );
    assertEquals(error, reason);
  },
);

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sumFunctions } from "../../../src/profile/function_totals.ts";
import { profileFromOtlp } from "../../../src/profile/profile_from_otlp.ts";
import { listenOtlp } from "../../../src/tracehandler/otlp_server.ts";
import type { ReceivedOtlp } from "../../../src/tracehandler/otlp_server.ts";
import { startWorkload } from "../../support/dotnet.ts";
import { runMain } from "../../support/memory_host.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

const DOTNET = [requirePeers("dotnet")];

/** A collector that keeps what comes. */
async function startCollector() {
  const received: ReceivedOtlp[] = [];
  const address = { hostname: "127.0.0.1", port: 0 };
  const server = await listenOtlp({
    http: address,
    grpc: address,
    onProfiles: (each) => void received.push(each),
  });
  return {
    received,
    http: `http://127.0.0.1:${server.httpAddress!.port}`,
    grpc: `grpc://127.0.0.1:${server.grpcAddress?.port}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

testWith(
  "eventpipe collect --live keeps sending named profiles",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    await using collector = await startCollector();
    for (const target of [collector.http, collector.grpc]) {
      collector.received.length = 0;
      const { code, stderr, stdout } = await runMain([
        ...["eventpipe", "collect", "-p", String(workload.pid)],
        ...["--live", `otlp=${target}`, "--live-period", "500ms"],
        ...["--duration", "2s"],
      ]);
      assertEquals([code, stdout], [0, ""], stderr);
      const { received } = collector;
      assert(received.length >= 4, stderr);
      assertStringIncludes(stderr, `sent ${received.length} profiles of `);
      const profile = profileFromOtlp(received.map(({ profiles }) => profiles));
      const valueType = profile.valueTypes.findIndex(({ type }) =>
        type === "wall"
      );
      const { functions } = sumFunctions(profile, { valueType });
      const inclusive = (name: string) =>
        functions.find((each) => each.name.includes(name))?.inclusive ?? 0;
      const outer = inclusive("CpuWork.Outer(");
      assert(outer > 1.5e9 && outer < 2.5e9, String(outer));
      const share = inclusive("CpuWork.Inner(") / outer;
      assert(share > 0.3 && share < 0.45, String(share));
      assertEquals(profile.threads[0]?.pid, workload.pid);
      const { attributes } = received[0]!.profiles.resourceProfiles[0]!;
      const service = attributes.find(({ key }) => key === "service.name");
      assertEquals(service?.value, { type: "string", value: "Workload" });
    }
  },
);

testWith(
  "eventpipe collect --live ends with its process and at Ctrl-C",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    await using collector = await startCollector();
    const args = [
      ...["eventpipe", "collect", "-p", String(workload.pid)],
      ...["--live", `otlp=${collector.http}`, "--live-period", "200ms"],
    ];
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(), 700);
    const stopped = await runMain(args, { signal: interruption.signal });
    assertEquals(stopped.code, 0, stopped.stderr);
    assert(collector.received.length > 1);
    setTimeout(() => workload.kill("SIGKILL"), 700);
    const killed = await runMain(args);
    assertEquals(killed.code, 0, killed.stderr);
    assertStringIncludes(killed.stderr, "the process has ended");
  },
);

testWith(
  "eventpipe collect --live counts what a collector does not take",
  DOTNET,
  async () => {
    await using workload = await startWorkload(["cpu", "--seconds", "60"]);
    let status = 400;
    let count = 0;
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        await request.body?.cancel();
        // The first is taken.
        return new Response(null, { status: count++ === 0 ? 200 : status });
      },
    );
    const args = [
      ...["eventpipe", "collect", "-p", String(workload.pid)],
      ...["--live", `otlp=http://127.0.0.1:${server.addr.port}`],
      ...["--live-period", "100ms"],
    ];
    const refused = await runMain([...args, "--duration", "1s"]);
    assertEquals(refused.code, 3, refused.stderr);
    assertStringIncludes(refused.stderr, "lost: refused or given up");
    status = 503;
    const busy = await runMain([...args, "--duration", "2s"]);
    assertEquals(busy.code, 1, busy.stderr);
    assertStringIncludes(
      busy.stderr,
      "lost: dropped because the queue was full",
    );
    assertStringIncludes(busy.stderr, "exports were not sent before the end");
    // The same words are not repeated.
    assertEquals(busy.stderr.split("next attempt in").length, 2, busy.stderr);
  },
);

Deno.test("eventpipe collect --live refuses what it cannot use", async () => {
  const cases = [
    [["--live", "kafka=x"], "expected otlp=URL"],
    [["--live", "otlp"], "neither --endpoint nor OTEL_EXPORTER_OTLP_ENDPOINT"],
    [["--live", "otlp=localhost:4318"], "it has no scheme"],
    [["--live", "otlp=http://localhost:4318", "-o", "x"], "exclude each other"],
    [
      ["--live", "otlp=http://localhost:4318", "--profile", "gc-collect"],
      "exclude each other",
    ],
  ] as const;
  for (const [args, message] of cases) {
    const { code, stderr } = await runMain([
      ...["eventpipe", "collect", "-p", "1"],
      ...args,
    ]);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, message);
  }
  const without = [["--header", "a=b"], ["--live-period", "1s"]] as const;
  for (const [name, value] of without) {
    const { code, stderr } = await runMain([
      ...["eventpipe", "collect", "-p", "1", name, value],
    ]);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, `${name} goes with --live`);
  }
});

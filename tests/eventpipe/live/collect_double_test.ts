import { assertEquals, assertStringIncludes } from "@std/assert";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import type { DiagnosticServerDoubleOptions } from "../../../src/eventpipe/ipc/server_double.ts";
import { REPOSITORY } from "../../support/file_url.ts";
import { runMain } from "../../support/memory_host.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];
const FIXTURES = `${REPOSITORY}/tests/fixtures/nettrace`;
const EVENTS = Deno.readFileSync(`${FIXTURES}/events.nettrace`);
const LOSSY = Deno.readFileSync(
  `${FIXTURES}/synthetic/v5-features.nettrace`,
);

/** Runs `eventpipe collect` on a double; `content` is what the file has then. */
async function collect(
  double: DiagnosticServerDoubleOptions,
  ...args: readonly string[]
) {
  const folder = await Deno.makeTempDir();
  try {
    await using server = await DiagnosticServerDouble.listen(
      `${folder}/s`,
      double,
    );
    const path = `${folder}/t.nettrace`;
    const result = await runMain([
      ...[
        "eventpipe",
        "collect",
        "--diagnostic-port",
        `${server.path},connect`,
      ],
      ...["-o", path, "--duration", "50ms", ...args],
    ]);
    const content = await Deno.readFile(path).catch(() => undefined);
    return { ...result, content, requests: server.requests };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

testWith(
  "eventpipe collect says what it records and ends with 0",
  NEEDS,
  async () => {
    const { code, stderr, content, requests } = await collect(
      { stream: { live: [EVENTS] } },
      ...["--providers", "A:1F:5", "--clrevents", "gc"],
    );
    assertEquals(code, 0, stderr);
    assertEquals(content, EVENTS);
    assertStringIncludes(
      stderr,
      [
        "Provider Name                           Keywords            Level               Enabled By",
        "A                                       0x000000000000001F  Verbose(5)          --providers",
        "Microsoft-Windows-DotNETRuntime         0x0000000000000001  Informational(4)    --clrevents",
      ].join("\n"),
    );
    assertStringIncludes(stderr, "Duration    : 00:00:00:00");
    assertEquals(requests.map(({ type }) => type), [
      "collectTracing",
      "resumeRuntime",
      "stopTracing",
    ]);
  },
);

testWith(
  "eventpipe collect ends with 3 when events were dropped",
  NEEDS,
  async () => {
    const { code, stderr, content } = await collect({
      stream: { live: [LOSSY] },
    });
    assertEquals([code, content], [3, LOSSY]);
    assertStringIncludes(stderr, "the runtime dropped 2 events");
  },
);

testWith(
  "eventpipe collect ends with 3 when the trace has no end",
  NEEDS,
  async () => {
    const cut = EVENTS.subarray(0, EVENTS.length / 2);
    const { code, stderr, content } = await collect({
      stream: { live: [cut] },
    });
    assertEquals([code, content], [3, cut]);
    assertStringIncludes(stderr, "the trace has no end");
  },
);

testWith(
  "eventpipe collect keeps what is no trace and ends with 3",
  NEEDS,
  async () => {
    const live = [
      new TextEncoder().encode("no trace, whatever it may be else"),
    ];
    const { code, stderr, content } = await collect({ stream: { live } });
    assertEquals([code, content], [3, live[0]]);
    assertStringIncludes(stderr, "stream looks like text");
  },
);

testWith("eventpipe collect says which runtime it needs", NEEDS, async () => {
  const block = await collect({ runtime: "10" }, "--buffering-mode", "block");
  assertEquals([block.code, block.requests.length], [1, 0]);
  assertStringIncludes(block.stderr, "needs .NET 11");
  const bare = await collect({ runtime: "8" }, "--no-stacks");
  assertEquals(bare.code, 1);
  assertStringIncludes(bare.stderr, "needs .NET 9");
  // Presets of garbage collections do without their rundown.
  const gc = await collect(
    { runtime: "8", stream: { live: [EVENTS] } },
    ...["--profile", "gc-collect"],
  );
  assertEquals(gc.code, 0, gc.stderr);
  assertStringIncludes(gc.stderr, "the runtime cannot choose its rundown");
});

testWith(
  "eventpipe collect leaves a waiting runtime alone if it shall",
  NEEDS,
  async () => {
    const { code, requests } = await collect(
      { stream: { live: [EVENTS] }, suspended: true },
      ...["--resume-runtime", "false"],
    );
    assertEquals(code, 0);
    assertEquals(requests.some(({ type }) => type === "resumeRuntime"), false);
  },
);

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

testWith(
  "eventpipe collect lets other runtimes go on that dial to its port",
  NEEDS,
  async () => {
    const folder = await Deno.makeTempDir();
    const port = `${folder}/port`;
    const recording = runMain([
      ...["eventpipe", "collect", "--diagnostic-port", port],
      ...["-o", `${folder}/t.nettrace`],
    ]);
    {
      await using first = DiagnosticServerDouble.dial(port, {
        suspended: true,
        stream: { live: [EVENTS] },
      });
      await until(() => first.sessionCount > 0);
      await using second = DiagnosticServerDouble.dial(port, {
        info: {
          runtimeCookie: "223e4567-e89b-12d3-a456-426614174000",
          processId: 77n,
        },
        suspended: true,
      });
      await until(() => !first.isSuspended && !second.isSuspended);
      await first.close();
      const { code, stderr } = await recording;
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "process 77 dials too");
    }
    await Deno.remove(folder, { recursive: true });
  },
);

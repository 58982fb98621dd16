import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { REPOSITORY } from "../support/file_url.ts";
import { runMain } from "../support/memory_host.ts";
import {
  OWN_CAPTURES,
  type OwnCapture,
  ownCapture,
} from "../support/nettrace_captures.ts";
import {
  type NettraceRecords,
  recordNettrace,
} from "../support/nettrace_records.ts";

function pathOf(name: OwnCapture): string {
  return `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES[name]}`;
}

async function convert(...args: string[]): Promise<NettraceRecords> {
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-rewrite-" });
  try {
    const output = `${folder}/out.nettrace`;
    const { code, stderr } = await runMain([
      "convert",
      ...args,
      "-o",
      output,
      "--quiet",
    ]);
    assertEquals(code, 0, stderr);
    const records = recordNettrace(await Deno.readFile(output));
    assertEquals([records.error, records.stats], [undefined, []]);
    return records;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("convert copies a trace when nothing is selected", async () => {
  const { events, header } = await convert(pathOf("jit"));
  assertEquals(header?.version, 4);
  assertEquals(events.length, 698);
});

Deno.test("convert writes the version that is asked for", async () => {
  for (const version of [4, 6]) {
    const { header } = await convert(
      pathOf("events"),
      "--nettrace-version",
      String(version),
    );
    assertEquals(header?.version, version);
  }
});

Deno.test("convert keeps the selected events of a trace and what names code", async () => {
  const args = [pathOf("jit"), "--provider", "*SampleProfiler"];
  const { events } = await convert(...args);
  const others = events.filter(({ metadata }) =>
    metadata.providerName !== "Microsoft-DotNETCore-SampleProfiler"
  );
  assertEquals(events.length - others.length, 490);
  assert(others.some(({ metadata }) => metadata.eventId === 143));
  const bare = await convert(...args, "--drop-symbols");
  assertEquals(bare.events.length, 490);
});

Deno.test("convert selects events of a trace by name, thread and time", async () => {
  const all = recordNettrace(ownCapture("events"), { order: "time" }).events;
  const ticks = all.filter(({ metadata }) => metadata.eventName === "Tick");
  const [first] = ticks;
  const select = (...args: string[]) =>
    convert(pathOf("events"), "--drop-symbols", "--name", "tick", ...args);
  assertEquals((await select()).events.length, 100);
  assertEquals(
    (await select("--tid", String(first!.threadId))).events.length,
    50,
  );
  const bound = ticks[40]!.time;
  const early = await select("--until", `${bound}ns`);
  assertEquals(
    early.events.length,
    ticks.filter(({ time }) => time < bound).length,
  );
});

Deno.test("convert merges traces of two processes into one that keeps them apart", async () => {
  const { events, header } = await convert(pathOf("events"), pathOf("jit"));
  assertEquals(header?.version, 6);
  const counts: Record<number, number> = {};
  for (const { processId } of events) {
    counts[processId!] = (counts[processId!] ?? 0) + 1;
  }
  assertEquals(counts, { 12738: 698, 13583: 116 });
});

Deno.test("convert says what a damaged trace lacks and keeps the rest", async () => {
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-rewrite-" });
  try {
    const input = `${folder}/cut.nettrace`;
    await Deno.writeFile(input, ownCapture("jit").subarray(0, -100));
    const output = `${folder}/out.nettrace`;
    const { code, stderr } = await runMain(["convert", input, "-o", output]);
    assertEquals(code, 3);
    assertStringIncludes(
      stderr,
      "cut.nettrace: nettrace truncated: at byte 51465, Cannot read nettrace EventBlock",
    );
    const { events, outcome } = recordNettrace(await Deno.readFile(output));
    assertEquals(outcome?.type, "complete");
    assert(events.length > 100);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import { assert, assertEquals } from "@std/assert";
import { activityPath } from "../../../src/eventpipe/nettrace/activity_path.ts";
import { decodeNettrace } from "../../../src/eventpipe/nettrace/decode_nettrace.ts";
import { displayName } from "../../../src/eventpipe/nettrace/display_name.ts";
import { NettraceClock } from "../../../src/eventpipe/nettrace/nettrace_time.ts";
import { PayloadReaders } from "../../../src/eventpipe/nettrace/payload_reader.ts";
import type { NettraceHeader } from "../../../src/eventpipe/nettrace/types.ts";
import {
  SHARED_CAPTURES,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";

// What TraceEvent prints of these files: one line per kind of event with its
// count and the first event as XML, cut after 1000 characters.

const WITH_BASELINE = [
  "objver2",
  "v3Linux",
  "v3Windows",
  "traceLogging",
  "objver4",
  "executionCheckpoints",
] as const satisfies readonly SharedCapture[];

/** Kinds that the files have and the texts leave out. */
const LEFT_OUT = new Set([
  "Microsoft-Windows-DotNETRuntimeRundown/Method/DCStopVerbose",
  "Microsoft-Windows-DotNETRuntimeRundown/Method/ILToNativeMapDCStop",
  "Microsoft-Windows-DotNETRuntime/Method/ILToNativeMap",
]);

/** Kinds that the texts know by their task only. */
const TASK_ONLY = new Map([
  ["GC/IncreaseMemoryPressure", "GC"],
  ["GC/DecreaseMemoryPressure", "GC"],
]);

/** Attributes about the event rather than of its payload. */
const EVENT_ATTRIBUTES = new Set([
  "MSec",
  "PID",
  "PName",
  "TID",
  "ActivityID",
  "EventName",
  "ProviderName",
  "FormattedMessage",
]);

/** Attributes that TraceEvent derives from others, names otherwise or words itself. */
const DERIVED_ATTRIBUTES = new Set([
  "TotalPromoted",
  "TotalHeapSize",
  "OptimizationTier",
  "CompactMechanisms",
  "ExpandMechanisms",
  // A number of a few bits whose name TraceEvent knows.
  "Behavior",
  "ContinuationId",
]);

/** What a field that an older version does not have is shown as. */
const NOTHING_REGEXP = /^(0|0x0+|None|Unknown|[0-]+|)$/;

interface BaselineLine {
  readonly name: string;
  readonly count: number;
  readonly xml: string;
}

interface FirstEvent {
  readonly ms: string;
  readonly processId: number;
  readonly threadId: number;
  readonly activity: string | undefined;
  readonly numbers: Readonly<Record<string, unknown>>;
  readonly names: Readonly<Record<string, unknown>>;
}

function readBaseline(capture: SharedCapture): BaselineLine[] {
  const path = sharedData(baselinePath(capture))!;
  return Deno.readTextFileSync(path).replace(/^\ufeff/, "").split(/\r?\n/)
    .filter((line) => line !== "").map((line) => {
      const [, name, count, xml] = /^(.+?), (\d+), (.*)$/.exec(line)!;
      return { name: name!, count: Number(count), xml: xml! };
    });
}

function baselinePath(capture: SharedCapture): string {
  return SHARED_CAPTURES[capture].replace(/\.gz$/, "") + ".baseline.txt";
}

/** Attributes of the first tag, and those of the tags within it that are whole. */
function parseXml(xml: string): {
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly ReadonlyMap<string, string>[];
} {
  const tags = xml.match(/<\w+ [^>]*>/g) ?? [`${xml}`];
  const [first, ...children] = tags.map((tag) =>
    new Map(
      [...tag.matchAll(/ (\w*)= *"([^"]*)"/g)].map((match) =>
        [match[1]!, unescapeXml(match[2]!)] as const
      ),
    )
  );
  return { attributes: first!, children };
}

function unescapeXml(text: string): string {
  return text.replaceAll("&quot;", '"').replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function isEqualText(text: string, number: unknown, name: unknown): boolean {
  if (typeof number === "string") return text === number;
  if (typeof number === "boolean") {
    return text === (number ? "True" : "False");
  }
  if (typeof name === "string" && typeof number === "number") {
    // What is shown as a number has no name in the texts.
    return text === name || isEqualNumber(text, number);
  }
  return isEqualNumber(text, number as number | bigint);
}

function isEqualNumber(text: string, value: number | bigint): boolean {
  if (/^0x[0-9A-F]+$/.test(text)) {
    return BigInt(text) === BigInt.asUintN(64, BigInt(value));
  }
  const plain = text.replaceAll(",", "");
  if (/^-?\d+$/.test(plain)) {
    const expected = BigInt(plain);
    const bits = typeof value === "bigint" ? 64 : 32;
    return Number.isInteger(Number(value)) &&
      BigInt.asUintN(bits, expected) === BigInt.asUintN(bits, BigInt(value));
  }
  // 15 digits, as .NET Framework shows a double.
  return Number(plain) === Number(Number(value).toPrecision(15));
}

function collect(bytes: Uint8Array) {
  const counts = new Map<string, number>();
  const first = new Map<string, FirstEvent>();
  let header: NettraceHeader;
  let clock: NettraceClock;
  let readers: PayloadReaders;
  decodeNettrace(bytes, {
    onHeader: (found) => {
      header = found;
      clock = new NettraceClock(found);
      readers = new PayloadReaders(found.pointerSize);
    },
    onEvent: (event) => {
      const { providerName } = event.metadata;
      const shown = displayName(event.metadata, event.opcode);
      const name = `${providerName}/${TASK_ONLY.get(shown) ?? shown}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (first.has(name)) return;
      const reader = readers.of(event);
      const { fields, faults, extraBytes } = reader.read(event);
      assertEquals([name, faults, extraBytes], [name, [], 0]);
      first.set(name, {
        ms: clock.compatibleMs(event.time).toFixed(4),
        processId: header.processId!,
        threadId: event.threadId,
        activity: event.activityId,
        numbers: fields,
        names: reader.read(event, { useValueNames: true }).fields,
      });
    },
  }, { order: "time" });
  return { counts, first };
}

function checkEvent(line: BaselineLine, event: FirstEvent): number {
  const { attributes, children } = parseXml(line.xml);
  const { name } = line;
  assertEquals([name, attributes.get("MSec")?.trim()], [name, event.ms]);
  assertEquals([name, attributes.get("TID")], [name, String(event.threadId)]);
  assertEquals([name, attributes.get("PID")], [name, String(event.processId)]);
  assertEquals(
    [name, attributes.get("ActivityID")],
    [name, event.activity?.replaceAll("-", "")],
  );
  let compared = 0;
  for (const [key, text] of attributes) {
    if (EVENT_ATTRIBUTES.has(key) || DERIVED_ATTRIBUTES.has(key)) continue;
    if (key === "") {
      assertEquals(JSON.parse(text), event.numbers);
      compared++;
      continue;
    }
    const value = event.numbers[key];
    if (value === undefined) {
      assert(NOTHING_REGEXP.test(text), `${name} has no field ${key}: ${text}`);
      continue;
    }
    // The tier is part of the flags here, a field of its own there.
    const tier = attributes.get("OptimizationTier") ?? "Unknown";
    const shown = key === "MethodFlags" && tier !== "Unknown"
      ? `${text}, ${tier}`
      : text;
    assert(
      isEqualText(shown, value, event.names[key]),
      `${name} ${key}: ${text}, found ${value} (${event.names[key]})`,
    );
    compared++;
  }
  const { Values } = event.numbers;
  if (Array.isArray(Values) && line.xml.includes("<GCBulk")) {
    children.forEach((child, index) => {
      for (const [key, text] of child) {
        assert(isEqualText(text, Values[index][key], undefined));
        compared++;
      }
    });
  }
  return compared;
}

for (const capture of WITH_BASELINE) {
  testWith(
    `displayName and PayloadReader agree with TraceEvent on ${capture}`,
    [requireSharedData(SHARED_CAPTURES[capture], baselinePath(capture))],
    async () => {
      const { counts, first } = collect(await sharedCapture(capture));
      const lines = readBaseline(capture);
      assertEquals(
        [...counts].filter(([name]) => !LEFT_OUT.has(name)).sort(),
        lines.map(({ name, count }) => [name, count] as const).sort(),
      );
      let compared = 0;
      for (const line of lines) {
        compared += checkEvent(line, first.get(line.name)!);
      }
      assert(compared > 0);
    },
  );
}

testWith(
  "activityPath finds the path in an activity id of objver2",
  [requireSharedData(SHARED_CAPTURES.objver2, baselinePath("objver2"))],
  () => {
    const line = readBaseline("objver2").find(({ name }) =>
      name === "TestEventSource/Request/Start"
    )!;
    const id = parseXml(line.xml).attributes.get("ActivityID")!;
    const guid = id.replace(
      /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
      "$1-$2-$3-$4-$5",
    );
    assertEquals(activityPath(guid, 12_675), "/#12675/1/1/");
  },
);

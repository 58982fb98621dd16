/**
 * Writes `src/eventpipe/nettrace/clr_event_table.ts` from the payload schemas of
 * the runtime's native providers in `../shared/data/nettrace/clr-events.json`.
 *
 * ```sh
 * deno run -A tests/tools/generate_clr_event_table.ts
 * ```
 *
 * The task and opcode names are not in that file; they are given here, as are a
 * few values that newer runtimes added to its enumerations.
 */
import { fromFileUrl } from "../support/file_url.ts";
import { sharedData } from "../support/shared_data.ts";

interface Field {
  n: string;
  t: string;
  count?: number | string;
  map?: string;
  f?: Field[];
}

interface EventSchema {
  id: number;
  v: number;
  name: string;
  op: number | null;
  f: Field[];
}

interface Provider {
  keywords: Record<string, string>;
  maps: Record<string, { flags: boolean; values: Record<string, string> }>;
  events: EventSchema[];
}

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const RUNDOWN = `${RUNTIME}Rundown`;

/** Maps of fields that the file leaves without one, by event and field. */
const MORE_FIELD_MAPS: Record<string, string> = {
  "GCAllocationTick.AllocationKind": "GCAllocationKindMap",
  "AllocationSampled.AllocationKind": "GCAllocationKindMap",
  "ContentionStart.ContentionFlags": "ContentionFlagsMap",
  "ContentionStop.ContentionFlags": "ContentionFlagsMap",
  "GCGlobalHeapHistory.Reason": "GCReasonMap",
  "GCGlobalHeapHistory.GlobalMechanisms": "GCGlobalMechanismsMap",
  "JitInstrumentationData.MethodFlags": "MethodFlagsMap",
};

/** Enumerations beyond the file's, by provider. */
const MORE_MAPS: Record<string, Provider["maps"]> = {
  [RUNTIME]: {
    GCGlobalMechanismsMap: {
      flags: true,
      values: {
        1: "Concurrent",
        2: "Compaction",
        4: "Promotion",
        8: "Demotion",
        16: "CardBundles",
      },
    },
  },
};

/** Values beyond the file's, by map. */
const MORE_VALUES: Record<string, Record<string, string>> = {
  AssemblyFlagsMap: { 0x10: "ReadyToRun" },
  ModuleFlagsMap: {
    0x10: "IbcOptimized",
    0x20: "ReadyToRunModule",
    0x40: "PartialReadyToRunModule",
  },
  MethodFlagsMap: {
    0x10: "JitHelper",
    0x20: "ProfilerRejectedPrecompiledCode",
    0x40: "ReadyToRunRejectedPrecompiledCode",
    ...maskedValues(0x380, 7, [
      "MinOptJitted",
      "Optimized",
      "QuickJitted",
      "OptimizedTier1",
      "OptimizedTier1OSR",
      "QuickJittedInstrumented",
      "OptimizedTier1Instrumented",
    ]),
    ...maskedValues(0xf000_0000, 28, ["ColdSection"]),
  },
  ThreadAdjustmentReasonMap: { 8: "CooperativeBlocking" },
};

/** Keywords beyond the file's. */
const MORE_KEYWORDS: Record<string, Record<string, string>> = {
  [RUNTIME]: {
    Compilation: "0x1000000000",
    CompilationDiagnostic: "0x2000000000",
    MethodDiagnostic: "0x4000000000",
    TypeDiagnostic: "0x8000000000",
    AllocationSampling: "0x80000000000",
  },
};

/** Task and opcode where the rules of `displayName` do not give them. */
const DISPLAY_NAMES: Record<string, Record<number, string>> = {
  [RUNTIME]: {
    15: "Type/BulkType",
    20: "GC/SampledObjectAllocation",
    28: "GC/MarkCards",
    29: "GC/FinalizeObject",
    30: "GC/SetGCHandle",
    31: "GC/DestroyGCHandle",
    32: "GC/SampledObjectAllocation",
    33: "GC/PinObjectAtGCTime",
    40: "WorkerThreadCreation/Start",
    41: "WorkerThreadCreation/Stop",
    42: "WorkerThreadRetirement/Start",
    43: "WorkerThreadRetirement/Stop",
    44: "IOThreadCreation/Start",
    45: "IOThreadCreation/Stop",
    46: "IOThreadRetirement/Start",
    47: "IOThreadRetirement/Stop",
    48: "ThreadpoolSuspension/Start",
    49: "ThreadpoolSuspension/Stop",
    60: "ThreadPoolWorkingThreadCount/Start",
    63: "ThreadPool/IOEnqueue",
    64: "ThreadPool/IODequeue",
    65: "ThreadPool/IOPack",
    70: "Thread/Creating",
    71: "Thread/Running",
    72: "Method/MethodDetails",
    80: "Exception/Start",
    81: "Contention/Start",
    82: "ClrStack/Walk",
    83: "AppDomainResourceManagement/MemAllocated",
    84: "AppDomainResourceManagement/MemSurvived",
    85: "AppDomainResourceManagement/ThreadCreated",
    86: "AppDomainResourceManagement/ThreadTerminated",
    87: "AppDomainResourceManagement/DomainEnter",
    88: "ILStub/StubGenerated",
    89: "ILStub/StubCacheHit",
    146: "Method/MemoryAllocatedForJitCode",
    158: "ClrPerfTrack/ModuleRangeLoad",
    159: "Method/R2RGetEntryPoint",
    160: "Method/R2RGetEntryPointStart",
    187: "Runtime/Start",
    200: "GC/IncreaseMemoryPressure",
    201: "GC/DecreaseMemoryPressure",
    206: "GC/GenAwareStart",
    207: "GC/GenAwareStop",
    240: "DebugIPCEvent/Start",
    241: "DebugIPCEvent/Stop",
    242: "DebugExceptionProcessing/Start",
    243: "DebugExceptionProcessing/Stop",
    256: "Exception/Stop",
    260: "CodeSymbols/Start",
    292: "AssemblyLoader/ResolutionAttempted",
    290: "AssemblyLoader/Start",
    291: "AssemblyLoader/Stop",
    293: "AssemblyLoader/AssemblyLoadContextResolvingHandlerInvoked",
    294: "AssemblyLoader/AppDomainAssemblyResolveHandlerInvoked",
    295: "AssemblyLoader/AssemblyLoadFromResolveHandlerInvoked",
    296: "AssemblyLoader/KnownPathProbed",
    300: "ExecutionCheckpoint/ExecutionCheckpoint",
    303: "GC/AllocationSampled",
  },
  [RUNDOWN]: {
    0: "ClrStack/WalkDCStart",
    10: "GC/SettingsRundown",
    149: "Method/ILToNativeMapDCStart",
    150: "Method/ILToNativeMapDCStop",
    159: "Loader/ThreadDCStop",
    160: "ClrPerfTrack/ModuleRangeDCStart",
    161: "ClrPerfTrack/ModuleRangeDCStop",
    187: "Runtime/DCStart",
    280: "TieredCompilationRundown/SettingsDCStart",
    300: "ExecutionCheckpointRundown/ExecutionCheckpointDCEnd",
  },
  [`${RUNTIME}Stress`]: { 0: "StressLog/Start", 1: "ClrStack/Walk" },
  [`${RUNTIME}Private`]: {
    151: "ClrStack/Walk",
    158: "ClrPerfTrack/ModuleRangeLoad",
    192: "GC/FinalizeObject",
    193: "GC/CCWRefCountChange",
    194: "GC/SetGCHandle",
    195: "GC/DestroyGCHandle",
    199: "GC/PinPlugAtGCTime",
    201: "MulticoreJit/Common",
    202: "MulticoreJit/MethodCodeReturned",
    310: "LoaderHeap/AllocRequest",
  },
};

/** Tasks by the beginning of an event's name, the longest first. */
const TASK_PREFIXES: [prefix: string, task: string][] = [
  ["ThreadPoolWorkerThreadAdjustment", "ThreadPoolWorkerThreadAdjustment"],
  ["ThreadPoolWorkerThreadRetirement", "ThreadPoolWorkerThreadRetirement"],
  ["ThreadPoolWorkerThread", "ThreadPoolWorkerThread"],
  ["AuthenticodeVerification", "AuthenticodeVerification"],
  ["StrongNameVerification", "StrongNameVerification"],
  ["TieredCompilation", "TieredCompilation"],
  ["ExceptionFinally", "ExceptionFinally"],
  ["ExceptionFilter", "ExceptionFilter"],
  ["ExceptionCatch", "ExceptionCatch"],
  ["WaitHandleWait", "WaitHandleWait"],
  ["ThreadPool", "ThreadPool"],
  ["Contention", "Contention"],
  ["MethodJit", "Method"],
  ["TypeLoad", "TypeLoad"],
  ["Method", "Method"],
  ["PrvGC", "GC"],
  ["GC", "GC"],
];

/** Names of the values from 1 on of some bits, with the mask in front. */
function maskedValues(
  mask: number,
  shift: number,
  names: string[],
): Record<string, string> {
  return Object.fromEntries(
    names.map((name, index) => [`${mask}/${(index + 1) * 2 ** shift}`, name]),
  );
}

function displayName(provider: string, event: EventSchema): string {
  const given = DISPLAY_NAMES[provider]?.[event.id];
  if (given !== undefined) return given;
  const { name } = event;
  const opcode = (text: string) =>
    text.replace(/End(?=$|V2|Verbose|Complete|Init)/, "Stop")
      .replace(/Begin$/, "Start");
  if (/^BGC/.test(name)) return `GC/${opcode(name)}`;
  if (/^MethodJitting/.test(name)) return "Method/JittingStarted";
  if (/^(Domain)?Module(?!Tr|Range)|^Assembly|^AppDomain/.test(name)) {
    return `Loader/${opcode(name)}`;
  }
  if (/^DC(Start|End)/.test(name)) return `Method/${opcode(name)}`;
  if (!/TransparencyComputation/.test(name)) {
    for (const [prefix, task] of TASK_PREFIXES) {
      if (name.startsWith(prefix) && name !== prefix) {
        return `${task}/${opcode(name.slice(prefix.length))}`;
      }
    }
  }
  const match = /^(.*?)(Start|Stop|End)$/.exec(name);
  if (match === null || match[1] === "") return name;
  return `${match[1]}/${opcode(match[2]!)}`;
}

function fieldText({ n, t, count, map, f }: Field): string {
  const type = t === "struct" ? `{${f!.map(fieldText).join(",")}}` : t;
  return `${n}:${type}${map === undefined ? "" : `@${map}`}${
    count === undefined ? "" : `*${count}`
  }`;
}

function eventLine(
  provider: string,
  event: EventSchema,
  before: EventSchema | undefined,
): string {
  let fields = event.f.map(fieldText).join(",");
  const { id, v } = event;
  if (before?.id === id) {
    const known = before.f.map(fieldText).join(",");
    if (fields === known) fields = "+";
    else if (known !== "" && fields.startsWith(`${known},`)) {
      fields = `+${fields.slice(known.length + 1)}`;
    }
  }
  const display = displayName(provider, event);
  return [
    `E ${id} ${v} ${event.name}`,
    display === event.name ? "=" : display,
    event.op ?? "-",
    fields === "" ? "-" : fields,
  ].join(" ");
}

/**
 * @param json Text of `clr-events.json`.
 * @returns Text of the module.
 */
export function generateClrEventTable(json: string): string {
  const providers: Record<string, Provider> = JSON.parse(json);
  for (const [name, provider] of Object.entries(providers)) {
    Object.assign(provider.maps, MORE_MAPS[name]);
    for (const event of provider.events) {
      for (const field of event.f) {
        const map = MORE_FIELD_MAPS[`${event.name}.${field.n}`];
        // The private provider has an event of the same name without the map.
        if (map !== undefined && map in provider.maps) field.map = map;
      }
    }
  }
  const lines: string[] = [];
  for (const [name, { keywords, maps, events }] of Object.entries(providers)) {
    lines.push(`P ${name}`);
    const words = { ...keywords, ...MORE_KEYWORDS[name] };
    lines.push(`K ${pairsText(words)}`);
    const used = new Set(JSON.stringify(events).match(/(?<="map":")\w+/g));
    for (const [map, { flags, values }] of Object.entries(maps)) {
      if (!used.has(map)) continue;
      const all = { ...values, ...MORE_VALUES[map] };
      lines.push(`M ${map} ${flags ? "flags" : "values"} ${pairsText(all)}`);
    }
    const sorted = events.toSorted((a, b) => a.id - b.id || a.v - b.v);
    sorted.forEach((event, index) =>
      lines.push(eventLine(name, event, sorted[index - 1]))
    );
  }
  return `// Written by tests/tools/generate_clr_event_table.ts; not edited by hand.

/**
 * Payload schemas of the runtime's native providers, one line per fact:
 *
 * - \`P provider\`: what follows belongs to it
 * - \`K word=mask,…\`: keywords
 * - \`M name flags|values value=text,…\`: bit set or enumeration; in a bit set
 *   \`mask/value=text\` is an enumeration of the bits of the mask
 * - \`E id version name display opcode fields\`: event; display \`=\` is the name,
 *   fields \`-\` is none, a leading \`+\` stands for those of the version before;
 *   a field is \`name:type@map*count\`, a type in braces has members, a count is a
 *   number or an earlier field
 */
export const CLR_EVENT_TABLE: string = \`
${lines.join("\n")}
\`;
`;
}

function pairsText(pairs: Record<string, string>): string {
  return Object.entries(pairs).map(([key, value]) => `${key}=${value}`)
    .join(",");
}

if (import.meta.main) {
  const source = sharedData("nettrace/clr-events.json");
  if (source === undefined) {
    throw new Error("Cannot read clr-events.json: shared data is missing");
  }
  const target = new URL(
    "../../src/eventpipe/nettrace/clr_event_table.ts",
    import.meta.url,
  );
  Deno.writeTextFileSync(
    fromFileUrl(target),
    generateClrEventTable(Deno.readTextFileSync(source)),
  );
}

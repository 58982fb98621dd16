import type { PayloadField, ValueMap } from "./payload_types.ts";

/** What a thread did when it was sampled. */
export const SAMPLE_TYPES: ValueMap = {
  name: "SampleType",
  isFlags: false,
  values: new Map([[0, "Error"], [1, "External"], [2, "Managed"]]),
};

/** Provider of the thread samples. */
export const SAMPLE_PROFILER = "Microsoft-DotNETCore-SampleProfiler";
/** Provider of the tasks. */
export const TPL_PROVIDER = "System.Threading.Tasks.TplEventSource";
/** Bridge to `DiagnosticSource`. */
export const DIAGNOSTIC_SOURCE = "Microsoft-Diagnostics-DiagnosticSource";

/** Fields of the sampler's only event, which the stream does not declare. */
export const SAMPLE_FIELDS: readonly PayloadField[] = [
  { name: "Type", type: { kind: "int32" }, map: SAMPLE_TYPES },
];

/** Events of the bridge that are not declared in some streams, and their fields. */
export const DIAGNOSTIC_SOURCE_EVENTS: ReadonlySet<string> = new Set([
  "Event",
  "Activity1Start",
  "Activity1Stop",
  "Activity2Start",
  "Activity2Stop",
  "RecursiveActivity1Start",
  "RecursiveActivity1Stop",
]);

/** Fields of {@linkcode DIAGNOSTIC_SOURCE_EVENTS}. */
export const DIAGNOSTIC_SOURCE_FIELDS: readonly PayloadField[] = [
  { name: "SourceName", type: { kind: "utf16z" } },
  { name: "EventName", type: { kind: "utf16z" } },
  {
    name: "Arguments",
    type: {
      kind: "array",
      element: {
        kind: "struct",
        fields: [
          { name: "Key", type: { kind: "utf16z" } },
          { name: "Value", type: { kind: "utf16z" } },
        ],
      },
    },
  },
];

/** Task and opcode of the task provider's events, by id. */
export const TPL_DISPLAY_NAMES: Readonly<Record<number, string>> = {
  1: "Loop/Start",
  2: "Loop/Stop",
  3: "Invoke/Start",
  4: "Invoke/Stop",
  5: "ForkJoin/Start",
  6: "ForkJoin/Stop",
  7: "TaskScheduled/Send",
  8: "TaskExecute/Start",
  9: "TaskExecute/Stop",
  10: "TaskWait/Send",
  11: "TaskWait/Stop",
  12: "AwaitTaskContinuationScheduled/Send",
  13: "TaskWaitContinuationComplete",
  14: "TraceOperation/Start",
  15: "TraceOperation/Relation",
  16: "TraceOperation/Stop",
  17: "TraceSynchronousWork/Start",
  18: "TraceSynchronousWork/Stop",
  19: "TaskWaitContinuationStarted",
  25: "SetActivityId",
  27: "NewID",
};

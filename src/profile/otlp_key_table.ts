/** Keys of OTLP attributes that have a place of their own in a profile. */
export const OTLP_KEY = {
  /** Process id. */
  processId: "process.pid",
  /** Name of the program. */
  processName: "process.executable.name",
  /** Path of the program. */
  processPath: "process.executable.path",
  /** Name of the service. */
  serviceName: "service.name",
  /** Container, or control group. */
  containerId: "container.id",
  /** Thread id. */
  threadId: "thread.id",
  /** Name of the thread. */
  threadName: "thread.name",
  /** Processor. */
  cpu: "cpu.logical_number",
  /** Kind of a frame. */
  frameType: "profile.frame.type",
  /** Build id of GNU's linker. */
  buildIdGnu: "process.executable.build_id.gnu",
  /** Build id of Go's linker. */
  buildIdGo: "process.executable.build_id.go",
  /** Hash of head, tail and size of the file. */
  buildIdHash: "process.executable.build_id.htlhash",
} as const;

/** What stands before the key of a label that the program itself gave. */
export const CONTEXT_LABEL_PREFIX = "process.context.label.";

/** Labels of a profile that become a link to a span, and the processor. */
export const PROFILE_LABEL = {
  traceId: "trace_id",
  spanId: "span_id",
  cpu: "cpu",
} as const;

/** Attributes of these families belong to a resource, not to a sample. */
const RESOURCE_PREFIXES = [
  "process.",
  "service.",
  "container.",
  "host.",
  "os.",
  "k8s.",
  "cloud.",
  "telemetry.",
  "deployment.",
  "device.",
  "faas.",
] as const;

/** In which order attributes of a resource are written; others follow. */
export const RESOURCE_ORDER: readonly string[] = [
  OTLP_KEY.serviceName,
  OTLP_KEY.containerId,
  OTLP_KEY.processId,
  OTLP_KEY.processPath,
  OTLP_KEY.processName,
];

/** @param key Key of an attribute. @returns Whether it tells of the process or machine rather than of a sample. */
export function isResourceKey(key: string): boolean {
  return !key.startsWith(CONTEXT_LABEL_PREFIX) &&
    RESOURCE_PREFIXES.some((prefix) => key.startsWith(prefix));
}

import { formatGoDuration, parseGoDuration } from "./go_duration.ts";

/** What a session tells the sink `remote`. */
export interface RemoteSinkConfig {
  /** Path of the socket. */
  readonly endpoint: string;
  /** Attempts after the first one when the socket is full. */
  readonly retries: number;
  /** Wait before the first further attempt in ns; doubles each time. */
  readonly backoffNs: bigint;
  /** Longest wait in ns; 0 or less means no limit. */
  readonly backoffMaxNs: bigint;
}

/** One fault of a sink's configuration. */
export interface SinkConfigFault {
  /** The key that is wrong. */
  readonly key: string;
  /** What is wrong, in gVisor's words where it has some. */
  readonly message: string;
}

/** Keys that the sink `remote` knows. */
export const REMOTE_SINK_KEYS: readonly string[] = [
  "endpoint",
  "retries",
  "backoff",
  "backoff_max",
];

const DEFAULT_BACKOFF_NS = 25_000n;
const DEFAULT_BACKOFF_MAX_NS = 10_000_000n;

/** What {@linkcode parseRemoteSinkConfig} finds. */
export interface ParsedRemoteSinkConfig {
  /** The configuration; faulty keys have their defaults. */
  readonly config: RemoteSinkConfig;
  /** What gVisor would refuse. */
  readonly faults: readonly SinkConfigFault[];
}

/**
 * Reads the configuration of the sink `remote` with gVisor's rules and defaults.
 *
 * @param value The JSON object; keys that are unknown are ignored.
 * @returns The configuration and all its faults.
 *
 * @example Defaults
 * ```ts
 * import { parseRemoteSinkConfig } from "../../src/tracereplay/sink_config.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { config, faults } = parseRemoteSinkConfig({ endpoint: "/run/x.sock" });
 * assertEquals([config.retries, config.backoffNs], [0, 25_000n]);
 * assertEquals(faults, []);
 * ```
 */
export function parseRemoteSinkConfig(
  value: Readonly<Record<string, unknown>>,
): ParsedRemoteSinkConfig {
  const faults: SinkConfigFault[] = [];
  const { endpoint, retries } = value;

  if (endpoint === undefined) {
    faults.push({
      key: "endpoint",
      message: "endpoint not present in configuration",
    });
  } else if (typeof endpoint !== "string") {
    faults.push({
      key: "endpoint",
      message: `endpoint ${JSON.stringify(endpoint)} is not a string`,
    });
  }
  if (retries !== undefined && !Number.isInteger(retries)) {
    faults.push({
      key: "retries",
      message: `retries ${JSON.stringify(retries)} is not an int`,
    });
  }
  const backoffNs = parseDuration(value, "backoff", DEFAULT_BACKOFF_NS, faults);
  const backoffMaxNs = parseDuration(
    value,
    "backoff_max",
    DEFAULT_BACKOFF_MAX_NS,
    faults,
  );
  if (backoffNs > backoffMaxNs) {
    faults.push({
      key: "backoff_max",
      message: `initial backoff (${
        formatGoDuration(backoffNs)
      }) cannot be larger than max backoff (${formatGoDuration(backoffMaxNs)})`,
    });
  }
  return {
    config: {
      endpoint: typeof endpoint === "string" ? endpoint : "",
      retries: Number.isInteger(retries) ? retries as number : 0,
      backoffNs,
      backoffMaxNs,
    },
    faults,
  };
}

function parseDuration(
  value: Readonly<Record<string, unknown>>,
  key: string,
  fallback: bigint,
  faults: SinkConfigFault[],
): bigint {
  const text = value[key];
  if (text === undefined) return fallback;
  if (typeof text !== "string") {
    faults.push({
      key,
      message: `${key} ${JSON.stringify(text)} is not a string`,
    });
    return fallback;
  }
  try {
    return parseGoDuration(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    faults.push({ key, message: `time: invalid duration "${text}"` });
    return fallback;
  }
}

import type { NetdumpArchive } from "../netdump_archive.ts";
import type { NetworkTrace } from "../nettrace_types.ts";
import type { ProbeResult } from "../probe/types.ts";
import type { EvePortStatus } from "../state/eve_ports.ts";
import type { NetworkState } from "../state/types.ts";
import type { CaptureFacts } from "./capture_facts.ts";

/** A traced request of a dump. */
export interface CheckedRequest {
  /** Its folder below `requests/`. */
  readonly name: string;
  /** Path of its trace. */
  readonly path: string;
  /** The trace; absent where there is none that can be read. */
  readonly trace: NetworkTrace | undefined;
  /** What was captured meanwhile. */
  readonly captures: readonly CaptureFacts[];
}

/** All that the checks look at. */
export interface CheckContext {
  readonly archive: NetdumpArchive;
  readonly state: NetworkState;
  readonly ports: EvePortStatus | undefined;
  readonly probes: readonly ProbeResult[];
  readonly requests: readonly CheckedRequest[];
}

import type { UnixNs } from "../base/time.ts";
import { ProfileReporter } from "../profile/profile_reporter.ts";
import type { Profile } from "../profile/types.ts";
import {
  type Coredump,
  type TraceOfCoredumpOptions,
  traceOfCoredumpThread,
} from "./coredump_json_decoder.ts";

/**
 * Makes a profile of a core dump: each thread is one sample, of the process
 * that has the number of the first thread. Frames that stand for errors of the
 * unwinder are kept.
 *
 * @param coredump The core dump.
 * @param options Type of symbolised frames.
 * @returns The profile; samples have no times.
 * @throws {FormatError} When an error of the unwinder is not known.
 */
export function profileOfCoredump(
  coredump: Coredump,
  options: TraceOfCoredumpOptions = {},
): Profile {
  const reporter = new ProfileReporter({ timed: false, isWallTime: false });
  const pid = coredump.threads[0]?.lwp ?? 0;
  for (const thread of coredump.threads) {
    reporter.reportTraceEvent(traceOfCoredumpThread(thread, options), {
      timestamp: 0n as UnixNs,
      comm: "",
      pid,
      tid: thread.lwp,
      cpu: -1,
      apmServiceName: "",
      origin: "sampling",
      value: 0,
      labels: [],
      traceId: "",
      spanId: "",
      process: undefined,
    });
  }
  return reporter.build();
}

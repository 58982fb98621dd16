import type { TraceReporter } from "../profile/trace_reporter.ts";

/**
 * Makes one reporter of two.
 *
 * @param first Asked what it wants, and given everything first.
 * @param second Gets the same.
 * @returns The reporter.
 */
export function teeReporter(
  first: TraceReporter,
  second: TraceReporter,
): TraceReporter {
  return {
    supportsReportTraceEvent: () => first.supportsReportTraceEvent(),
    reportTraceEvent: (trace, meta) =>
      both(
        first.reportTraceEvent(trace, meta),
        () => second.reportTraceEvent(trace, meta),
      ),
    reportCountForTrace: (hash, count, meta) =>
      both(
        first.reportCountForTrace(hash, count, meta),
        () => second.reportCountForTrace(hash, count, meta),
      ),
    reportFramesForTrace: (trace) =>
      both(
        first.reportFramesForTrace(trace),
        () => second.reportFramesForTrace(trace),
      ),
  };
}

function both(
  first: void | Promise<void>,
  next: () => void | Promise<void>,
): void | Promise<void> {
  return first instanceof Promise ? first.then(next) : next();
}

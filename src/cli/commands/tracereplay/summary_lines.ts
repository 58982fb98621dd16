import { formatUnixNs } from "../../../base/time.ts";
import type { UnixNs } from "../../../base/time.ts";
import { formatBytes } from "../../../base/byte_size.ts";
import type { TraceSummary } from "../../../tracereplay/trace_summary.ts";

/** Containers that are listed one by one. */
const MAX_CONTAINERS = 10;

/**
 * Tells what was in a file or connection.
 *
 * @param summary The counts.
 * @returns Lines for people.
 */
export function summaryLines(summary: TraceSummary): string[] {
  const { messages, bytes, firstTimeNs, lastTimeNs, largest } = summary;
  const lines = [`${messages} messages, ${formatBytes(bytes)}`];
  for (const [type, count] of summary.types) lines.push(`  ${type} ${count}`);
  if (largest !== undefined) {
    lines.push(
      `largest: message ${largest.seq} with ${formatBytes(largest.sizeBytes)}`,
    );
  }
  if (firstTimeNs !== undefined && lastTimeNs !== undefined) {
    lines.push(
      `time: ${formatUnixNs(firstTimeNs as UnixNs)} to ${
        formatUnixNs(lastTimeNs as UnixNs)
      }`,
    );
  }
  const containers = [...summary.containers];
  for (const [id, count] of containers.slice(0, MAX_CONTAINERS)) {
    lines.push(`container ${id}: ${count}`);
  }
  if (containers.length > MAX_CONTAINERS) {
    lines.push(`and ${containers.length - MAX_CONTAINERS} more containers`);
  }
  lines.push(
    `architecture: ${
      summary.isMixed ? "both" : summary.architecture ?? "unknown"
    }`,
  );
  if (summary.dropped > 0 || summary.dropResets > 0) {
    lines.push(
      `dropped by the sandbox: ${summary.dropped}, counter resets: ${summary.dropResets}`,
    );
  }
  for (
    const [what, count] of [
      ["without a usable header", summary.malformed],
      ["with a damaged payload", summary.undecodable],
      ["of an unknown type", summary.unknownTypes],
      ["with odd text", summary.warnings],
    ] as const
  ) {
    if (count > 0) lines.push(`messages ${what}: ${count}`);
  }
  if (summary.unknownFields > 0) {
    lines.push(`unknown fields: ${summary.unknownFields}`);
  }
  return lines;
}

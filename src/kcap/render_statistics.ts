import type { KcapWriteStats } from "./kcap_encoder.ts";

/** What {@linkcode renderStatistics} tells beside the counts. */
export interface RenderStatisticsOptions {
  /** Name of the file without folders. */
  readonly fileName: string;
  /** Bytes of the file when it is closed. */
  readonly sizeBytes: number;
}

const TITLE = "Capture Statistics";

/**
 * Renders what was written as the box that Fibratus prints at the end of a
 * capture.
 *
 * @param stats What was written.
 * @param options Name and size of the file.
 * @returns Lines without a line break at the end.
 */
export function renderStatistics(
  stats: KcapWriteStats,
  options: RenderStatisticsOptions,
): string {
  const groups: readonly (readonly (readonly [string, string])[])[] = [
    [["File", options.fileName]],
    [
      ["Events written", String(stats.events)],
      ["Bytes written", String(stats.bytes)],
      ["Processes written", String(stats.processes)],
      ["Handles written", String(stats.handles)],
    ],
    [["Capture size", siSize(options.sizeBytes)]],
  ];
  const rows = groups.flat();
  const left = Math.max(...rows.map(([key]) => key.length));
  const right = Math.max(...rows.map(([, value]) => value.length));
  const rule = (start: string, middle: string, end: string) =>
    `${start}${"─".repeat(left + 2)}${middle}${"─".repeat(right + 2)}${end}`;
  const lines = [
    `┌${"─".repeat(left + right + 5)}┐`,
    `│ ${TITLE.padEnd(left + right + 3)} │`,
  ];
  for (const [index, group] of groups.entries()) {
    lines.push(index === 0 ? rule("├", "┬", "┤") : rule("├", "┼", "┤"));
    for (const [key, value] of group) {
      lines.push(`│ ${key.padEnd(left)} │ ${value.padEnd(right)} │`);
    }
  }
  lines.push(rule("└", "┴", "┘"));
  return lines.join("\n");
}

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** SI units, one decimal below 10, none above. */
function siSize(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const exponent = Math.min(
    UNITS.length - 1,
    Math.floor(Math.log(bytes) / Math.log(1000) + 1e-9),
  );
  const value = Math.floor(bytes / 1000 ** exponent * 10 + 0.5) / 10;
  const digits = value < 10 && exponent > 0 ? 1 : 0;
  return `${value.toFixed(digits)} ${UNITS[exponent]}`;
}

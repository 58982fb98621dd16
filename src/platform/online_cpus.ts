import { readProcText } from "./proc_file.ts";

const ONLINE_PATH = "/sys/devices/system/cpu/online";
const MAX_CPUS = 65_536;

/**
 * Reads a list of processors such as `0-3,5`.
 *
 * @param text The list.
 * @returns Their numbers.
 * @throws {SyntaxError} When it is none.
 */
export function parseCpuList(text: string): readonly number[] {
  const cpus = new Set<number>();
  for (const part of text.trim().split(",")) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? first);
    if (match === null || last < first || last >= MAX_CPUS) {
      throw new SyntaxError(
        `Cannot read list of processors "${text}": expected numbers and ranges such as 0-3,5`,
      );
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus];
}

/**
 * @returns Processors that are switched on.
 */
export function onlineCpus(): readonly number[] {
  const text = readProcText(ONLINE_PATH);
  if (text !== undefined) return parseCpuList(text);
  return Array.from({ length: navigator.hardwareConcurrency }, (_, cpu) => cpu);
}

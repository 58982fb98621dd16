import { REPOSITORY } from "../support/file_url.ts";
import { readTraceFile } from "../../src/tracereplay/read_trace_file.ts";

/** Folder of the sessions that were made for this project. */
export const FIXTURES: string = `${REPOSITORY}/tests/fixtures/tracereplay`;

/**
 * Reads a session that was made for this project.
 *
 * @param name Its name: `all-types.trace`.
 * @returns Its bytes.
 */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(`${FIXTURES}/${name}`);
}

/**
 * Takes the messages of a whole trace file.
 *
 * @param file Its bytes.
 * @returns The messages with their headers.
 */
export async function packetsOf(
  file: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const packets: Uint8Array<ArrayBuffer>[] = [];
  for await (const { bytes } of readTraceFile(file)) {
    packets.push(bytes.slice());
  }
  return packets;
}

/**
 * Reads what a decoder must give.
 *
 * @param text JSON lines.
 * @returns The objects.
 */
export function parseNdjson(text: string): Record<string, unknown>[] {
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

/** Keys that a decoder may add to what it must give. */
const EXTRA_KEYS = [
  "syscall",
  "unknown_fields",
  "unknown",
  "warnings",
  "derived",
];

/**
 * Leaves out what a decoder may add.
 *
 * @param object An event.
 * @returns What it must give.
 */
export function withoutExtras(
  object: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([key]) => !EXTRA_KEYS.includes(key)),
  );
}

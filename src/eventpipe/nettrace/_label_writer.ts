import type { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import { writeString6 } from "./_field_list_writer.ts";
import type { NettraceLabels } from "./types.ts";

const LAST_OF_LIST = 0x80;

/** Ids and overrides of one event, as a label list has them. */
export type WrittenLabels = Omit<NettraceLabels, "index">;

/**
 * Writes a label list.
 *
 * @returns Whether there was a label; nothing is written for an empty list.
 */
export function writeLabels(
  writer: ByteWriter,
  labels: WrittenLabels,
): boolean {
  let lastKindAt = -1;
  const kind = (value: number) => {
    lastKindAt = writer.length;
    writer.u8(value);
  };
  const guid = (value: number, text: string | undefined) => {
    if (text === undefined) return;
    kind(value);
    writer.bytes(parseGuid(text));
  };
  const byte = (value: number, number: number | undefined) => {
    if (number === undefined) return;
    kind(value);
    writer.u8(number);
  };
  guid(1, labels.activityId);
  guid(2, labels.relatedActivityId);
  if (labels.traceId !== undefined) {
    kind(3);
    writer.bytes(Uint8Array.fromHex(labels.traceId));
  }
  if (labels.spanId !== undefined) {
    kind(4);
    writer.u64(labels.spanId);
  }
  for (const [key, value] of labels.entries) {
    kind(typeof value === "string" ? 5 : 6);
    writeString6(writer, key);
    if (typeof value === "string") writeString6(writer, value);
    else writer.varint(value);
  }
  byte(7, labels.opcode);
  if (labels.keywords !== undefined) {
    kind(8);
    writer.u64(labels.keywords);
  }
  byte(9, labels.level);
  byte(10, labels.version);
  if (lastKindAt === -1) return false;
  writer.view()[lastKindAt]! |= LAST_OF_LIST;
  return true;
}

import { LimitError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { formatGuid } from "../../codec/guid.ts";
import { BlockDamage, NETTRACE_FORMAT, readInBlock } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { NO_LABELS } from "./_event_view.ts";
import { readString6 } from "./_string6.ts";
import { MAX_TABLE_BYTES } from "./_table_bytes.ts";
import type { NettraceLabels } from "./types.ts";

const LABEL = {
  activityId: 1,
  relatedActivityId: 2,
  traceId: 3,
  spanId: 4,
  text: 5,
  number: 6,
  opcode: 7,
  keywords: 8,
  level: 9,
  version: 10,
} as const;

const LAST_OF_LIST = 0x80;

/** Label lists of a version 6 stream by index; void at every sequence point. */
export class LabelTable {
  readonly #maxLists: number;
  #lists = new Map<number, NettraceLabels>();
  #byteCount = 0;

  constructor(maxLists: number) {
    this.#maxLists = maxLists;
  }

  get(index: number): NettraceLabels | undefined {
    return index === 0 ? NO_LABELS : this.#lists.get(index);
  }

  clear(): void {
    this.#lists.clear();
    this.#byteCount = 0;
  }

  /** Block of u32 first index, u32 count and lists of u8 kind and content. */
  addBlock(window: ByteWindow): void {
    const offset = window.base + window.start;
    const reader = new ByteReader(
      window.bytes.subarray(window.start, window.end),
      { littleEndian: true, format: NETTRACE_FORMAT, baseOffset: offset },
    );
    this.#byteCount += reader.remaining;
    if (this.#byteCount > MAX_TABLE_BYTES) {
      throw new LimitError(
        `Cannot keep nettrace labels at byte ${offset}: ${this.#byteCount} bytes since the last sequence point, limit is ${MAX_TABLE_BYTES}`,
        { limit: "tableBytes", value: this.#byteCount, offset },
      );
    }
    readInBlock("LabelListBlock", () => {
      const firstIndex = reader.u32();
      const count = reader.u32();
      for (let at = 0; at < count; at++) {
        this.#add(readLabels(reader, firstIndex + at), reader.offset);
      }
    });
  }

  #add(labels: NettraceLabels, offset: number): void {
    if (this.#lists.size >= this.#maxLists) {
      throw new LimitError(
        `Cannot keep nettrace labels at byte ${offset}: ${this.#lists.size} lists since the last sequence point, limit is ${this.#maxLists}`,
        { limit: "maxTableEntries", value: this.#lists.size + 1, offset },
      );
    }
    this.#lists.set(labels.index, labels);
  }
}

function readLabels(reader: ByteReader, index: number): NettraceLabels {
  const entries: [string, string | bigint][] = [];
  const labels = { ...NO_LABELS, index, entries } as {
    -readonly [Key in keyof NettraceLabels]: NettraceLabels[Key];
  };
  let kind: number;
  do {
    const { offset } = reader;
    kind = reader.u8();
    switch (kind & ~LAST_OF_LIST) {
      case LABEL.activityId:
        labels.activityId = formatGuid(reader.bytes(16));
        break;
      case LABEL.relatedActivityId:
        labels.relatedActivityId = formatGuid(reader.bytes(16));
        break;
      case LABEL.traceId:
        labels.traceId = reader.bytes(16).toHex();
        break;
      case LABEL.spanId:
        labels.spanId = reader.u64();
        break;
      case LABEL.text:
        entries.push([readString6(reader), readString6(reader)]);
        break;
      case LABEL.number:
        entries.push([readString6(reader), reader.varint64()]);
        break;
      case LABEL.opcode:
        labels.opcode = reader.u8();
        break;
      case LABEL.keywords:
        labels.keywords = reader.u64();
        break;
      case LABEL.level:
        labels.level = reader.u8();
        break;
      case LABEL.version:
        labels.version = reader.u8();
        break;
      default:
        throw new BlockDamage(
          "LabelListBlock",
          `label kind ${kind & ~LAST_OF_LIST} is unknown`,
          offset,
        );
    }
  } while (kind < LAST_OF_LIST);
  return labels;
}

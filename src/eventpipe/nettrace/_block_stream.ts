import type { DecodeStats } from "../../base/decode_stats.ts";
import { LimitError } from "../../base/errors.ts";
import type { Limits } from "../../base/limits.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import { BlockDamage, NETTRACE_FORMAT, readInBlock } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import { DecodeState } from "./_decode_state.ts";
import { EventBlockReader } from "./_event_block_reader.ts";
import { readMetadataRow } from "./_metadata_reader.ts";
import { readSequencePoint } from "./_sequence_point_reader.ts";
import { StreamDamage, type StreamFraming } from "./_stream_framing.ts";
import { readTrace } from "./_trace_reader.ts";
import type { NettraceDecodeOptions } from "./nettrace_decode_options.ts";
import type { NettraceBlockKind, NettraceSink } from "./types.ts";

// Block of version 6: u32 with the content's size in the low 24 bits and the
// kind in the high 8, then the content. Nothing is aligned.
const FRAME_BYTES = 4;

const KIND_NAMES: Readonly<Record<number, NettraceBlockKind>> = {
  0: "EndOfStream",
  1: "Trace",
  2: "EventBlock",
  3: "MetadataBlock",
  4: "SPBlock",
  5: "StackBlock",
  6: "ThreadBlock",
  7: "RemoveThreadBlock",
  8: "LabelListBlock",
};

/** Reads the blocks of version 6. */
export class BlockStream implements StreamFraming {
  neededBytes: number = FRAME_BYTES;
  record = "block";
  isSizeKnown = false;
  isComplete = false;

  readonly #minorVersion: number;
  readonly #sink: NettraceSink;
  readonly #stats: DecodeStats;
  readonly #options: NettraceDecodeOptions;
  readonly #limits: Limits;
  #state: DecodeState | undefined;
  #events: EventBlockReader | undefined;

  constructor(
    minorVersion: number,
    sink: NettraceSink,
    stats: DecodeStats,
    options: NettraceDecodeOptions,
    limits: Limits,
  ) {
    this.#minorVersion = minorVersion;
    this.#sink = sink;
    this.#stats = stats;
    this.#options = options;
    this.#limits = limits;
  }

  get state(): DecodeState | undefined {
    return this.#state;
  }

  step(window: ByteWindow): number {
    const { view, start, end, base } = window;
    const available = end - start;
    const offset = base + start;
    this.record = "block";
    this.isSizeKnown = false;
    if (available < FRAME_BYTES) return this.#need(FRAME_BYTES);
    const frame = view.getUint32(start, true);
    const length = frame & 0xff_ffff;
    const kindCode = frame >>> 24;
    const kind = KIND_NAMES[kindCode] ?? "unknown";
    this.record = kind === "unknown" ? `block of kind ${kindCode}` : kind;
    if ((this.#state === undefined) !== (kind === "Trace")) {
      throw new StreamDamage(
        this.record,
        kind === "Trace" ? "a second Trace follows" : "it precedes the Trace",
        offset,
      );
    }
    if (length > this.#limits.maxRecordBytes) {
      throw new LimitError(
        `Cannot read nettrace ${this.record} at byte ${offset}: block of ${length} bytes exceeds the limit of ${this.#limits.maxRecordBytes}`,
        { limit: "maxRecordBytes", value: length, offset },
      );
    }
    const size = FRAME_BYTES + length;
    this.isSizeKnown = true;
    if (available < size) return this.#need(size);
    const content = {
      ...window,
      start: start + FRAME_BYTES,
      end: start + size,
    };
    if (kind === "Trace") this.#readTrace(content);
    else {
      this.#state!.readBlock(
        kind,
        content,
        () => this.#readContent(kind, kindCode, content),
      );
    }
    this.#sink.onBlock?.({
      kind,
      kindCode,
      offset: offset + FRAME_BYTES,
      length,
    });
    this.isComplete = kind === "EndOfStream";
    this.neededBytes = FRAME_BYTES;
    return size;
  }

  salvage(window: ByteWindow): void {
    if (this.record !== "EventBlock") return;
    try {
      this.#events!.read(
        { ...window, start: window.start + FRAME_BYTES },
        "EventBlock",
        true,
      );
    } catch (error) {
      // Where the cut is; the outcome tells it.
      if (!(error instanceof BlockDamage)) throw error;
    }
  }

  describeRest(): undefined {
    return undefined;
  }

  #readTrace(content: ByteWindow): void {
    const header = readTrace(
      content,
      6,
      this.#minorVersion,
      this.#stats,
      this.#limits.maxTableEntries,
    );
    this.#state = new DecodeState(
      header,
      this.#sink,
      this.#stats,
      this.#options,
    );
    this.#events = new EventBlockReader(this.#state);
    this.#sink.onHeader?.(header);
  }

  #readContent(
    kind: NettraceBlockKind,
    kindCode: number,
    content: ByteWindow,
  ): void {
    const state = this.#state!;
    switch (kind) {
      case "EventBlock":
        this.#events!.read(content, "EventBlock");
        break;
      case "MetadataBlock":
        this.#readMetadata(content, state);
        break;
      case "SPBlock":
        readSequencePoint(content, state);
        break;
      case "StackBlock":
        state.stacks.addBlock(content);
        break;
      case "ThreadBlock":
        state.threads.addBlock(content);
        break;
      case "RemoveThreadBlock":
        state.threads.removeBlock(content);
        break;
      case "LabelListBlock":
        state.labels.addBlock(content);
        break;
      case "unknown":
        this.#stats.count("nettrace_block_unknown", "info", {
          offset: content.base + content.start,
          detail: `block kind ${kindCode}`,
        });
        break;
    }
  }

  /** Header of u16 size without itself, then rows of u16 size without itself. */
  #readMetadata(content: ByteWindow, state: DecodeState): void {
    const reader = new ByteReader(
      content.bytes.subarray(content.start, content.end),
      {
        littleEndian: true,
        format: NETTRACE_FORMAT,
        baseOffset: content.base + content.start,
      },
    );
    const context = { maxDepth: state.limits.maxDepth, stats: this.#stats };
    readInBlock("MetadataBlock", () => reader.skip(reader.u16()));
    while (reader.remaining > 0) {
      const { offset } = reader;
      const size = readInBlock("MetadataBlock", () => {
        const rowSize = reader.u16();
        reader.skip(rowSize);
        return rowSize;
      });
      const end = content.start + reader.position;
      state.readDefinition(
        offset,
        () => readMetadataRow({ ...content, start: end - size, end }, context),
      );
    }
  }

  #need(count: number): 0 {
    this.neededBytes = count;
    return 0;
  }
}

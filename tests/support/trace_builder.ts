import { concatBytes } from "./byte_stream.ts";
import {
  blob,
  blockObject,
  bytesBy,
  definition,
  eventBlock,
  sized16,
  type StreamPart,
  string6,
  traceObject,
  tracePayload,
  utf16z,
  v4Stream,
  v6Block,
  v6Field,
  v6Metadata,
  v6Stream,
  v6Thread,
  v6Trace,
} from "./nettrace_streams.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Ticks of the sync point of every built trace. */
const SYNC_TICKS = 1000n;

/** An event for {@linkcode TraceBuilder.add}. */
export interface BuiltEvent {
  readonly provider: string;
  readonly id: number;
  readonly version?: number;
  /** Event name; empty for the runtime's own. */
  readonly name?: string;
  /** Field list of the definition: count and fields (version 4), field rows (version 6). */
  readonly fields?: Bytes | readonly Bytes[];
  /** Thread that it is about. @default {1} */
  readonly thread?: number;
  /** Process, version 6 only. @default {42} */
  readonly process?: number;
  /** Ticks since the sync point. */
  readonly time: number;
  /** Addresses, leaf first. */
  readonly stack?: readonly bigint[];
  readonly activityId?: Bytes;
  readonly relatedActivityId?: Bytes;
  readonly payload?: Bytes;
}

/** Options of {@linkcode TraceBuilder}. */
export interface TraceBuilderOptions {
  readonly version?: 4 | 6;
  readonly frequency?: bigint;
  readonly pointerSize?: 4 | 8;
  /** Keys and values of the header, version 6 only. */
  readonly properties?: readonly (readonly [string, string])[];
  /** Whether the stream has its end mark. @default {true} */
  readonly hasEnd?: boolean;
}

/** Builds small but complete traces out of events, for tests of what is made of them. */
export class TraceBuilder {
  readonly #options: TraceBuilderOptions;
  readonly #kinds = new Map<string, number>();
  readonly #threads = new Map<string, number>();
  readonly #parts: StreamPart[] = [];
  readonly #blocks: Bytes[] = [];
  #definitions: Bytes[] = [];
  #newThreads: Bytes[] = [];
  #stacks: Bytes[] = [];
  #events: Bytes[] = [];
  #lastTime = 0n;

  constructor(options: TraceBuilderOptions = {}) {
    this.#options = options;
  }

  /** Adds events in the order of the file. */
  add(...events: readonly BuiltEvent[]): this {
    for (const event of events) this.#add(event);
    return this;
  }

  /** Ends an interval: ids of stacks are void from here. */
  sequencePoint(): this {
    this.#flush();
    if (this.#isV6) {
      this.#blocks.push(v6Block(
        4,
        bytesBy((writer) => {
          writer.u64(this.#lastTime);
          writer.u32(0);
          writer.u32(0);
        }),
      ));
    } else {
      this.#parts.push(blockObject(
        "SPBlock",
        bytesBy((writer) => {
          writer.i64(this.#lastTime);
          writer.i32(0);
        }),
      ));
    }
    return this;
  }

  /** The stream. */
  bytes(): Bytes {
    this.#flush();
    const { frequency = 1_000_000_000n, pointerSize = 8, hasEnd = true } =
      this.#options;
    const fields = { syncTicks: SYNC_TICKS, frequency, pointerSize };
    if (this.#isV6) {
      return v6Stream(this.#blocks, {
        trace: v6Trace(this.#options.properties ?? [], fields),
        hasEnd,
      });
    }
    return v4Stream([traceObject(tracePayload(fields)), ...this.#parts], {
      hasEnd,
    });
  }

  get #isV6(): boolean {
    return this.#options.version === 6;
  }

  #add(event: BuiltEvent): void {
    const { thread = 1, process = 42, payload = new Uint8Array(0) } = event;
    const ticks = SYNC_TICKS + BigInt(event.time);
    const threadKey = this.#isV6 ? this.#threadOf(process, thread) : thread;
    this.#events.push(blob({
      metadataId: this.#kindOf(event),
      sequence: [0, threadKey, 0xffffffff],
      threadId: threadKey,
      stackId: this.#stackOf(event.stack),
      timeStep: BigInt.asUintN(64, ticks - this.#lastTime),
      ...(event.activityId === undefined
        ? {}
        : { activityId: event.activityId }),
      ...(event.relatedActivityId === undefined
        ? {}
        : { relatedActivityId: event.relatedActivityId }),
      payload,
    }));
    this.#lastTime = ticks;
  }

  #kindOf(event: BuiltEvent): number {
    const { provider, id, version = 0, name = "", fields } = event;
    const key = JSON.stringify([provider, id, version, name]);
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const kind = this.#kinds.size + 1;
    this.#kinds.set(key, kind);
    if (this.#isV6) {
      const rows = (fields as readonly Bytes[] | undefined) ?? [];
      this.#definitions.push(bytesBy((writer) => {
        writer.varuint(kind);
        writer.bytes(string6(provider));
        writer.varuint(id);
        writer.bytes(string6(name));
        writer.u16(rows.length);
        rows.forEach((row) => writer.bytes(row));
        writer.u16(2);
        writer.u8(9);
        writer.u8(version);
      }));
    } else {
      const payload = definition(kind, {
        provider,
        eventId: id,
        name,
        version,
        ...(fields === undefined ? {} : { fields: fields as Bytes }),
      });
      this.#definitions.push(
        blob({ metadataId: 0, sequence: [0xffffffff, 0, 0], payload }),
      );
    }
    return kind;
  }

  #threadOf(process: number, thread: number): number {
    const key = `${process}:${thread}`;
    const known = this.#threads.get(key);
    if (known !== undefined) return known;
    const index = this.#threads.size + 1;
    this.#threads.set(key, index);
    this.#newThreads.push(v6Thread(index, process, thread));
    return index;
  }

  #stackOf(stack: readonly bigint[] | undefined): number {
    if (stack === undefined) return 0;
    const { pointerSize = 8 } = this.#options;
    this.#stacks.push(bytesBy((writer) => {
      writer.i32(stack.length * pointerSize);
      for (const address of stack) {
        if (pointerSize === 8) writer.u64(address);
        else writer.u32(Number(address));
      }
    }));
    return this.#stacks.length;
  }

  /** Writes definitions, threads, stacks and events of the interval so far. */
  #flush(): void {
    const stackContent = concatBytes([
      bytesBy((writer) => {
        writer.i32(1);
        writer.i32(this.#stacks.length);
      }),
      ...this.#stacks,
    ]);
    if (this.#isV6) {
      if (this.#definitions.length > 0) {
        this.#blocks.push(v6Block(3, v6Metadata(this.#definitions)));
      }
      if (this.#newThreads.length > 0) {
        this.#blocks.push(v6Block(6, concatBytes(this.#newThreads)));
      }
      if (this.#stacks.length > 0) this.#blocks.push(v6Block(5, stackContent));
      if (this.#events.length > 0) {
        this.#blocks.push(v6Block(2, eventBlock(this.#events)));
      }
    } else {
      if (this.#definitions.length > 0) {
        this.#parts.push(
          blockObject("MetadataBlock", eventBlock(this.#definitions)),
        );
      }
      if (this.#stacks.length > 0) {
        this.#parts.push(blockObject("StackBlock", stackContent));
      }
      if (this.#events.length > 0) {
        this.#parts.push(blockObject("EventBlock", eventBlock(this.#events)));
      }
    }
    this.#definitions = [];
    this.#newThreads = [];
    this.#stacks = [];
    this.#events = [];
    // Each block's clock starts at zero.
    this.#lastTime = 0n;
  }
}

/** Payload of a verbose method event of the runtime. */
export function methodPayload(method: {
  readonly start: bigint;
  readonly size: number;
  readonly name: string;
  readonly namespace?: string;
  readonly signature?: string;
  readonly module?: bigint;
  readonly token?: number;
  readonly flags?: number;
}): Bytes {
  return concatBytes([
    bytesBy((writer) => {
      writer.u64(1n);
      writer.u64(method.module ?? 7n);
      writer.u64(method.start);
      writer.u32(method.size);
      writer.u32(method.token ?? 0x06000001);
      writer.u32(method.flags ?? 8);
    }),
    utf16z(method.namespace ?? "App.Program"),
    utf16z(method.name),
    utf16z(method.signature ?? "void  ()"),
    bytesBy((writer) => writer.u16(0)),
  ]);
}

/** Payload of a module event of the runtime, version 2. */
export function modulePayload(
  id: bigint,
  path: string,
  nativePath = "",
): Bytes {
  return concatBytes([
    bytesBy((writer) => {
      writer.u64(id);
      writer.u64(9n);
      writer.u32(8);
      writer.u32(0);
    }),
    utf16z(path),
    utf16z(nativePath),
    bytesBy((writer) => {
      writer.u16(0);
      writer.bytes(
        Uint8Array.fromHex("33221100554477668899aabbccddeeff"),
      );
      writer.u32(1);
    }),
    utf16z("/src/App.pdb"),
    new Uint8Array(16 + 4 + 2),
  ]);
}

/** Payload of a thread sample: 1 external, 2 managed. */
export function samplePayload(type: number): Bytes {
  return bytesBy((writer) => writer.i32(type));
}

/** Numbers as LEB128 and texts behind a 16-bit length, as universal providers write. */
export function universalPayload(
  ...values: readonly (number | bigint | string)[]
): Bytes {
  return concatBytes(
    values.map((value) =>
      typeof value === "string"
        ? sized16(new TextEncoder().encode(value) as Bytes)
        : bytesBy((writer) => writer.varuint(value))
    ),
  );
}

/** Field rows of a universal event; names with a star are texts. */
export function universalFields(names: readonly string[]): Bytes[] {
  return names.map((name) =>
    name.startsWith("*")
      ? v6Field(name.slice(1), [19, 23])
      : v6Field(name, [21])
  );
}

import {
  compareTraceIds,
  encodeSinkHeader,
  encodeSinkRecord,
  FILE_LIST_ORDER,
} from "../nettrace_encoder.ts";
import type { TraceHeader, TraceListName } from "../nettrace_types.ts";
import type { TraceBatch } from "./tracer_options.ts";

const encoder = new TextEncoder();

interface SpillFile {
  readonly file: Deno.FsFile;
  /** Place of each record; a later one of the same id takes the place of an earlier one. */
  readonly places: Map<
    string,
    { readonly offset: number; readonly length: number }
  >;
  size: number;
}

/**
 * Takes the batches of a tracer to disk, one file of JSON lines per list, and
 * makes a trace of the sink form of them. In memory it keeps the place of each
 * record only.
 *
 * @example Tracing with bounded memory
 * ```ts ignore
 * await using spill = await TraceSpill.create();
 * const tracer = new NetworkTracer({
 *   trace: {
 *     httpRequests: true,
 *     memory: { type: "batch", onBatch: (batch) => spill.add(batch) },
 *   },
 * });
 * const { trace } = await tracer.getTrace("download");
 * for await (const bytes of spill.encode(trace)) await file.write(bytes);
 * ```
 */
export class TraceSpill implements AsyncDisposable {
  readonly #folder: string;
  readonly #files: ReadonlyMap<TraceListName, SpillFile>;
  #adding: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(
    folder: string,
    files: ReadonlyMap<TraceListName, SpillFile>,
  ) {
    this.#folder = folder;
    this.#files = files;
  }

  /**
   * Makes a folder that nobody else can read.
   *
   * @param parent Where to make it; the system's place for temporary files by default.
   * @returns The empty spill.
   */
  static async create(parent?: string): Promise<TraceSpill> {
    const folder = await Deno.makeTempDir({
      prefix: "tracedeck-trace-",
      ...(parent === undefined ? {} : { dir: parent }),
    });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const files = new Map<TraceListName, SpillFile>();
    for (const name of FILE_LIST_ORDER) {
      const file = await Deno.open(`${folder}/${name}.jsonl`, {
        read: true,
        write: true,
        createNew: true,
        mode: 0o600,
      });
      stack.use(file);
      files.set(name, { file, places: new Map(), size: 0 });
    }
    stack.move();
    return new TraceSpill(folder, files);
  }

  /**
   * Adds records; they are on disk when this resolves.
   *
   * @param batch Records of a tracer.
   */
  async add(batch: TraceBatch): Promise<void> {
    // Batches may overlap, the files may not.
    const turn = this.#adding.then(() => this.#write(batch));
    this.#adding = turn.catch(() => {});
    await turn;
  }

  /**
   * Writes the trace.
   *
   * @param header What it says of itself.
   * @returns The sink form, piece by piece.
   */
  async *encode(
    header: TraceHeader,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    await this.#adding;
    yield encoder.encode(encodeSinkHeader(header));
    for (const [name, { file, places }] of this.#files) {
      yield encoder.encode(`,"${name}":[`);
      const ids = [...places.keys()].sort(compareTraceIds);
      for (const [index, id] of ids.entries()) {
        const { offset, length } = places.get(id)!;
        if (index > 0) yield encoder.encode(",");
        yield await readAt(file, offset, length);
      }
      yield encoder.encode("]");
    }
    yield encoder.encode("}");
  }

  /** Removes the files. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#adding;
    for (const { file } of this.#files.values()) file.close();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write(batch: TraceBatch): Promise<void> {
    for (const [name, spill] of this.#files) {
      for (const record of batch[name]) {
        const bytes = encoder.encode(encodeSinkRecord(record, name) + "\n");
        await spill.file.seek(spill.size, Deno.SeekMode.Start);
        for (let at = 0; at < bytes.length;) {
          at += await spill.file.write(bytes.subarray(at));
        }
        spill.places.set(record.traceId, {
          offset: spill.size,
          length: bytes.length,
        });
        spill.size += bytes.length;
      }
    }
  }
}

async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let at = 0; at < length;) {
    const size = await file.read(bytes.subarray(at));
    if (size === null) {
      throw new Error(
        `Cannot read spilled trace: file ends at byte ${offset + at}`,
      );
    }
    at += size;
  }
  return bytes;
}

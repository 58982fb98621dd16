import { FormatError } from "../base/errors.ts";
import { resolveLimits } from "../base/limits.ts";
import { countFault } from "./_count_fault.ts";
import type { PackEngine, PackStep } from "./_pack_engine.ts";
import { UnpackBudget } from "./_unpack_budget.ts";
import { ZstdFrames } from "./_zstd_frames.ts";
import type { UnpackOptions } from "./unpack_options.ts";

/**
 * Blocks are handed to the engine together up to this size. A fault inside may
 * cost what the same step has unpacked before it, so it is kept small.
 */
const STEP_BYTES = 16 * 1024;
/** Most blocks of a step; each gives at most 128 KiB, even if it is four bytes long. */
const STEP_BLOCKS = 64;

/**
 * Unpacks zstd frames with any engine; see `readZstd`.
 *
 * @param source The packed bytes.
 * @param openEngine Makes an engine for one frame.
 * @param options Limits, where faults are counted, and the signal.
 */
export async function* unpackZstd(
  source: AsyncIterable<Uint8Array>,
  openEngine: () => PackEngine,
  options: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* unpackFrames(source, openEngine, options);
  } catch (error) {
    if (!countFault(options.stats, "zstd", error)) throw error;
  }
}

async function* unpackFrames(
  source: AsyncIterable<Uint8Array>,
  openEngine: () => PackEngine,
  options: UnpackOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const limits = resolveLimits(options.limits);
  const budget = new UnpackBudget("zstd", limits);
  const frames = new ZstdFrames(limits);
  using frame = new FrameUnpacker(openEngine, budget);
  for await (const chunk of source) {
    options.signal?.throwIfAborted();
    budget.addPacked(chunk.length);
    frames.push(chunk);
    let structureFault: unknown;
    try {
      for (let part = frames.next(); part; part = frames.next()) {
        // A step of its own, so that data comes out before its checksum fails.
        if (part.checksum) yield* frame.step();
        if (frame.add(part.bytes, frames.offset)) yield* frame.step();
        if (part.last) yield* frame.end(part.contentBytes);
      }
    } catch (error) {
      structureFault = error;
    }
    // Whole blocks go out at once, so that a live stream never waits for more.
    yield* frame.step();
    if (structureFault !== undefined) throw structureFault;
  }
  options.signal?.throwIfAborted();
  const { fault, rest } = frames.finish();
  if (rest.length > 0) {
    budget.addUnpacked(rest.length);
    yield rest;
  }
  if (fault !== undefined) throw fault;
}

/** Unpacks frames one after the other, a few blocks at a time. */
class FrameUnpacker implements Disposable {
  readonly #openEngine: () => PackEngine;
  readonly #budget: UnpackBudget;
  #engine: PackEngine | undefined;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #frameBytes = 0;
  #offset = 0;

  constructor(openEngine: () => PackEngine, budget: UnpackBudget) {
    this.#openEngine = openEngine;
    this.#budget = budget;
  }

  /** Whether there is enough for a step. */
  add(part: Uint8Array, endOffset: number): boolean {
    this.#parts.push(part);
    this.#partBytes += part.length;
    this.#offset = endOffset;
    return this.#partBytes >= STEP_BYTES || this.#parts.length >= STEP_BLOCKS;
  }

  async *step(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#partBytes === 0) return;
    const input = this.#parts.length === 1
      ? this.#parts[0]!
      : joinBytes(this.#parts, this.#partBytes);
    this.#parts = [];
    this.#partBytes = 0;
    this.#engine ??= this.#openEngine();
    yield* this.#deliver(await this.#engine.write(input));
  }

  async *end(
    contentBytes: number | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.step();
    yield* this.#deliver(await this.#engine!.end());
    const got = this.#frameBytes;
    this[Symbol.dispose]();
    if (contentBytes !== undefined && contentBytes !== got) {
      throw this.#error(`frame has ${got} bytes, expected ${contentBytes}`);
    }
  }

  [Symbol.dispose](): void {
    this.#engine?.[Symbol.dispose]();
    this.#engine = undefined;
    this.#frameBytes = 0;
  }

  *#deliver({ output, fault }: PackStep): Generator<Uint8Array> {
    for (const chunk of output) {
      this.#frameBytes += chunk.length;
      this.#budget.addUnpacked(chunk.length);
      yield chunk;
    }
    if (fault === undefined) return;
    throw this.#error(`data is damaged (${fault.message})`, fault);
  }

  #error(state: string, cause?: Error): FormatError {
    return new FormatError(
      `Cannot unpack zstd stream before byte ${this.#offset}: ${state}`,
      {
        format: "zstd",
        offset: this.#offset,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }
}

function joinBytes(parts: readonly Uint8Array[], size: number): Uint8Array {
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

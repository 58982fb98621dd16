import type { KTime } from "../base/time.ts";
import { ERROR_FRAME_BIT } from "../profile/frame_type_table.ts";
import {
  isRawErrorFrame,
  isRawPidSpecific,
  rawFrameAt,
  rawFrameLength,
  rawWordAt,
} from "../profile/raw_frames.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  ProcessMeta,
  RawTrace,
} from "../profile/raw_trace.ts";
import type { Trace, TraceFrame } from "../profile/trace.ts";
import { FRAME_KEY_WORDS, FrameCache } from "./frame_cache.ts";
import { StackCache } from "./stack_cache.ts";
import type { FrameCacheCounts, TraceProcessor } from "./trace_processor.ts";

/** How a {@linkcode FrameCachingProcessor} works. */
export interface FrameCachingProcessorOptions {
  /** Entries of the cache, from 1024 to 1048576. @default {16384} */
  readonly cacheSize?: number | undefined;
  /** Whether frames that stand for errors of the unwinder are kept. @default {false} */
  readonly keepErrorFrames?: boolean | undefined;
  /** Tells what is known of a process. @default {nothing} */
  readonly processOf?:
    | ((trace: RawTrace) => ProcessMeta | undefined)
    | undefined;
  /** Told when a trace was handled. @default {nobody} */
  readonly onComplete?: ((ktime: KTime) => void) | undefined;
}

const DEFAULT_CACHE_SIZE = 16_384;
const MIN_CACHE_SIZE = 1024;
const MAX_CACHE_SIZE = 1_048_576;
/** Words of a frame by which it is recognised. */
const KEY_WORDS = 3;
/** Whole stacks that are remembered. */
const STACK_CACHE_SIZE = 16_384;

/**
 * Names the frames of traces and remembers them, so that a frame is converted
 * once however many traces it is in. A stack that comes again as a whole gives
 * the very same trace. It must be asked for one trace at a time.
 */
export class FrameCachingProcessor implements TraceProcessor {
  readonly #converter: FrameConverter;
  readonly #options: FrameCachingProcessorOptions;
  readonly #cache: FrameCache<readonly TraceFrame[]>;
  readonly #stacks = new StackCache(STACK_CACHE_SIZE);
  readonly #key = new Int32Array(FRAME_KEY_WORDS);
  #isWholeCacheable = true;
  #hits = 0;
  #misses = 0;

  /**
   * @param converter Names one frame.
   * @param options Size of the cache, and what is done with errors.
   * @throws {RangeError} When the size is out of range.
   */
  constructor(
    converter: FrameConverter,
    options: FrameCachingProcessorOptions = {},
  ) {
    const { cacheSize = DEFAULT_CACHE_SIZE } = options;
    if (
      !Number.isSafeInteger(cacheSize) || cacheSize < MIN_CACHE_SIZE ||
      cacheSize > MAX_CACHE_SIZE
    ) {
      throw new RangeError(
        `Cannot cache frames: cacheSize is ${cacheSize}, expected ${MIN_CACHE_SIZE} to ${MAX_CACHE_SIZE}`,
      );
    }
    this.#converter = converter;
    this.#options = options;
    this.#cache = new FrameCache(cacheSize);
  }

  convertTrace(rawTrace: RawTrace): Trace | Promise<Trace> {
    const { generation } = this.#converter;
    const known = this.#stacks.get(rawTrace, generation);
    if (known !== undefined) {
      this.#hits += known.frameCount;
      return known.trace;
    }
    const before = this.#hits + this.#misses;
    this.#isWholeCacheable = true;
    const trace = this.#convertFrom(rawTrace, 0, []);
    // A promise has no place in a cache: the next time all its frames are known.
    if (!(trace instanceof Promise) && this.#isWholeCacheable) {
      this.#stacks.add(rawTrace, generation, {
        trace,
        frameCount: this.#hits + this.#misses - before,
      });
    }
    return trace;
  }

  symbolizationComplete(ktime: KTime): void {
    this.#options.onComplete?.(ktime);
  }

  processOf(rawTrace: RawTrace): ProcessMeta | undefined {
    return this.#options.processOf?.(rawTrace);
  }

  takeFrameCacheCounts(): FrameCacheCounts {
    const counts = { hits: this.#hits, misses: this.#misses };
    this.#hits = 0;
    this.#misses = 0;
    return counts;
  }

  #convertFrom(
    trace: RawTrace,
    start: number,
    frames: TraceFrame[],
  ): Trace | Promise<Trace> {
    const { frameData, kernelFrameCount } = trace;
    const end = frameData.length / 2;
    for (let at = start; at < end;) {
      const isKernel = at < kernelFrameCount;
      const half = frameData[at * 2 + 1]!;
      const length = isKernel ? 1 : rawFrameLength(half);
      if (length === 0 || at + length > end) {
        throw new RangeError(
          `Cannot convert trace: frame at word ${at} has ${length} of ${
            end - at
          } words`,
        );
      }
      if (!isKernel && isRawErrorFrame(half)) {
        if (this.#options.keepErrorFrames === true) {
          frames.push(errorFrame(frameData, at));
        }
        at += length;
        continue;
      }
      const known = this.#lookUp(trace, at, length);
      if (known !== undefined) {
        this.#hits++;
        for (let index = 0; index < known.length; index++) {
          frames.push(known[index]!);
        }
        at += length;
        continue;
      }
      const converted = isKernel
        ? this.#converter.convertKernelAddress(rawWordAt(frameData, at), trace)
        : this.#converter.convertFrame(rawFrameAt(frameData, at), trace);
      if (converted instanceof Promise) {
        return this.#convertLater(trace, at, length, frames, converted);
      }
      this.#take(trace, at, length, frames, converted);
      at += length;
    }
    return { frames };
  }

  async #convertLater(
    trace: RawTrace,
    at: number,
    length: number,
    frames: TraceFrame[],
    pending: Promise<ConvertedFrame>,
  ): Promise<Trace> {
    this.#take(trace, at, length, frames, await pending);
    return await this.#convertFrom(trace, at + length, frames);
  }

  #take(
    trace: RawTrace,
    at: number,
    length: number,
    frames: TraceFrame[],
    converted: ConvertedFrame,
  ): void {
    for (const frame of converted.frames) frames.push(frame);
    if (!converted.isCacheable) {
      this.#isWholeCacheable = false;
      return;
    }
    this.#misses++;
    // Another trace may have come between when the conversion took its time.
    if (this.#lookUp(trace, at, length) === undefined) {
      this.#cache.add(this.#key, converted.frames);
    }
  }

  /** Leaves the key in `#key`. */
  #lookUp(
    { frameData, kernelFrameCount, pid }: RawTrace,
    at: number,
    length: number,
  ): readonly TraceFrame[] | undefined {
    const key = this.#key;
    const words = Math.min(length, KEY_WORDS) * 2;
    for (let index = 0; index < words; index++) {
      key[index] = frameData[at * 2 + index]!;
    }
    for (let index = words; index < KEY_WORDS * 2; index++) key[index] = 0;
    const isKernel = at < kernelFrameCount;
    key[6] = isKernel ? -1 : isRawPidSpecific(frameData[at * 2 + 1]!) ? pid : 0;
    key[7] = this.#converter.generation;
    return this.#cache.get(key);
  }
}

function errorFrame(words: Uint32Array, at: number): TraceFrame {
  const { type, data } = rawFrameAt(words, at);
  return {
    type: type | ERROR_FRAME_BIT,
    functionName: "",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address: BigInt(data),
    mapping: undefined,
  };
}

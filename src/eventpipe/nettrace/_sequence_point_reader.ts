import { LimitError } from "../../base/errors.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import type { QpcTicks } from "../../base/time.ts";
import { BlockDamage, NETTRACE_FORMAT, readInBlock } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import type { DecodeState } from "./_decode_state.ts";
import { threadKeyOf } from "./_thread_table.ts";

const CLEARS_THREADS = 1;
const CLEARS_METADATA = 2;

/**
 * Reads a sequence point and acts on it, even if its list is damaged.
 *
 * | at (v4) | at (v6) | type | field                                      |
 * | ------- | ------- | ---- | ------------------------------------------ |
 * | 0       | 0       | i64  | time                                       |
 * | -       | 8       | u32  | flags: 1 threads, 2 metadata are void      |
 * | 8       | 12      | u32  | count of threads                           |
 * | 12      | 16      |      | u64 thread, u32 number; version 6:         |
 * |         |         |      | varuint64 index, varuint32 number          |
 *
 * @throws {BlockDamage} When the list exceeds the block.
 */
export function readSequencePoint(
  window: ByteWindow,
  state: DecodeState,
): void {
  const offset = window.base + window.start;
  const reader = new ByteReader(
    window.bytes.subarray(window.start, window.end),
    { littleEndian: true, format: NETTRACE_FORMAT, baseOffset: offset },
  );
  const isV6 = state.header.version === 6;
  const threads: (readonly [key: number | bigint, sequence: number])[] = [];
  const maxThreads = state.limits.maxTableEntries;
  let ticks = state.header.syncTicks;
  let flags = 0;
  let damage: unknown;
  try {
    readInBlock("SPBlock", () => {
      ticks = reader.i64() as QpcTicks;
      if (isV6) flags = reader.u32();
      const count = reader.u32();
      for (let index = 0; index < count; index++) {
        if (index === maxThreads) throw tooManyThreads(maxThreads, offset);
        threads.push(
          isV6
            ? [threadKeyOf(reader.varuint64()), reader.varuint32()]
            : [threadKeyOf(reader.u64()), reader.u32()],
        );
      }
    });
  } catch (error) {
    if (!(error instanceof BlockDamage)) throw error;
    damage = error;
  }
  state.sequencePoint({
    ticks,
    clearsThreads: (flags & CLEARS_THREADS) !== 0,
    clearsMetadata: (flags & CLEARS_METADATA) !== 0,
    offset,
  }, threads);
  if (damage !== undefined) throw damage;
}

function tooManyThreads(limit: number, offset: number): LimitError {
  return new LimitError(
    `Cannot read nettrace SPBlock at byte ${offset}: it lists more threads than the limit of ${limit}`,
    { limit: "maxTableEntries", value: limit + 1, offset },
  );
}

// The sequences section of a zstd block (RFC 8878, 3.1.1.3.2) with the
// predefined distributions: a count, a byte of modes (0), and a bit stream that
// is read from its end. So the last sequence is written first.

/** Codes of lengths beyond the directly coded ones: first length, extra bits. */
const LITERAL_LENGTH_CODES: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 16 }, (_, length) => [length, 0] as const),
  ...([[16, 1], [18, 1], [20, 1], [22, 1], [24, 2], [28, 2], [32, 3], [40, 3], [
    48,
    4,
  ], [64, 6]] as const),
  ...Array.from(
    { length: 10 },
    (_, power) => [128 << power, 7 + power] as const,
  ),
];
const MATCH_LENGTH_CODES: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 32 }, (_, code) => [code + 3, 0] as const),
  ...([
    [35, 1],
    [37, 1],
    [39, 1],
    [41, 1],
    [43, 2],
    [47, 2],
    [51, 3],
    [59, 3],
    [
      67,
      4,
    ],
    [83, 4],
    [99, 5],
  ] as const),
  ...Array.from(
    { length: 10 },
    (_, power) => [(128 << power) + 3, 7 + power] as const,
  ),
];

/** Probabilities of codes; -1 is "less than 1". */
// deno-fmt-ignore
const LITERAL_LENGTH_COUNTS = [
  4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2,
  2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1,
];
// deno-fmt-ignore
const MATCH_LENGTH_COUNTS = [
  1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1,
  -1, -1, -1, -1, -1,
];
// deno-fmt-ignore
const OFFSET_COUNTS = [
  1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
  -1, -1, -1, -1, -1,
];

/** Longest literal run and match that the codes can say. */
export const MAX_SEQUENCE_LENGTH = 65_536;
/** Shortest match that the codes can say. */
export const MIN_MATCH = 3;

/** Copies and literals of a block, as columns. */
export interface ZstdSequences {
  /** How many. */
  readonly length: number;
  /** Literals before each match. */
  readonly literalLengths: Int32Array;
  /** Length of each match, at least 3. */
  readonly matchLengths: Int32Array;
  /** 1 to 3 for a repeated offset, else the offset plus 3. */
  readonly offsetValues: Int32Array;
}

/**
 * Encodes the sequences section of a block.
 *
 * @param sequences The sequences in order.
 * @returns The bytes.
 */
export function encodeZstdSequences(sequences: ZstdSequences): Uint8Array {
  const { length } = sequences;
  // At most 3 * 16 extra bits and 3 * 6 bits of states for each sequence.
  const bits = new BitWriter(16 + length * 10);
  writeCount(bits, length);
  if (length === 0) return bits.bytes();
  bits.byte(0);
  const literals = new FseState(literalTable());
  const matches = new FseState(matchTable());
  const offsets = new FseState(offsetTable());
  for (let index = length - 1; index >= 0; index--) {
    const literalLength = sequences.literalLengths[index]!;
    const matchLength = sequences.matchLengths[index]!;
    const offsetValue = sequences.offsetValues[index]!;
    const literalCode = literalCodeOf(literalLength);
    const matchCode = matchCodeOf(matchLength);
    const offsetCode = 31 - Math.clz32(offsetValue);
    if (index === length - 1) {
      matches.start(matchCode);
      offsets.start(offsetCode);
      literals.start(literalCode);
    } else {
      offsets.push(bits, offsetCode);
      matches.push(bits, matchCode);
      literals.push(bits, literalCode);
    }
    const [literalBase, literalBits] = LITERAL_LENGTH_CODES[literalCode]!;
    const [matchBase, matchBits] = MATCH_LENGTH_CODES[matchCode]!;
    bits.add(literalLength - literalBase, literalBits);
    bits.add(matchLength - matchBase, matchBits);
    bits.add(offsetValue - 2 ** offsetCode, offsetCode);
  }
  matches.finish(bits);
  offsets.finish(bits);
  literals.finish(bits);
  // A set bit marks the end of the stream, which is where reading begins.
  bits.add(1, 1);
  return bits.bytes();
}

function writeCount(bits: BitWriter, count: number): void {
  if (count < 128) bits.byte(count);
  else if (count < 0x7f00) {
    bits.byte((count >> 8) + 128);
    bits.byte(count & 0xff);
  } else {
    bits.byte(255);
    bits.byte((count - 0x7f00) & 0xff);
    bits.byte((count - 0x7f00) >> 8);
  }
}

function literalCodeOf(length: number): number {
  if (length < 64) return SHORT_LITERAL_CODES[length]!;
  // 64 has code 25; each further one takes twice as many lengths.
  return 31 - Math.clz32(length) + 19;
}

function matchCodeOf(length: number): number {
  if (length < 131) return SHORT_MATCH_CODES[length]!;
  return 31 - Math.clz32(length - MIN_MATCH) + 36;
}

const SHORT_LITERAL_CODES = codesBelow(LITERAL_LENGTH_CODES, 64);
const SHORT_MATCH_CODES = codesBelow(MATCH_LENGTH_CODES, 131);

function codesBelow(
  codes: readonly (readonly [number, number])[],
  limit: number,
): Uint8Array {
  return Uint8Array.from(
    { length: limit },
    (_, length) => Math.max(0, codes.findLastIndex(([base]) => base <= length)),
  );
}

/** How a symbol changes the state of an FSE encoder. */
interface FseTable {
  readonly log: number;
  /** Next states, by symbol and rank. */
  readonly states: Uint16Array;
  /** By symbol: bits to write, in a form that a sum with the state gives by its upper half. */
  readonly bitDeltas: Int32Array;
  /** By symbol: where its states begin, less its smallest shifted state. */
  readonly stateDeltas: Int32Array;
}

function buildTable(counts: readonly number[], log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  // Rare symbols take the end of the table, all others are spread over the rest.
  let end = size - 1;
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[end--] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  counts.forEach((count, symbol) => {
    for (let index = 0; index < count; index++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1); while (at > end);
    }
  });
  const next = new Int32Array(counts.length);
  const bitDeltas = new Int32Array(counts.length);
  const stateDeltas = new Int32Array(counts.length);
  let total = 0;
  counts.forEach((count, symbol) => {
    next[symbol] = total;
    const slots = Math.abs(count);
    if (slots <= 1) {
      bitDeltas[symbol] = (log << 16) - size;
      stateDeltas[symbol] = total - 1;
    } else {
      const maxBits = log - (31 - Math.clz32(slots - 1));
      bitDeltas[symbol] = (maxBits << 16) - (slots << maxBits);
      stateDeltas[symbol] = total - slots;
    }
    total += slots;
  });
  const states = new Uint16Array(size);
  for (let position = 0; position < size; position++) {
    states[next[symbols[position]!]!++] = size + position;
  }
  return { log, states, bitDeltas, stateDeltas };
}

/** Makes a value when it is first asked for. */
function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => value ??= make();
}

const literalTable = once(() => buildTable(LITERAL_LENGTH_COUNTS, 6));
const matchTable = once(() => buildTable(MATCH_LENGTH_COUNTS, 6));
const offsetTable = once(() => buildTable(OFFSET_COUNTS, 5));

class FseState {
  readonly #table: FseTable;
  #state = 0;

  constructor(table: FseTable) {
    this.#table = table;
  }

  /** Takes the first symbol, which needs no bits. */
  start(symbol: number): void {
    const delta = this.#table.bitDeltas[symbol]!;
    const bits = (delta + (1 << 15)) >> 16;
    this.#state = this.#next(symbol, (bits << 16) - delta, bits);
  }

  push(writer: BitWriter, symbol: number): void {
    const bits = (this.#state + this.#table.bitDeltas[symbol]!) >> 16;
    writer.add(this.#state & ((1 << bits) - 1), bits);
    this.#state = this.#next(symbol, this.#state, bits);
  }

  finish(writer: BitWriter): void {
    const { log } = this.#table;
    writer.add(this.#state & ((1 << log) - 1), log);
  }

  #next(symbol: number, state: number, bits: number): number {
    return this.#table
      .states[(state >> bits) + this.#table.stateDeltas[symbol]!]!;
  }
}

/** Collects bits, lowest first. */
class BitWriter {
  readonly #bytes: Uint8Array;
  #length = 0;
  #bits = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  /** Whole bytes, before any bits. */
  byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  /** @param value From 0 to 2^count - 1. @param count At most 24. */
  add(value: number, count: number): void {
    this.#bits |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.#length++] = this.#bits & 0xff;
      this.#bits >>>= 8;
      this.#count -= 8;
    }
  }

  bytes(): Uint8Array {
    if (this.#count > 0) this.#bytes[this.#length++] = this.#bits;
    this.#count = 0;
    return this.#bytes.subarray(0, this.#length);
  }
}

import { LimitError } from "../base/errors.ts";
import type { Limits } from "../base/limits.ts";

/** Unpacked bytes up to which the ratio is not looked at: short runs may well be extreme. */
const FREE_BYTES = 64 * 1024 * 1024;

/** Keeps account of packed and unpacked bytes and stops what looks like a bomb. */
export class UnpackBudget {
  readonly #format: string;
  readonly #limits: Limits;
  #packed = 0;
  #unpacked = 0;

  /**
   * @param format Short name of the format, for errors.
   * @param limits Uses `maxDecompressedBytes` and `maxCompressionRatio`.
   */
  constructor(format: string, limits: Limits) {
    this.#format = format;
    this.#limits = limits;
  }

  /** @param count Packed bytes that were read. */
  addPacked(count: number): void {
    this.#packed += count;
  }

  /**
   * @param count Unpacked bytes that are about to be delivered.
   * @throws {LimitError} When they exceed the limits.
   */
  addUnpacked(count: number): void {
    this.#unpacked += count;
    const { maxDecompressedBytes, maxCompressionRatio } = this.#limits;
    if (this.#unpacked > maxDecompressedBytes) {
      throw this.#error(
        "maxDecompressedBytes",
        this.#unpacked,
        `more than ${maxDecompressedBytes} bytes come out`,
      );
    }
    if (this.#unpacked <= FREE_BYTES) return;
    const ratio = this.#unpacked / Math.max(1, this.#packed);
    if (ratio > maxCompressionRatio) {
      throw this.#error(
        "maxCompressionRatio",
        Math.round(ratio),
        `${this.#unpacked} bytes come out of ${this.#packed}`,
      );
    }
  }

  #error(limit: string, value: number, state: string): LimitError {
    return new LimitError(
      `Cannot unpack ${this.#format} stream at byte ${this.#packed}: ${state}`,
      { limit, value, offset: this.#packed },
    );
  }
}

import { FormatError } from "../../base/errors.ts";
import { NETTRACE_FORMAT } from "./_block_damage.ts";
import type { ByteWindow } from "./_byte_window.ts";
import type { DecodeState } from "./_decode_state.ts";

/** A stream cut into records, of one of the generations of the format. */
export interface StreamFraming {
  /** Bytes from the start of the current record that must be there to go on. */
  readonly neededBytes: number;
  /** Name of the current record as far as it is known. */
  readonly record: string;
  /** Whether `neededBytes` is the size of the whole record. */
  readonly isSizeKnown: boolean;
  /** Whether the end mark was met. */
  readonly isComplete: boolean;
  /** What is known from the header on. */
  readonly state: DecodeState | undefined;
  /**
   * Reads one record.
   *
   * @param window From the start of the record on.
   * @returns Bytes of the record, or 0 when more are needed.
   * @throws {StreamDamage} When the framing is broken.
   */
  step(window: ByteWindow): number;
  /**
   * Delivers what can be read of a record that the end of the stream cuts.
   */
  salvage(window: ByteWindow): void;
  /**
   * Looks at what is left when the stream ends between or in records.
   *
   * @returns What is wrong beyond being cut, if anything.
   */
  describeRest(window: ByteWindow): string | undefined;
}

/** The framing of a stream is broken: nothing behind it can be trusted. */
export class StreamDamage extends FormatError {
  override name = "FormatError";

  /**
   * @param record Name of the record.
   * @param found The state that was found.
   * @param offset Absolute offset of the fault.
   */
  constructor(record: string, found: string, offset: number) {
    super(`Cannot read nettrace ${record} at byte ${offset}: ${found}`, {
      format: NETTRACE_FORMAT,
      offset,
      record,
    });
  }
}

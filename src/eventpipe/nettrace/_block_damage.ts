import { FormatError } from "../../base/errors.ts";

/** Short name of the format in errors. */
export const NETTRACE_FORMAT = "nettrace";

/**
 * The content of one block cannot be read from some place on. The block's
 * framing is intact, so decoding goes on behind it.
 */
export class BlockDamage extends FormatError {
  override name = "FormatError";

  /**
   * @param what Name of the block.
   * @param found The state that was found.
   * @param offset Absolute offset of the fault.
   */
  constructor(what: string, found: string, offset: number) {
    super(`Cannot read nettrace ${what} at byte ${offset}: ${found}`, {
      format: NETTRACE_FORMAT,
      offset,
      record: what,
    });
  }
}

/**
 * Runs a reading step of a block.
 *
 * @throws {BlockDamage} When the step fails with a format error.
 */
export function readInBlock<Value>(what: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof BlockDamage || !(error instanceof FormatError)) {
      throw error;
    }
    const found = error.message.slice(error.message.indexOf(": ") + 2);
    throw new BlockDamage(what, found, error.offset);
  }
}

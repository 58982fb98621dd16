/**
 * Bytes of the stream that a decoding step may look at. Absolute offset of the
 * byte at `bytes[i]` is `base + i`.
 */
export interface ByteWindow {
  readonly bytes: Uint8Array;
  /** The same memory as `bytes`. */
  readonly view: DataView;
  /** Index of the first byte. */
  readonly start: number;
  /** Index behind the last byte. */
  readonly end: number;
  /** Absolute offset of `bytes[0]`; negative when the memory began before the stream. */
  readonly base: number;
}

/**
 * @param bytes Memory.
 * @returns A view of exactly that memory.
 */
export function dataViewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

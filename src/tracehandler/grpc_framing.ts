// A frame: 1 byte that says whether the message is packed, u32 length highest
// byte first, the message.
const PREFIX_BYTES = 5;

/** How {@linkcode frameGrpcMessage} frames. */
export interface FrameGrpcMessageOptions {
  /** Whether the message is packed. @default {false} */
  readonly isPacked?: boolean | undefined;
}

/** A message without its frame. */
export interface UnframedGrpcMessage {
  /** Whether it is packed. */
  readonly isPacked: boolean;
  /** The message, a view of the input. */
  readonly message: Uint8Array;
}

/**
 * Puts a message into the frame of gRPC.
 *
 * @param message The message.
 * @param options Whether it is packed.
 * @returns The frame.
 */
export function frameGrpcMessage(
  message: Uint8Array,
  options: FrameGrpcMessageOptions = {},
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(PREFIX_BYTES + message.length);
  frame[0] = options.isPacked === true ? 1 : 0;
  new DataView(frame.buffer).setUint32(1, message.length);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/**
 * Takes the first message out of its frame.
 *
 * @param bytes All bytes of a stream.
 * @returns The message; `undefined` when it is not complete.
 */
export function unframeGrpcMessage(
  bytes: Uint8Array,
): UnframedGrpcMessage | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = PREFIX_BYTES + view.getUint32(1);
  if (bytes.length < end) return undefined;
  return {
    isPacked: bytes[0] === 1,
    message: bytes.subarray(PREFIX_BYTES, end),
  };
}

import { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import type { Advertise } from "./types.ts";

/** Bytes of the message with which a runtime introduces itself. */
export const ADVERTISE_BYTES = 34;

/** Its first bytes. */
export const ADVERTISE_MAGIC: Uint8Array<ArrayBuffer> = new TextEncoder()
  .encode("ADVR_V1\0");

// | at | size | field                      |
// | -- | ---- | -------------------------- |
// | 0  | 8    | magic                      |
// | 8  | 16   | cookie, a GUID             |
// | 24 | 8    | process id                 |
// | 32 | 2    | 0                          |

/**
 * Makes the message with which a runtime introduces itself.
 *
 * @param advertise Cookie and process.
 * @returns 34 bytes.
 * @throws {SyntaxError} When the cookie is not a GUID.
 */
export function encodeAdvertise(advertise: Advertise): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter({ littleEndian: true });
  writer.bytes(ADVERTISE_MAGIC);
  writer.bytes(parseGuid(advertise.runtimeCookie));
  writer.u64(advertise.processId);
  writer.u16(0);
  return writer.toBytes();
}

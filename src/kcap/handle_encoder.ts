import { HANDLE_META } from "./handle_decoder.ts";
import type { KcapHandle } from "./types.ts";
import type { RecordWriter } from "./_record_writer.ts";

const LONGEST = 0xffff;
/** Bytes of a handle without its texts, at most. */
const FIXED_BYTES = 25 + 16;

/**
 * Writes a handle record with its length; `decodeHandle` shows the layout.
 *
 * @param writer Where to.
 * @param handle The handle; its texts are clipped so that the record has at most
 * 65,535 bytes.
 */
export function encodeHandle(writer: RecordWriter, handle: KcapHandle): void {
  const { bytes } = writer;
  const at = bytes.length;
  bytes.u16(0);
  bytes.u64(handle.id);
  bytes.u64(handle.object);
  bytes.u32(handle.pid);
  const textsAt = bytes.length;
  const room = LONGEST - FIXED_BYTES;
  writer.text(handle.kind, room);
  writer.text(handle.name, room - (bytes.length - textsAt - 2));
  const { meta } = handle;
  bytes.u8(HANDLE_META[meta.type]);
  switch (meta.type) {
    case "alpc":
      bytes.u32(meta.flags);
      bytes.u32(meta.sequence);
      bytes.u64(meta.context);
      break;
    case "mutant":
      bytes.i32(meta.count);
      bytes.u8(meta.isAbandoned ? 1 : 0);
      break;
    case "file":
      bytes.u8(meta.isDirectory ? 1 : 0);
      break;
  }
  bytes.u16At(at, bytes.length - at - 2);
}

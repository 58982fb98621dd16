import { ZERO_TIME } from "./capture_time.ts";
import { encodeHandle } from "./handle_encoder.ts";
import { encodePe } from "./pe_encoder.ts";
import { SECTION } from "./section_header.ts";
import type { KcapPair, KcapProcessState } from "./types.ts";
import type { RecordWriter } from "./_record_writer.ts";

/** How {@linkcode encodeProcessState} writes. */
export interface EncodeProcessStateOptions {
  /** Version of the process section, 1 to 4. */
  readonly version: number;
  /** Version of the PE section, 1 or 2. */
  readonly peVersion: number;
  /** Brings variables and resources into the order to write. */
  readonly arrange: (pairs: readonly KcapPair[]) => readonly KcapPair[];
}

/**
 * Writes process state; `decodeProcessState` shows the layout.
 *
 * @param writer Where to.
 * @param state The state; fields that it lacks are written as not known.
 * @param options Versions and order.
 */
export function encodeProcessState(
  writer: RecordWriter,
  state: KcapProcessState,
  options: EncodeProcessStateOptions,
): void {
  const { bytes } = writer;
  const { version, peVersion, arrange } = options;
  bytes.u32(state.pid);
  bytes.u32(state.ppid);
  for (
    const text of [state.name, state.cmdline, state.exe, state.cwd, state.sid]
  ) writer.text(text);
  writer.texts(state.args);
  if (version < 3) bytes.u8(state.sessionId);
  else bytes.u32(state.sessionId);
  writer.pairs(arrange(state.envs));

  bytes.u8(SECTION.handle);
  bytes.u8(1);
  bytes.u32(state.handles.length);
  bytes.u32(0);
  for (const handle of state.handles) encodeHandle(writer, handle);

  bytes.u8(SECTION.pe);
  bytes.u8(peVersion);
  bytes.u32(0);
  const sizeAt = bytes.length;
  bytes.u32(0);
  if (state.pe !== undefined) {
    encodePe(writer, state.pe, peVersion, arrange(state.pe.resources));
    bytes.u32At(sizeAt, bytes.length - sizeAt - 4);
  }
  if (version < 2) return;
  writer.text(state.startTime ?? ZERO_TIME);
  bytes.u64(state.uuid);
  if (version < 3) return;
  writer.text(state.username);
  writer.text(state.domain);
  if (version < 4) return;
  bytes.u8(state.isWow64 ? 1 : 0);
  bytes.u8(state.isPackaged ? 1 : 0);
  bytes.u8(state.isProtected ? 1 : 0);
}

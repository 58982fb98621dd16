import { decodeHandles } from "./handle_decoder.ts";
import { decodePe } from "./pe_decoder.ts";
import type { KcapHandle, KcapPe, KcapProcessState } from "./types.ts";
import type { RecordCursor } from "./_record_cursor.ts";
import { decodeSectionHeader, SECTION } from "./section_header.ts";

/**
 * Decodes the process state that an event embeds:
 *
 * ```text
 * u32 pid, u32 parent, text name, command line, executable, directory, SID
 * u16 count of arguments: text
 * session: u8 up to version 2, then u32
 * u16 count of variables: text key, text value
 * section header (handles), handle records
 * section header (PE), PE state
 * from version 2: text start time, u64 unique id
 * from version 3: text user, text domain
 * from version 4: u8 WOW64, u8 packaged, u8 protected
 * ```
 *
 * @param cursor At the state; its end is the state's.
 * @param version 1 to 4.
 * @returns The state.
 * @throws {FormatError} When the bytes are not exactly one such state.
 */
export function decodeProcessState(
  cursor: RecordCursor,
  version: number,
): KcapProcessState {
  if (!(version >= 1 && version <= 4)) {
    throw cursor.fault(
      `version of the process section is ${version}, expected 1 to 4`,
    );
  }
  const pid = cursor.u32();
  const ppid = cursor.u32();
  const name = cursor.text();
  const cmdline = cursor.text();
  const exe = cursor.text();
  const cwd = cursor.text();
  const sid = cursor.text();
  const args = cursor.texts();
  const sessionId = version < 3 ? cursor.u8() : cursor.u32();
  const envs = cursor.pairs();
  const handles = decodeHandleSection(cursor);
  const { pe, peVersion } = decodePeSection(cursor);
  const state = {
    pid,
    ppid,
    name,
    cmdline,
    exe,
    cwd,
    sid,
    args,
    sessionId,
    envs,
    handles,
    pe,
    startTime: version < 2 ? undefined : cursor.text(),
    uuid: version < 2 ? 0n : cursor.u64(),
    username: version < 3 ? "" : cursor.text(),
    domain: version < 3 ? "" : cursor.text(),
    isWow64: version < 4 ? false : cursor.u8() === 1,
    isPackaged: version < 4 ? false : cursor.u8() === 1,
    isProtected: version < 4 ? false : cursor.u8() === 1,
    version,
    peVersion,
  };
  if (cursor.remaining !== 0) {
    throw cursor.fault(`${cursor.remaining} bytes follow the process state`);
  }
  return state;
}

function decodeHandleSection(cursor: RecordCursor): KcapHandle[] {
  const { type, count } = decodeSectionHeader(cursor);
  if (type !== SECTION.handle) {
    throw cursor.fault(
      `section in the process state has type ${type}, expected ${SECTION.handle} (handles)`,
    );
  }
  return decodeHandles(cursor, count);
}

function decodePeSection(
  cursor: RecordCursor,
): { readonly pe: KcapPe | undefined; readonly peVersion: number } {
  const { type, version, sizeBytes } = decodeSectionHeader(cursor);
  if (type !== SECTION.pe) {
    throw cursor.fault(
      `section in the process state has type ${type}, expected ${SECTION.pe} (PE)`,
    );
  }
  if (sizeBytes === 0) return { pe: undefined, peVersion: version };
  const end = cursor.end;
  if (sizeBytes > cursor.remaining) {
    throw cursor.fault(
      `PE state of ${sizeBytes} bytes leaves the process state`,
    );
  }
  cursor.end = cursor.position + sizeBytes;
  const pe = decodePe(cursor, version);
  cursor.end = end;
  return { pe, peVersion: version };
}

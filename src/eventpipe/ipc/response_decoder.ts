import { FormatError, LimitError } from "../../base/errors.ts";
import { formatGuid } from "../../codec/guid.ts";
import { IPC_FORMAT, payloadReader, readIpcString } from "./message_decoder.ts";
import { ByteReader } from "../../codec/byte_reader.ts";
import type {
  CollectTracingResponse,
  ErrorResponse,
  ProcessInfo,
} from "./types.ts";

/** Largest environment that is accepted, in bytes. */
export const MAX_ENVIRONMENT_BYTES: number = 256 * 1024 * 1024;

/**
 * Reads the payload of an answer that tells no more than success.
 *
 * @param payload What follows the head; runtimes send 4 bytes, 0 and 8 are accepted.
 * @returns The code, 0 when it is absent.
 */
export function decodeStatus(payload: Uint8Array): number {
  return payload.length < 4 ? 0 : payloadReader(payload).u32();
}

/**
 * Reads the payload of an answer that something failed.
 *
 * @param payload What follows the head.
 * @param options Whether the command is one whose failures have a text.
 * @returns Code and text.
 * @throws {FormatError} When there is no code.
 */
export function decodeError(
  payload: Uint8Array,
  options: { readonly withMessage?: boolean | undefined } = {},
): ErrorResponse {
  const reader = payloadReader(payload);
  const hresult = reader.u32();
  const message = options.withMessage === true && reader.remaining >= 4
    ? readIpcString(reader, "message")?.trim()
    : undefined;
  return { hresult, message: message || undefined };
}

/**
 * Reads the payload of an answer to the start or the end of a session.
 *
 * @param payload What follows the head.
 * @returns The id of the session.
 * @throws {FormatError} When it is missing or 0.
 */
export function decodeSessionId(payload: Uint8Array): CollectTracingResponse {
  const sessionId = payloadReader(payload).u64();
  if (sessionId === 0n) {
    throw new FormatError(`Cannot read ${IPC_FORMAT}: session id is 0`, {
      format: IPC_FORMAT,
      offset: 20,
    });
  }
  return { sessionId };
}

/**
 * Reads the payload of an answer about the process.
 *
 * @param payload What follows the head.
 * @param version Version of the command.
 * @returns What the runtime tells.
 * @throws {FormatError} When a field is missing or broken.
 */
export function decodeProcessInfo(
  payload: Uint8Array,
  version: 1 | 2 | 3,
): ProcessInfo {
  const reader = payloadReader(payload);
  const form = version === 3 ? reader.u32() : 0;
  const text = (field: string) => readIpcString(reader, field) ?? "";
  return {
    processId: reader.u64(),
    runtimeCookie: formatGuid(reader.bytes(16)),
    commandLine: text("command line"),
    os: text("operating system"),
    arch: text("architecture"),
    entrypointAssembly: version >= 2 ? text("entry assembly") : undefined,
    clrVersion: version >= 2 ? text("runtime version") : undefined,
    portableRid: form >= 1 ? text("portable runtime id") : undefined,
  };
}

/**
 * Reads how long the environment is that follows an answer.
 *
 * @param payload What follows the head.
 * @returns Bytes that follow.
 * @throws {FormatError} When the number is missing or below 4.
 * @throws {LimitError} When it exceeds 256 MiB.
 */
export function decodeEnvironmentSize(payload: Uint8Array): number {
  const size = payloadReader(payload).u32();
  if (size < 4) {
    throw new FormatError(
      `Cannot read ${IPC_FORMAT}: environment has ${size} bytes, it needs at least 4`,
      { format: IPC_FORMAT, offset: 20 },
    );
  }
  if (size > MAX_ENVIRONMENT_BYTES) {
    throw new LimitError(
      `Cannot read ${IPC_FORMAT}: environment has ${size} bytes, limit is ${MAX_ENVIRONMENT_BYTES}`,
      { limit: "environment", value: size, offset: 20 },
    );
  }
  return size;
}

/**
 * Reads an environment.
 *
 * @param bytes The bytes that follow the answer.
 * @returns Values by name; of names that occur twice the last one.
 * @throws {FormatError} When it is cut or does not fill its bytes.
 */
export function decodeEnvironment(bytes: Uint8Array): Map<string, string> {
  const reader = new ByteReader(bytes, {
    littleEndian: true,
    format: "environment",
  });
  const count = reader.u32();
  if (count * 4 > reader.remaining) {
    throw new FormatError(
      `Cannot read environment: ${count} entries do not fit into ${bytes.length} bytes`,
      { format: "environment", offset: 0 },
    );
  }
  const entries = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const entry = readIpcString(reader, `entry ${index}`) ?? "";
    // Windows has variables such as "=C:".
    const at = entry.indexOf("=", 1);
    const name = at < 0 ? entry : entry.slice(0, at);
    // A name that occurs again takes the last place too.
    entries.delete(name);
    entries.set(name, at < 0 ? "" : entry.slice(at + 1));
  }
  if (reader.remaining > 0) {
    throw new FormatError(
      `Cannot read environment: ${reader.remaining} bytes follow its ${count} entries`,
      { format: "environment", offset: reader.offset },
    );
  }
  return entries;
}

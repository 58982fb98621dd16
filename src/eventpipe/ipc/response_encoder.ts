import { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import { REPLY } from "./command_table.ts";
import { encodeMessage, writeIpcString } from "./message_encoder.ts";
import type { ErrorResponse, ProcessInfo } from "./types.ts";

/** Answers as a runtime makes them. */
export type DiagnosticResponse =
  | { readonly type: "status"; readonly hresult: number }
  | { readonly type: "session"; readonly sessionId: bigint }
  | {
    readonly type: "processInfo";
    readonly version: 1 | 2 | 3;
    readonly info: ProcessInfo;
  }
  | { readonly type: "environment"; readonly sizeBytes: number }
  | ({ readonly type: "error" } & ErrorResponse);

/**
 * Makes the message of an answer.
 *
 * @param response The answer.
 * @returns The bytes.
 */
export function encodeResponse(
  response: DiagnosticResponse,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter({ littleEndian: true });
  switch (response.type) {
    case "status":
      writer.u32(response.hresult);
      break;
    case "session":
      writer.u64(response.sessionId);
      break;
    case "processInfo":
      writeProcessInfo(writer, response.info, response.version);
      break;
    case "environment":
      writer.u32(response.sizeBytes);
      writer.u16(0);
      break;
    case "error":
      writer.u32(response.hresult);
      if (response.message !== undefined) {
        writeIpcString(writer, response.message);
      }
      break;
  }
  return encodeMessage(
    response.type === "error" ? REPLY.error : REPLY.ok,
    writer.view(),
  );
}

function writeProcessInfo(
  writer: ByteWriter,
  info: ProcessInfo,
  version: 1 | 2 | 3,
): void {
  if (version === 3) writer.u32(1);
  writer.u64(info.processId);
  writer.bytes(parseGuid(info.runtimeCookie));
  writeIpcString(writer, info.commandLine);
  writeIpcString(writer, info.os);
  writeIpcString(writer, info.arch);
  if (version === 1) return;
  writeIpcString(writer, info.entrypointAssembly ?? "");
  writeIpcString(writer, info.clrVersion ?? "");
  if (version === 3) writeIpcString(writer, info.portableRid ?? "");
}

/**
 * Makes the bytes that follow an answer about the environment.
 *
 * @param environment Values by name.
 * @returns The bytes.
 */
export function encodeEnvironment(
  environment: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter({ littleEndian: true });
  const entries = Object.entries(environment);
  writer.u32(entries.length);
  for (const [name, value] of entries) {
    writeIpcString(writer, `${name}=${value}`);
  }
  return writer.toBytes();
}

import { ByteWriter } from "../../codec/byte_writer.ts";
import { parseGuid } from "../../codec/guid.ts";
import { COMMAND } from "./command_table.ts";
import type { CommandName } from "./command_table.ts";
import { encodeMessage, writeIpcString } from "./message_encoder.ts";
import type {
  CollectTracingConfig,
  CollectTracingPayload,
  DiagnosticRequest,
  ProviderConfig,
} from "./types.ts";

/** What the runtime tells at the end of a session unless something else is asked for. */
export const DEFAULT_RUNDOWN_KEYWORD = 0x8002_0139n;

/** Keywords of a provider that is given none: all that are left to event sources. */
export const DEFAULT_KEYWORDS = 0xf000_0000_0000n;

/** Buffer of a session in MB. */
export const DEFAULT_BUFFER_MB = 256;

const MAX_PROVIDERS = 1000;
const MAX_LEVEL = 5;
const ZERO_GUID_REGEXP = /^\{?[0-]+\}?$/;

/**
 * Fills in what a session's configuration leaves out and chooses the oldest
 * command that can express it, so that old runtimes keep working.
 *
 * @param config The configuration.
 * @returns The payload.
 */
export function planCollectTracing(
  config: CollectTracingConfig,
): CollectTracingPayload {
  const full = {
    providers: config.providers,
    bufferSizeMb: config.bufferSizeMb ?? DEFAULT_BUFFER_MB,
    format: config.format ?? 1,
    rundownKeyword: config.rundownKeyword ?? DEFAULT_RUNDOWN_KEYWORD,
    stackwalk: config.stackwalk ?? true,
    bufferingMode: config.bufferingMode ?? "drop",
    sessionType: config.sessionType ?? "stream",
  } as const;
  const { rundownKeyword } = full;
  const needs5 = full.sessionType === "userEvents" ||
    full.providers.some(({ eventFilter }) => eventFilter !== undefined);
  if (full.bufferingMode !== "drop") return { ...full, version: 6 };
  if (needs5) return { ...full, version: 5 };
  if (rundownKeyword !== DEFAULT_RUNDOWN_KEYWORD && rundownKeyword !== 0n) {
    return { ...full, version: 4 };
  }
  return { ...full, version: full.stackwalk ? 2 : 3 };
}

/**
 * Tells which command a request is.
 *
 * @param request The request.
 * @returns Name of the command, version included.
 */
export function requestCommand(request: DiagnosticRequest): CommandName {
  switch (request.type) {
    case "collectTracing":
    case "generateCoreDump":
    case "processInfo":
      return (request.version === 1
        ? request.type
        : `${request.type}${request.version}`) as CommandName;
    default:
      return request.type;
  }
}

/**
 * Makes the message of a request.
 *
 * @param request The request.
 * @returns The bytes.
 * @throws {RangeError} When a value is outside of what runtimes accept, or the
 * message is too large.
 * @throws {SyntaxError} When the id of a profiler is not a GUID.
 */
export function encodeRequest(
  request: DiagnosticRequest,
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter({ littleEndian: true });
  switch (request.type) {
    case "collectTracing":
      writeCollectTracing(writer, request);
      break;
    case "stopTracing":
      writer.u64(request.sessionId);
      break;
    case "generateCoreDump":
      refuseEmpty(request.path, "path of the dump");
      writeIpcString(writer, request.path);
      writer.u32(request.dumpType);
      writer.u32(request.flags);
      break;
    case "attachProfiler":
      writer.u32(request.timeoutMs);
      writeProfiler(writer, request);
      writer.u32(request.clientData.length);
      writer.bytes(request.clientData);
      break;
    case "startupProfiler":
      writeProfiler(writer, request);
      break;
    case "setEnvironmentVariable":
      refuseEmpty(request.name, "name of the environment variable");
      writeIpcString(writer, request.name);
      writeIpcString(writer, request.value);
      break;
    case "enablePerfMap":
      writer.u32(request.perfMapType);
      break;
    case "applyStartupHook":
      refuseEmpty(request.path, "path of the startup hook");
      writeIpcString(writer, request.path);
      break;
    case "processInfo":
    case "resumeRuntime":
    case "processEnvironment":
    case "disablePerfMap":
      break;
  }
  return encodeMessage(COMMAND[requestCommand(request)], writer.view());
}

function writeProfiler(
  writer: ByteWriter,
  { profilerId, path }: { readonly profilerId: string; readonly path: string },
): void {
  if (ZERO_GUID_REGEXP.test(profilerId)) {
    throw new RangeError("Cannot send a profiler: its id is zero");
  }
  refuseEmpty(path, "path of the profiler");
  writer.bytes(parseGuid(profilerId));
  writeIpcString(writer, path);
}

// | version | fields                                                                      |
// | ------- | --------------------------------------------------------------------------- |
// | 1       | buffer, format, providers                                                   |
// | 2       | buffer, format, rundown, providers                                          |
// | 3       | buffer, format, rundown, stack walk, providers                              |
// | 4       | buffer, format, rundown keyword, stack walk, providers                      |
// | 5, 6    | type 0, buffer, format, rundown keyword, stack walk, providers with filter, |
// |         | and in 6 the buffering mode                                                 |
// | 5, 6    | type 1, rundown keyword, providers with filter and tracepoints              |
function writeCollectTracing(
  writer: ByteWriter,
  payload: CollectTracingPayload,
): void {
  checkCollectTracing(payload);
  const { version, sessionType, rundownKeyword } = payload;
  const isStream = sessionType === "stream";
  if (version >= 5) writer.u32(isStream ? 0 : 1);
  if (isStream) {
    writer.u32(payload.bufferSizeMb);
    writer.u32(payload.format);
  }
  if (version === 2 || version === 3) writer.u8(rundownKeyword === 0n ? 0 : 1);
  if (version >= 4) writer.u64(rundownKeyword);
  if (version >= 3 && isStream) writer.u8(payload.stackwalk ? 1 : 0);
  writer.u32(payload.providers.length);
  for (const provider of payload.providers) {
    writer.u64(BigInt.asUintN(64, provider.keywords ?? DEFAULT_KEYWORDS));
    writer.u32(provider.level);
    writeIpcString(writer, provider.name);
    writeIpcString(
      writer,
      provider.arguments === undefined ? "" : provider.arguments,
    );
    if (version >= 5) writeEventFilter(writer, provider);
    if (!isStream) writeTracepoints(writer, provider);
  }
  if (version === 6 && isStream) {
    writer.u32(payload.bufferingMode === "block" ? 1 : 0);
  }
}

function writeEventFilter(
  writer: ByteWriter,
  { eventFilter }: ProviderConfig,
): void {
  writer.u8(eventFilter?.enable === true ? 1 : 0);
  writeIds(writer, eventFilter?.eventIds ?? []);
}

function writeTracepoints(
  writer: ByteWriter,
  { tracepoints }: ProviderConfig,
): void {
  writeIpcString(writer, tracepoints!.defaultName);
  writer.u32(tracepoints!.sets.length);
  for (const { name, eventIds } of tracepoints!.sets) {
    writeIpcString(writer, name);
    writeIds(writer, eventIds);
  }
}

function writeIds(writer: ByteWriter, ids: readonly number[]): void {
  writer.u32(ids.length);
  for (const id of ids) writer.u32(id);
}

/** What a runtime would answer with "bad encoding" is refused before it is sent. */
function checkCollectTracing(payload: CollectTracingPayload): void {
  const { providers, bufferSizeMb, format, sessionType, version } = payload;
  if (providers.length === 0 || providers.length > MAX_PROVIDERS) {
    throw refusal(
      `it has ${providers.length} providers, allowed are 1 to ${MAX_PROVIDERS}`,
    );
  }
  if (
    !Number.isInteger(bufferSizeMb) || bufferSizeMb < 1 ||
    bufferSizeMb > 0xffff_ffff
  ) {
    throw refusal(
      `its buffer is ${bufferSizeMb} MB, allowed are 1 to 4294967295`,
    );
  }
  if (format !== 0 && format !== 1) {
    throw refusal(`its format is ${format}, allowed are 0 and 1`);
  }
  if (sessionType === "userEvents" && version < 5) {
    throw refusal(`user_events need version 5 of the command`);
  }
  for (const provider of providers) {
    const { name, level } = provider;
    if (name === "") throw refusal("the name of a provider is empty");
    if (!Number.isInteger(level) || level < 0 || level > MAX_LEVEL) {
      throw refusal(
        `the level of "${name}" is ${level}, allowed are 0 to ${MAX_LEVEL}`,
      );
    }
    if (sessionType === "userEvents") checkTracepoints(provider);
  }
}

function checkTracepoints({ name, tracepoints }: ProviderConfig): void {
  if (
    tracepoints === undefined ||
    (tracepoints.defaultName === null && tracepoints.sets.length === 0)
  ) {
    throw refusal(`"${name}" has no tracepoint`);
  }
  const seen = new Set<number>();
  for (const set of tracepoints.sets) {
    if (set.name === "" || set.eventIds.length === 0) {
      throw refusal(`a tracepoint of "${name}" has no name or no events`);
    }
    for (const id of set.eventIds) {
      if (seen.has(id)) {
        throw refusal(`event ${id} of "${name}" is in two tracepoints`);
      }
      seen.add(id);
    }
  }
  if (tracepoints.defaultName === "") {
    throw refusal(`a tracepoint of "${name}" has no name`);
  }
}

function refusal(state: string): RangeError {
  return new RangeError(`Cannot start a session: ${state}`);
}

function refuseEmpty(text: string, what: string): void {
  if (text === "") throw new RangeError(`Cannot send the ${what}: it is empty`);
}

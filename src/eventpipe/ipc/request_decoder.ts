import { FormatError } from "../../base/errors.ts";
import type { ByteReader } from "../../codec/byte_reader.ts";
import { formatGuid } from "../../codec/guid.ts";
import { commandName } from "./command_table.ts";
import type { CommandName } from "./command_table.ts";
import { IPC_FORMAT, payloadReader, readIpcString } from "./message_decoder.ts";
import { DEFAULT_RUNDOWN_KEYWORD } from "./request_encoder.ts";
import type {
  CollectTracingPayload,
  DiagnosticRequest,
  EventFilter,
  ProviderConfig,
  TracepointConfig,
} from "./types.ts";

const MAX_PROVIDERS = 1000;
const MAX_LEVEL = 5;
/** Fewest bytes of a provider: keywords, level, two counts. */
const MIN_PROVIDER_BYTES = 20;

/**
 * Reads the payload of a request, as a runtime does: what follows the fields
 * that a command knows is ignored.
 *
 * @param code Code of the command.
 * @param payload What follows the head.
 * @returns The request.
 * @throws {RangeError} When there is no command of this code.
 * @throws {FormatError} When a runtime would answer with "bad encoding".
 */
export function decodeRequest(
  code: number,
  payload: Uint8Array,
): DiagnosticRequest {
  const name = commandName(code);
  if (name === undefined) {
    throw new RangeError(
      `Cannot read request: command 0x${
        code.toString(16).padStart(4, "0")
      } is unknown`,
    );
  }
  return decodePayload(name, payloadReader(payload));
}

function decodePayload(
  name: CommandName,
  reader: ByteReader,
): DiagnosticRequest {
  const text = (field: string) => readIpcString(reader, field);
  switch (name) {
    case "collectTracing":
    case "collectTracing2":
    case "collectTracing3":
    case "collectTracing4":
    case "collectTracing5":
    case "collectTracing6":
      return {
        type: "collectTracing",
        ...decodeCollectTracing(
          Number(
            /\d$/.exec(name)?.[0] ?? 1,
          ) as CollectTracingPayload["version"],
          reader,
        ),
      };
    case "stopTracing":
      return { type: "stopTracing", sessionId: reader.u64() };
    case "generateCoreDump":
    case "generateCoreDump2":
    case "generateCoreDump3":
      return {
        type: "generateCoreDump",
        version: Number(/\d$/.exec(name)?.[0] ?? 1) as 1 | 2 | 3,
        path: required(reader, text("path")),
        dumpType: reader.u32(),
        flags: reader.u32(),
      };
    case "attachProfiler": {
      const timeoutMs = reader.u32();
      const profilerId = formatGuid(reader.bytes(16));
      const path = required(reader, text("path"));
      const size = reader.u32();
      if (reader.remaining > size) {
        throw bad(reader, `client data is ${size} bytes`);
      }
      return {
        type: "attachProfiler",
        timeoutMs,
        profilerId,
        path,
        clientData: reader.rest().slice(),
      };
    }
    case "startupProfiler":
      return {
        type: "startupProfiler",
        profilerId: formatGuid(reader.bytes(16)),
        path: required(reader, text("path")),
      };
    case "processInfo":
    case "processInfo2":
    case "processInfo3":
      return {
        type: "processInfo",
        version: Number(/\d$/.exec(name)?.[0] ?? 1) as 1 | 2 | 3,
      };
    case "setEnvironmentVariable":
      return {
        type: "setEnvironmentVariable",
        name: required(reader, text("name")),
        value: text("value"),
      };
    case "enablePerfMap":
      return { type: "enablePerfMap", perfMapType: reader.u32() };
    case "applyStartupHook":
      return { type: "applyStartupHook", path: required(reader, text("path")) };
    case "resumeRuntime":
    case "processEnvironment":
    case "disablePerfMap":
      return { type: name };
  }
}

function decodeCollectTracing(
  version: CollectTracingPayload["version"],
  reader: ByteReader,
): CollectTracingPayload {
  const type = version >= 5 ? reader.u32() : 0;
  if (type > 1) throw bad(reader, `session type is ${type}`);
  const isStream = type === 0;
  const bufferSizeMb = isStream ? reader.u32() : 1;
  if (bufferSizeMb === 0) throw bad(reader, "buffer size is 0");
  const format = isStream ? reader.u32() : 1;
  if (format > 1) throw bad(reader, `format is ${format}`);
  let rundownKeyword = DEFAULT_RUNDOWN_KEYWORD;
  if (version >= 4) rundownKeyword = reader.u64();
  else if (version >= 2 && reader.u8() === 0) rundownKeyword = 0n;
  const stackwalk = version >= 3 && isStream ? reader.u8() !== 0 : true;
  const count = reader.u32();
  if (count === 0 || count > MAX_PROVIDERS) {
    throw bad(reader, `provider count is ${count}`);
  }
  if (count * MIN_PROVIDER_BYTES > reader.remaining) {
    throw bad(reader, `${count} providers do not fit`);
  }
  const providers: ProviderConfig[] = [];
  for (let index = 0; index < count; index++) {
    providers.push(decodeProvider(reader, version, isStream));
  }
  const mode = version === 6 && isStream ? reader.u32() : 0;
  if (mode > 1) throw bad(reader, `buffering mode is ${mode}`);
  return {
    version,
    sessionType: isStream ? "stream" : "userEvents",
    bufferSizeMb,
    format,
    rundownKeyword,
    stackwalk,
    providers,
    bufferingMode: mode === 1 ? "block" : "drop",
  };
}

function decodeProvider(
  reader: ByteReader,
  version: number,
  isStream: boolean,
): ProviderConfig {
  const keywords = reader.u64();
  const level = reader.u32();
  if (level > MAX_LEVEL) throw bad(reader, `level is ${level}`);
  const name = readIpcString(reader, "provider name");
  if (name === null || name === "") throw bad(reader, "provider has no name");
  const provider = {
    name,
    keywords,
    level,
    arguments: readIpcString(reader, "provider arguments"),
  };
  if (version < 5) return provider;
  const eventFilter: EventFilter = {
    enable: reader.u8() !== 0,
    eventIds: readIds(reader),
  };
  return {
    ...provider,
    eventFilter,
    ...(isStream ? {} : { tracepoints: readTracepoints(reader) }),
  };
}

function readTracepoints(reader: ByteReader): TracepointConfig {
  const defaultName = readIpcString(reader, "default tracepoint");
  const count = reader.u32();
  if (count * 8 > reader.remaining) {
    throw bad(reader, `${count} tracepoints do not fit`);
  }
  const sets: { name: string; eventIds: number[] }[] = [];
  const seen = new Set<number>();
  for (let index = 0; index < count; index++) {
    const name = readIpcString(reader, "tracepoint");
    const eventIds = readIds(reader);
    if (!name || eventIds.length === 0) {
      throw bad(reader, "tracepoint has no name or no events");
    }
    if (eventIds.some((id) => seen.has(id))) {
      throw bad(reader, "event is in two tracepoints");
    }
    for (const id of eventIds) seen.add(id);
    sets.push({ name, eventIds });
  }
  if (defaultName === "" || (defaultName === null && count === 0)) {
    throw bad(reader, "there is no tracepoint");
  }
  return { defaultName, sets };
}

function readIds(reader: ByteReader): number[] {
  const count = reader.u32();
  if (count * 4 > reader.remaining) {
    throw bad(reader, `${count} event ids do not fit`);
  }
  return Array.from({ length: count }, () => reader.u32());
}

function required(reader: ByteReader, text: string | null): string {
  if (text === null) throw bad(reader, "text is absent");
  return text;
}

function bad(reader: ByteReader, state: string): FormatError {
  return new FormatError(
    `Cannot read request before byte ${reader.offset}: ${state}`,
    { format: IPC_FORMAT, offset: reader.offset },
  );
}

import { FormatError, LimitError } from "../base/errors.ts";
import { decodeMessage, ProtobufReader } from "../codec/protobuf_reader.ts";

/** What a collector answered to an export that it took. */
export interface OtlpExportResponse {
  /** Profiles that it did not take. */
  readonly rejectedProfiles: number;
  /** Why, or a remark; empty where there is none. */
  readonly message: string;
}

/** What a collector answered to an export that it did not take. */
export interface RpcStatus {
  /** Number of the gRPC status. */
  readonly code: number;
  /** Words for people. */
  readonly message: string;
  /** Milliseconds after which it may be tried again, where it says so. */
  readonly retryDelayMs: number | undefined;
}

const RETRY_INFO = "google.rpc.RetryInfo";

/**
 * Decodes the answer to an export.
 *
 * @param bytes The message; empty when everything was taken.
 * @returns What was not taken; nothing when the message cannot be read.
 */
export function decodeOtlpResponse(bytes: Uint8Array): OtlpExportResponse {
  const response = { rejectedProfiles: 0, message: "" };
  return readOr(response, () =>
    decodeMessage(readerOf(bytes), {
      1: (target, field) =>
        void decodeMessage(field.message(), {
          1: (partial, item) =>
            partial.rejectedProfiles = Math.max(0, Number(item.int64())),
          2: (partial, item) => partial.message = item.string(),
        }, target),
    }, response));
}

/**
 * Decodes the answer to an export in JSON.
 *
 * @param text JSON text; empty when everything was taken.
 * @returns As {@linkcode decodeOtlpResponse}.
 */
export function decodeOtlpResponseJson(text: string): OtlpExportResponse {
  const partial = memberOf(parse(text), "partialSuccess");
  const rejected = Number(memberOf(partial, "rejectedProfiles") ?? 0);
  return {
    rejectedProfiles: rejected > 0 ? rejected : 0,
    message: String(memberOf(partial, "errorMessage") ?? ""),
  };
}

/**
 * Decodes a status.
 *
 * @param bytes The message.
 * @returns The status; empty when the message cannot be read.
 */
export function decodeRpcStatus(bytes: Uint8Array): RpcStatus {
  const status: { code: number; message: string; retryDelayMs?: number } = {
    code: 0,
    message: "",
  };
  const read = readOr(status, () =>
    decodeMessage(readerOf(bytes), {
      1: (target, field) => target.code = field.int32(),
      2: (target, field) => target.message = field.string(),
      3: (target, field) => {
        const detail = decodeMessage(field.message(), {
          1: (any, item) => any.type = item.string(),
          2: (any, item) => any.value = item.bytes(),
        }, { type: "", value: new Uint8Array(0) as Uint8Array });
        if (detail.type.split("/").at(-1) === RETRY_INFO) {
          target.retryDelayMs = readRetryInfo(detail.value);
        }
      },
    }, status));
  return {
    code: read.code,
    message: read.message,
    retryDelayMs: read.retryDelayMs,
  };
}

/**
 * Decodes a status in JSON.
 *
 * @param text JSON text.
 * @returns The status; empty when the text cannot be read.
 */
export function decodeRpcStatusJson(text: string): RpcStatus {
  const json = parse(text);
  return {
    code: Number(memberOf(json, "code") ?? 0) || 0,
    message: String(memberOf(json, "message") ?? ""),
    retryDelayMs: undefined,
  };
}

function readRetryInfo(bytes: Uint8Array): number {
  let ms = 0;
  decodeMessage(readerOf(bytes), {
    1: (_, field) =>
      void decodeMessage(field.message(), {
        1: (_, item) => ms += Number(item.int64()) * 1000,
        2: (_, item) => ms += item.int32() / 1e6,
      }, undefined),
  }, undefined);
  return Math.max(0, ms);
}

function readerOf(bytes: Uint8Array): ProtobufReader {
  return new ProtobufReader(bytes, { format: "OTLP response" });
}

/** A collector's answer is not worth an error of our own. */
function readOr<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError || error instanceof LimitError) {
      return fallback;
    }
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

import { FormatError } from "../base/errors.ts";
import { toJsonText } from "../base/json_text.ts";

/** Name of the manifest in the top folder. */
export const MANIFEST_NAME = "manifest.json";

/** How much was taken out of a dump. */
export type RedactionLevel = "none" | "standard" | "strict";

/** Where the content of an entry came from. */
export type EntrySource =
  | "file"
  | "command"
  | "proc"
  | "netlink"
  | "generated"
  | "capture";

/** What is known of one entry, or of one that could not be had. */
export interface ManifestEntry {
  /** Path below the top folder. */
  readonly path: string;
  /** Where the content came from. */
  readonly source: EntrySource;
  /** The command with its arguments, or the file that was read. */
  readonly command?: string | undefined;
  /** Exit code of the command. */
  readonly exit?: number | undefined;
  /** How long it took. */
  readonly durationMs?: number | undefined;
  /** Bytes in the archive; absent for what is not in it. */
  readonly bytes?: number | undefined;
  /** Whether a limit cut it. */
  readonly truncated?: boolean | undefined;
  /** Why it is not in the archive. */
  readonly skippedReason?: string | undefined;
  /** Hash of the content in hexadecimal. */
  readonly sha256?: string | undefined;
}

/** A request that was made for the dump. */
export interface ManifestRequest {
  /** Its folder below `requests/`. */
  readonly name: string;
  /** Whether it got its answer. */
  readonly result: "ok" | "fail";
  /** What was asked for. */
  readonly target: string;
}

/** How often something was taken out of one entry. */
export interface ManifestRedaction {
  /** Path below the top folder. */
  readonly path: string;
  /** What was taken out, for example `url credentials`. */
  readonly kind: string;
  /** How often. */
  readonly count: number;
}

/** What the publisher was allowed to do. */
export interface ManifestPrivileges {
  /** Number of the user; absent where the system has none. */
  readonly uid: number | undefined;
  /** Effective capabilities that concern networks, for example `CAP_NET_RAW`. */
  readonly capabilities: readonly string[];
  /** Whether the C library could be called. */
  readonly ffi: boolean;
  /** Whether programs could be started. */
  readonly run: boolean;
}

/** The last entry of a dump: what is in it, and what is not. */
export interface Manifest {
  /** Version of this description. */
  readonly schema: 1;
  /** What wrote the dump. */
  readonly tool: {
    readonly name: string;
    readonly version: string;
    readonly runtime: string;
  };
  /** Name of the series. */
  readonly topic: string;
  /** When publication began, in UTC with milliseconds. */
  readonly publishedAt: string;
  /** The kernel's id of this boot. */
  readonly bootId?: string | undefined;
  /** How long the system was up. */
  readonly uptimeMs?: number | undefined;
  /** Whether the kernel holds its clock to be right. */
  readonly clockSynchronized?: boolean | undefined;
  /** Number of the dump in its series; a clock that jumps does not change it. */
  readonly sequence: number;
  /** Tells hosts apart without naming them. */
  readonly hostHash?: string | undefined;
  /** What the publisher was allowed to do. */
  readonly privileges: ManifestPrivileges;
  /** How much was taken out. */
  readonly redaction: RedactionLevel;
  /** What was taken out where. */
  readonly redactions?: readonly ManifestRedaction[] | undefined;
  /** Requests in order. */
  readonly requests: readonly ManifestRequest[];
  /** Things that concern the dump as a whole. */
  readonly notes?: readonly string[] | undefined;
  /** All entries, and those that could not be had, in order. */
  readonly entries: readonly ManifestEntry[];
}

/**
 * Writes a manifest.
 *
 * @param manifest The manifest.
 * @returns JSON text with two blanks per level and a line feed at the end.
 */
export function formatManifest(manifest: Manifest): string {
  return `${toJsonText(manifest, 2)}\n`;
}

/**
 * Reads a manifest; what it does not know it leaves out.
 *
 * @param text JSON text.
 * @returns The manifest.
 * @throws {FormatError} When it is no manifest, or of a later schema.
 */
export function parseManifest(text: string): Manifest {
  const value = parseJson(text);
  if (!isRecord(value)) throw fault("it is no object");
  if (value["schema"] !== 1) {
    throw fault(`schema is ${JSON.stringify(value["schema"])}, supported is 1`);
  }
  const sequence = value["sequence"];
  if (!Number.isSafeInteger(sequence)) {
    throw fault(`sequence is ${JSON.stringify(sequence)}`);
  }
  const tool = isRecord(value["tool"]) ? value["tool"] : {};
  const privileges = isRecord(value["privileges"]) ? value["privileges"] : {};
  return {
    schema: 1,
    tool: {
      name: textOf(tool["name"]) ?? "",
      version: textOf(tool["version"]) ?? "",
      runtime: textOf(tool["runtime"]) ?? "",
    },
    topic: textOf(value["topic"]) ?? "",
    publishedAt: textOf(value["publishedAt"]) ?? "",
    bootId: textOf(value["bootId"]),
    uptimeMs: numberOf(value["uptimeMs"]),
    clockSynchronized: booleanOf(value["clockSynchronized"]),
    sequence: sequence as number,
    hostHash: textOf(value["hostHash"]),
    privileges: {
      uid: numberOf(privileges["uid"]),
      capabilities: listOf(privileges["capabilities"]).flatMap((name) =>
        textOf(name) ?? []
      ),
      ffi: privileges["ffi"] === true,
      run: privileges["run"] === true,
    },
    redaction: levelOf(value["redaction"]),
    redactions: listOf(value["redactions"]).filter(isRecord).map((item) => ({
      path: textOf(item["path"]) ?? "",
      kind: textOf(item["kind"]) ?? "",
      count: numberOf(item["count"]) ?? 0,
    })),
    requests: listOf(value["requests"]).filter(isRecord).map((item) => ({
      name: textOf(item["name"]) ?? "",
      result: item["result"] === "ok" ? "ok" : "fail",
      target: textOf(item["target"]) ?? "",
    })),
    notes: listOf(value["notes"]).flatMap((note) => textOf(note) ?? []),
    entries: listOf(value["entries"]).filter(isRecord).map(entryOf),
  };
}

function entryOf(item: Readonly<Record<string, unknown>>): ManifestEntry {
  return {
    path: textOf(item["path"]) ?? "",
    source: (textOf(item["source"]) ?? "generated") as EntrySource,
    command: textOf(item["command"]),
    exit: numberOf(item["exit"]),
    durationMs: numberOf(item["durationMs"]),
    bytes: numberOf(item["bytes"]),
    truncated: booleanOf(item["truncated"]),
    skippedReason: textOf(item["skippedReason"]),
    sha256: textOf(item["sha256"]),
  };
}

function levelOf(value: unknown): RedactionLevel {
  return value === "standard" || value === "strict" ? value : "none";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault("it is no JSON", error);
  }
}

function fault(state: string, cause?: unknown): FormatError {
  return new FormatError(`Cannot read manifest: ${state}`, {
    format: "netdump",
    offset: 0,
    record: MANIFEST_NAME,
    ...(cause === undefined ? {} : { cause }),
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function booleanOf(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

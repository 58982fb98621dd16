import type { NetworkTrace } from "./nettrace_types.ts";

/** Packets that were captured on one interface during a request. */
export interface PacketCapture {
  /** Interface that they were captured on. */
  readonly interfaceName: string;
  /** A pcap file, or where one lies; that one is deleted when the dump is published. */
  readonly content: Uint8Array | { readonly path: string };
  /** Whether a size limit ended the capture. @default {false} */
  readonly truncated?: boolean | undefined;
  /** Whether packets with TCP payload were left out. @default {false} */
  readonly withoutPayload?: boolean | undefined;
  /** Packets that the kernel could not hand over. */
  readonly droppedPackets?: number | undefined;
}

/** A network trace: as a value, as JSON in any of its forms, or where that lies as a file. */
export type AnyNetTrace =
  | NetworkTrace
  | Uint8Array
  | { readonly path: string };

/** A request whose network operations were traced, for {@linkcode NetDumper.publish}. */
export interface TracedNetRequest {
  /** Names the request's folder in the dump; equal names get a number. */
  readonly requestName: string;
  /**
   * The network trace, which becomes `nettrace.json`: a value is written in the
   * sink form, as EVE does; a file is deleted when the dump is published.
   */
  readonly netTrace?: AnyNetTrace | undefined;
  /** What was captured meanwhile. */
  readonly packetCaptures?: readonly PacketCapture[] | undefined;
  /** Whether the request got its answer, for the manifest. @default {"ok"} */
  readonly result?: "ok" | "fail" | undefined;
  /** What was asked for, for the manifest. @default {""} */
  readonly target?: string | undefined;
}

/**
 * Makes an interface's name into that of a file, since it may hold almost any
 * byte: all but letters, digits and `_ . @ -` become `%` and hexadecimal.
 *
 * @param name Name of the interface.
 * @returns The name, never `.` or `..`.
 *
 * @example A name with a slash-like trick in it
 * ```ts
 * import { escapeFileName } from "../../src/netdump/traced_net_request.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(escapeFileName("eth0.100@x"), "eth0.100@x");
 * assertEquals(escapeFileName("100%"), "100%25");
 * assertEquals(escapeFileName(".."), "%2E%2E");
 * ```
 */
export function escapeFileName(name: string): string {
  const bytes = new TextEncoder().encode(name);
  const isDots = /^\.+$/.test(name);
  return Array.from(bytes, (byte) => {
    const char = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.@-]/.test(char) && !(isDots && char === ".")) return char;
    return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

/**
 * Takes back what {@linkcode escapeFileName} did.
 *
 * @param name Name of the file.
 * @returns Name of the interface; what is no escape stays.
 */
export function unescapeFileName(name: string): string {
  const bytes: number[] = [];
  const source = new TextEncoder().encode(name);
  for (let at = 0; at < source.length; at++) {
    const hex = String.fromCharCode(source[at + 1] ?? 0, source[at + 2] ?? 0);
    if (source[at] === 0x25 && /^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      at += 2;
    } else bytes.push(source[at]!);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** What the name of a capture in a dump says. */
export interface CaptureName {
  /** Interface that it was captured on. */
  readonly interfaceName: string;
  /** Whether a size limit ended it. */
  readonly truncated: boolean;
  /** Whether packets with TCP payload were left out. */
  readonly withoutPayload: boolean;
}

/**
 * Names a capture within its request's folder.
 *
 * @param name What the name is to say.
 * @returns For example `eth0-truncated.pcap`.
 */
export function formatCaptureName(name: CaptureName): string {
  return escapeFileName(name.interfaceName) +
    `${name.truncated ? "-truncated" : ""}${
      name.withoutPayload ? "-nopayload" : ""
    }.pcap`;
}

/**
 * Reads the name of a capture, from the right, as interfaces may have any name.
 *
 * @param fileName Name of the file.
 * @returns What it says, or `undefined` when it is no capture.
 */
export function parseCaptureName(fileName: string): CaptureName | undefined {
  const match = /^(.+?)(-truncated)?(-nopayload)?\.pcap$/s.exec(fileName);
  if (match === null) return undefined;
  return {
    interfaceName: unescapeFileName(match[1]!),
    truncated: match[2] !== undefined,
    withoutPayload: match[3] !== undefined,
  };
}

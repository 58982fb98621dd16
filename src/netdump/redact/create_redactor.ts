import { parseIpAddress } from "../../codec/ip_address.ts";
import type { RedactionLevel } from "../manifest.ts";
import { KnownNames } from "./_known_names.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { redactCapture } from "./redact_capture.ts";
import { STANDARD_RULES } from "./redaction_rule_table.ts";
import type { RedactionRule } from "./redaction_rule_table.ts";
import type { RedactedEntry, Redactor } from "./redactor.ts";

const IPV4 = String.raw`\d{1,3}(?:\.\d{1,3}){3}`;
/** An address of IPv6, or else of IPv4, with or without a prefix length. */
const IP_REGEXP = new RegExp(
  String
    .raw`(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}(?:${IPV4}|[0-9a-f]{1,4})?)(?:/(\d{1,3}))?(?![\w:]|\.\d)` +
    String
      .raw`|(?<![\w.])(${IPV4})(?:/(\d{1,2}))?(?![\w.]{0,32}\d\.)`,
  "gi",
);
const IPV4_REGEXP = new RegExp(String.raw`(?<!\d)${IPV4}(?!\d)`, "g");
const MAC_REGEXP = /(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])/gi;
/** Addresses as `/proc/net/tcp` and its kin have them. */
const PROC_ADDRESS_REGEXP = /\b([0-9A-F]{8}|[0-9A-F]{32})(?=:[0-9A-F]{4}\b)/g;
/** What tells of wireless networks. */
const WIRELESS_FILE_REGEXP =
  /\/(?:iw-|wpa-status-|nmcli-wifi)[^/]*$|^eve\/(?:dns|dpcl)\.json$/;
/** As iw, wpa_cli and EVE write the name of a network. */
const SSID_REGEXP =
  /((?:^[ \t]{0,64}|")ssid(?:"[ ]?:[ ]?"|[ :=]{1,2}))([^"\r\n]+)/gim;
/** As "nmcli -t" writes it, behind the address of its station. */
const LISTED_NETWORK_REGEXP =
  /^([ *]?:)((?:[0-9A-F]{2}\\:){5}[0-9A-F]{2}):((?:[^:\\\r\n]|\\.)*)/gim;
/** Folders whose names come from outside: of requests and of namespaces. */
const NAMED_FOLDER_REGEXP = /^(requests\/|linux\/netns\/)([^/]+)/;

/** How {@linkcode createRedactor} works. */
export interface CreateRedactorOptions {
  /** Pseudonyms of the strict level; new ones are made without. */
  readonly pseudonyms?: Pseudonyms | undefined;
}

/**
 * Makes a redactor.
 *
 * @param level How much is taken out: `standard` takes secrets, `strict` also
 * gives addresses, names and users pseudonyms and empties packets.
 * @param options Pseudonyms.
 * @returns The redactor, `undefined` for `none`.
 *
 * @example Secrets of a process list
 * ```ts
 * import { createRedactor } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const text = new TextEncoder().encode("root 1 agent --token abc123\n");
 * const { content } = createRedactor("standard")!.redactEntry("linux/ps.txt", text);
 * assertEquals(new TextDecoder().decode(content), "root 1 agent --token [redacted]\n");
 * ```
 */
export function createRedactor(
  level: RedactionLevel,
  options: CreateRedactorOptions = {},
): Redactor | undefined {
  if (level === "none") return undefined;
  return new RuleRedactor(
    level,
    level === "strict" ? options.pseudonyms ?? new Pseudonyms() : undefined,
  );
}

class RuleRedactor implements Redactor {
  readonly level: RedactionLevel;
  readonly #pseudonyms: Pseudonyms | undefined;
  readonly #names = new KnownNames();

  constructor(level: RedactionLevel, pseudonyms: Pseudonyms | undefined) {
    this.level = level;
    this.#pseudonyms = pseudonyms;
  }

  learn(name: string, content: Uint8Array): void {
    if (this.#pseudonyms === undefined || name.endsWith(".pcap")) return;
    this.#names.learn(name, toText(content).text);
  }

  redactEntry(name: string, content: Uint8Array): RedactedEntry {
    if (name.endsWith(".pcap")) return this.#redactCapture(content);
    const removed = new Map<string, number>();
    const { text, toBytes } = toText(content);
    const clean = applyRules(text, STANDARD_RULES, removed);
    const strict = this.#pseudonyms === undefined
      ? clean
      : this.#redactStrict(clean, name, removed);
    return {
      content: strict === text ? content : toBytes(strict),
      removed,
    };
  }

  redactText(text: string): string {
    const { content } = this.redactEntry("", new TextEncoder().encode(text));
    return new TextDecoder().decode(content);
  }

  redactName(name: string): string {
    if (this.#pseudonyms === undefined) return name;
    // All else of a path is the layout's.
    return name.replace(
      NAMED_FOLDER_REGEXP,
      (_, parent, folder) => parent + this.#redactNames(folder, new Map()),
    );
  }

  #redactCapture(content: Uint8Array): RedactedEntry {
    const pseudonyms = this.#pseudonyms;
    const redacted = redactCapture(content, { pseudonyms });
    const removed = new Map<string, number>();
    if (redacted.secrets > 0) removed.set("header", redacted.secrets);
    if (redacted.packets > 0) removed.set("packet", redacted.packets);
    return { content: redacted.content, removed };
  }

  #redactStrict(
    text: string,
    name: string,
    removed: Map<string, number>,
  ): string {
    const pseudonyms = this.#pseudonyms!;
    const count = (kind: string, before: string, after: string): string => {
      if (before !== after) removed.set(kind, (removed.get(kind) ?? 0) + 1);
      return after;
    };
    let result = text.replace(
      MAC_REGEXP,
      (mac) => count("mac address", mac, pseudonyms.mac(mac)),
    );
    result = result.replace(IP_REGEXP, (match, ip6, bits6, ip4, bits4) => {
      const ip: string = ip6 ?? ip4;
      if (parseIpAddress(ip) !== undefined) {
        const mapped = this.#address(ip, bits6 ?? bits4);
        return count("ip address", match, mapped);
      }
      // "10:15:10.0.0.1" is a time and an address.
      return match.replace(
        IPV4_REGEXP,
        (inner) =>
          parseIpAddress(inner) === undefined
            ? inner
            : count("ip address", inner, this.#address(inner)),
      );
    });
    if (/^linux\/(.*\/)?(proc-|sysctl)/.test(name)) {
      result = result.replace(
        PROC_ADDRESS_REGEXP,
        (hex) => count("ip address", hex, this.#procAddress(hex)),
      );
    }
    // EVE writes hardware addresses and networks as base64.
    result = result.replace(
      /("MacAddr":")([A-Za-z0-9+/]{8})(")/g,
      (match, before, base64, after) => {
        const bytes = Uint8Array.fromBase64(base64);
        const mapped = pseudonyms.macBytes(bytes).toBase64();
        return count("mac address", match, `${before}${mapped}${after}`);
      },
    );
    if (WIRELESS_FILE_REGEXP.test(name)) {
      result = result.replace(
        SSID_REGEXP,
        (match, before, ssid) =>
          count("wireless name", match, before + pseudonyms.wireless(ssid)),
      );
      result = result.replace(
        LISTED_NETWORK_REGEXP,
        (match, before, bssid, ssid) => {
          const mac = pseudonyms.mac(bssid.replaceAll("\\", ""))
            .replaceAll(":", "\\:");
          const shown = ssid === "" ? "" : pseudonyms.wireless(ssid);
          return count("wireless name", match, `${before}${mac}:${shown}`);
        },
      );
    }
    return this.#redactNames(result, removed);
  }

  #address(ip: string, bits?: string): string {
    const pseudonyms = this.#pseudonyms!;
    if (bits === undefined) return pseudonyms.ip(ip);
    const isNetwork = isZeroBehind(ip, Number(bits));
    const mapped = pseudonyms.ip(ip, isNetwork ? Number(bits) : undefined);
    return `${mapped}/${bits}`;
  }

  #procAddress(hex: string): string {
    const bytes = Uint8Array.fromHex(hex);
    const swap = () => {
      for (let at = 0; at < bytes.length; at += 4) {
        bytes.subarray(at, at + 4).reverse();
      }
    };
    swap();
    bytes.set(this.#pseudonyms!.ipBytes(bytes));
    swap();
    return bytes.toHex().toUpperCase();
  }

  #redactNames(text: string, removed: Map<string, number>): string {
    const pseudonyms = this.#pseudonyms!;
    return this.#names.replaceIn(text, (name, type) => {
      const mapped = type === "user"
        ? pseudonyms.user(name)
        : pseudonyms.host(name);
      if (mapped === name) return name;
      const kind = `${type} name`;
      removed.set(kind, (removed.get(kind) ?? 0) + 1);
      return mapped;
    });
  }
}

function applyRules(
  text: string,
  rules: readonly RedactionRule[],
  removed: Map<string, number>,
): string {
  let result = text;
  for (const { kind, pattern, replace } of rules) {
    result = result.replace(pattern, (match, ...rest) => {
      const groups = rest.filter((each): each is string =>
        typeof each === "string"
      );
      const replaced = replace(match, ...groups);
      if (replaced !== match) removed.set(kind, (removed.get(kind) ?? 0) + 1);
      return replaced;
    });
  }
  return result;
}

function isZeroBehind(ip: string, bits: number): boolean {
  const bytes = parseIpAddress(ip)!;
  for (let bit = bits; bit < bytes.length * 8; bit++) {
    if ((bytes[bit >> 3]! >> (7 - (bit & 7)) & 1) === 1) return false;
  }
  return true;
}

/** Text of any bytes: what is no UTF-8 keeps its bytes. */
function toText(content: Uint8Array): {
  readonly text: string;
  readonly toBytes: (text: string) => Uint8Array;
} {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(content);
    return { text, toBytes: (changed) => new TextEncoder().encode(changed) };
  } catch {
    let text = "";
    for (let at = 0; at < content.length; at += 8192) {
      text += String.fromCharCode(...content.subarray(at, at + 8192));
    }
    return {
      text,
      toBytes: (changed) =>
        Uint8Array.from(changed, (char) => char.charCodeAt(0) & 0xff),
    };
  }
}

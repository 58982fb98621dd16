import { parseIpAddress } from "../../codec/ip_address.ts";
import type { RedactionLevel } from "../manifest.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { redactCapture } from "./redact_capture.ts";
import { STANDARD_RULES } from "./redaction_rule_table.ts";
import type { RedactionRule } from "./redaction_rule_table.ts";
import type { RedactedEntry, Redactor } from "./redactor.ts";

/** Users that every system has. */
const SYSTEM_USER_REGEXP =
  /^(root|daemon|bin|sys|sync|mail|news|nobody|uid|user|www-data|man|lp|games|proxy|backup|list|messagebus|polkitd|rtkit|avahi|dbus|chrony|ntp|sshd|uucp|irc|gnats|tss|_.*|systemd.*|\d+)$/i;
const IPV4_REGEXP =
  /(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?:\/(\d{1,2}))?(?![\w.]*\d\.)/g;
const IPV6_REGEXP =
  /(?<![\w:.])((?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?)(?:\/(\d{1,3}))?(?![\w:])/gi;
const MAC_REGEXP = /(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])/gi;
/** Addresses as `/proc/net/tcp` and its kin have them. */
const PROC_ADDRESS_REGEXP = /\b([0-9A-F]{8}|[0-9A-F]{32})(?=:[0-9A-F]{4}\b)/g;
const HOST_SOURCES: readonly RegExp[] = [
  /\b(?:search|domain)\s+([^\n#]+)/g,
  /\bdomain_name=(\S+)/g,
  /\bhost_name=(\S+)/g,
  /"(?:DomainName|Logicallabel_host|serverName|dstAddress|name)"\s*:\s*"([^"]+)"/g,
  /\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/@"']*@)?([^\s/:"'<>?#\\]+)/gi,
  /\blookup (\S+) on /g,
  /\bkernel\.(?:hostname|domainname) = (\S+)/g,
];
/** Names of a host, as files of hosts and requests have them. */
const LABEL_REGEXP =
  /^(?=.{2,253}\.?$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*\.?$/i;

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
  readonly #hosts = new Set<string>();
  readonly #users = new Set<string>();
  #names: RegExp | undefined;

  constructor(level: RedactionLevel, pseudonyms: Pseudonyms | undefined) {
    this.level = level;
    this.#pseudonyms = pseudonyms;
  }

  learn(name: string, content: Uint8Array): void {
    if (this.#pseudonyms === undefined || name.endsWith(".pcap")) return;
    const { text } = toText(content);
    for (const source of HOST_SOURCES) {
      for (const [, found] of text.matchAll(source)) {
        for (const host of found!.split(/[\s,]+/)) this.#learnHost(host);
      }
    }
    if (/(^|\/)hosts$/.test(name)) this.#learnHostsFile(text);
    if (/(^|\/)ps(-busybox)?\.txt$/.test(name)) this.#learnUsers(text);
    if (name === "eve/controller.txt") {
      for (const line of text.split("\n")) {
        this.#learnHost(line.replace(/^[a-z]+:\/\//, "").split(/[/:]/)[0]!);
      }
    }
    this.#names = undefined;
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

  redactName(name: string): string {
    if (this.#pseudonyms === undefined) return name;
    return this.#redactNames(name, new Map());
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
    const address = (match: string, ip: string, bits?: string): string => {
      if (parseIpAddress(ip) === undefined) return match;
      const isNetwork = bits !== undefined && isZeroBehind(ip, Number(bits));
      const mapped = pseudonyms.ip(ip, isNetwork ? Number(bits) : undefined);
      return count(
        "ip address",
        match,
        bits === undefined ? mapped : `${mapped}/${bits}`,
      );
    };
    result = result.replace(IPV4_REGEXP, address).replace(IPV6_REGEXP, address);
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
    return this.#redactNames(result, removed);
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
    const pattern = this.#namePattern();
    if (pattern === undefined) return text;
    return text.replace(pattern, (found) => {
      const isUser = this.#users.has(found);
      const mapped = isUser ? pseudonyms.user(found) : pseudonyms.host(found);
      if (mapped === found) return found;
      const kind = isUser ? "user name" : "host name";
      removed.set(kind, (removed.get(kind) ?? 0) + 1);
      return mapped;
    });
  }

  #namePattern(): RegExp | undefined {
    if (this.#hosts.size + this.#users.size === 0) return undefined;
    // The longest first, so that a name wins over its domain.
    const names = [...this.#hosts, ...this.#users]
      .sort((a, b) => b.length - a.length)
      .map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.#names ??= new RegExp(
      `(?<![A-Za-z0-9_])(?:[a-z0-9_-]+\\.)*(?:${
        names.join("|")
      })(?![A-Za-z0-9_-]|\\.[a-z])`,
      "gi",
    );
    return this.#names;
  }

  #learnHost(text: string): void {
    const host = text.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
    if (!LABEL_REGEXP.test(host) || /^[\d.]+$/.test(host)) return;
    if (parseIpAddress(host) !== undefined || host.length < 3) return;
    if (/^(localhost|none|unset|default|all|lo|eth\d+)$/.test(host)) return;
    this.#hosts.add(host);
  }

  #learnHostsFile(text: string): void {
    for (const line of text.split("\n")) {
      const [, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
      for (const name of names) this.#learnHost(name);
    }
  }

  #learnUsers(text: string): void {
    for (const line of text.split("\n")) {
      const user = /^\s*([A-Za-z_][A-Za-z0-9_.-]*\$?)\s/.exec(line)?.[1];
      if (user === undefined || SYSTEM_USER_REGEXP.test(user)) continue;
      if (user.length >= 3) this.#users.add(user);
    }
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

import { parseIpAddress } from "../../codec/ip_address.ts";

/** Longest name of a host with the dots between its labels. */
const MAX_NAME_LENGTH = 253;
/** Users that every system has. */
const SYSTEM_USER_REGEXP =
  /^(root|daemon|bin|sys|sync|mail|news|nobody|uid|user|www-data|man|lp|games|proxy|backup|list|messagebus|polkitd|rtkit|avahi|dbus|chrony|ntp|sshd|uucp|irc|gnats|tss|_.*|systemd.*|\d+)$/i;
/** Words that stand where names of hosts do and are none. */
const NO_HOST_REGEXP = /^(localhost|none|unset|default|all|lo|eth\d+|[\d.]+)$/;
const LABEL_REGEXP = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?$/;
/** What may be a name, or may end in one. */
const WORD_REGEXP = /[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*/g;

/** Where names of hosts are found: in which files, and by what. */
const HOST_SOURCES: readonly (readonly [file: RegExp, pattern: RegExp])[] = [
  [/(^|\/)resolv[^/]*\.conf$/, /^[ \t]*(?:search|domain)[ \t]+([^\n#;]+)/gm],
  [/\/dhcp-lease-[^/]*$/, /^(?:domain_name|domain_search|host_name)=(.+)/gm],
  [/^eve\//, /"DomainName"\s*:\s*"([^"]+)"/g],
  [/nettrace\.json$/, /"(?:serverName|dstAddress|name)"\s*:\s*"([^"]+)"/g],
  [/./, /:\/\/(?:[^\s/@"']*@)?([^\s/:"'<>?#\\]+)/g],
  [/./, /\blookup (\S+) on /g],
  [/sysctl/, /^kernel\.(?:hostname|domainname) = (\S+)/gm],
  [/^eve\/controller\.txt$/, /^([^\s/:]+)(?::\d+)?$/gm],
];

/** Names of hosts and users, learned from files and found in others. */
export class KnownNames {
  readonly #hosts = new Set<string>();
  readonly #users = new Set<string>();

  /**
   * Learns the names that a file gives.
   *
   * @param file Path below the top folder.
   * @param text Its content.
   */
  learn(file: string, text: string): void {
    for (const [where, pattern] of HOST_SOURCES) {
      if (!where.test(file)) continue;
      for (const [, found] of text.matchAll(pattern)) {
        for (const host of found!.split(/[\s,]+/)) this.#learnHost(host);
      }
    }
    const isHosts = /(^|\/)hosts$/.test(file);
    const isProcesses = /(^|\/)ps(-busybox)?\.txt$/.test(file);
    if (!isHosts && !isProcesses) return;
    for (const line of text.split("\n")) {
      const words = line.trim().split(/\s+/);
      if (isProcesses) this.#learnUser(words[0]!);
      else {
        const end = words.findIndex((word) => word.startsWith("#"));
        const names = words.slice(1, end < 0 ? undefined : end);
        for (const name of names) this.#learnHost(name);
      }
    }
  }

  /**
   * Replaces names in a text. Each character is looked at a bounded number of
   * times, however the text is made.
   *
   * @param text The text.
   * @param replace Gives another name.
   * @returns The text with other names.
   */
  replaceIn(
    text: string,
    replace: (name: string, kind: "host" | "user") => string,
  ): string {
    if (this.#hosts.size + this.#users.size === 0) return text;
    return text.replace(WORD_REGEXP, (word) => {
      // Only the end of a long word can be a name.
      const from = Math.max(0, word.length - MAX_NAME_LENGTH);
      for (let at = from; at < word.length; at++) {
        const isStart = at === 0 || word[at - 1] === "." ||
          word[at - 1] === "-";
        if (!isStart) continue;
        const rest = word.slice(at);
        if (this.#users.has(rest)) {
          return word.slice(0, at) + replace(rest, "user");
        }
        if (!this.#hosts.has(rest.toLowerCase())) continue;
        // A host of a known domain goes with all of its labels.
        const start = word[at - 1] === "." ? from : at;
        return word.slice(0, start) + replace(word.slice(start), "host");
      }
      return word;
    });
  }

  #learnHost(text: string): void {
    const host = text.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
    if (host.length < 3 || host.length > MAX_NAME_LENGTH) return;
    if (NO_HOST_REGEXP.test(host) || parseIpAddress(host) !== undefined) return;
    if (host.split(".").every((label) => LABEL_REGEXP.test(label))) {
      this.#hosts.add(host);
    }
  }

  #learnUser(user: string): void {
    const isName = /^[A-Za-z_][A-Za-z0-9_.-]*\$?$/.test(user);
    if (!isName || SYSTEM_USER_REGEXP.test(user)) return;
    if (user.length >= 3 && user.length <= MAX_NAME_LENGTH) {
      this.#users.add(user);
    }
  }
}

import { lookupHostsFile } from "./hosts_file.ts";
import { parseNsswitchHosts } from "./nsswitch_conf.ts";
import type { HostSource } from "./nsswitch_conf.ts";
import { DEFAULT_RESOLVER_CONFIG, parseResolvConf } from "./resolv_conf.ts";
import type { ResolverConfig } from "./resolv_conf.ts";
import type { TracerHost } from "./tracer_host.ts";

/** After how long a file is looked at again. */
const MAX_AGE_MS = 5000;

interface CachedFile {
  text: string | undefined;
  modifiedMs: number | undefined;
  checkedAt: number;
}

/** The system's configuration of name lookups, read again when it changes. */
export class ResolverConfigSource {
  readonly #host: Pick<TracerHost, "readText">;
  readonly #now: () => number;
  readonly #files = new Map<string, CachedFile>();
  #parsed:
    | { readonly text: string; readonly config: ResolverConfig }
    | undefined;

  /**
   * @param host Where files are read.
   * @param now Milliseconds of a monotonic clock.
   */
  constructor(host: Pick<TracerHost, "readText">, now: () => number) {
    this.#host = host;
    this.#now = now;
  }

  /** @returns The contents of `/etc/resolv.conf`; without a search list, the domain of the host's own name is it. */
  async config(): Promise<ResolverConfig> {
    const text = await this.#read("/etc/resolv.conf");
    if (text !== undefined && this.#parsed?.text !== text) {
      this.#parsed = { text, config: parseResolvConf(text) };
    }
    const config = text === undefined
      ? DEFAULT_RESOLVER_CONFIG
      : this.#parsed!.config;
    if (config.search.length > 0) return config;
    const name = await this.#read("/proc/sys/kernel/hostname") ?? "";
    const domain = /^[^.\s]+\.(\S+)/.exec(name)?.[1];
    return domain === undefined
      ? config
      : { ...config, search: [domain.endsWith(".") ? domain : `${domain}.`] };
  }

  /** @returns Where names are looked up, by `/etc/nsswitch.conf`. */
  async order(): Promise<readonly HostSource[]> {
    return parseNsswitchHosts(await this.#read("/etc/nsswitch.conf") ?? "");
  }

  /**
   * @param name A name.
   * @returns Its addresses in `/etc/hosts`.
   */
  async hosts(name: string): Promise<readonly string[]> {
    return lookupHostsFile(await this.#read("/etc/hosts") ?? "", name);
  }

  async #read(path: string): Promise<string | undefined> {
    const now = this.#now();
    const cached = this.#files.get(path);
    if (cached !== undefined && now - cached.checkedAt < MAX_AGE_MS) {
      return cached.text;
    }
    const file = await this.#host.readText(path);
    this.#files.set(path, {
      text: file?.text,
      modifiedMs: file?.modifiedMs,
      checkedAt: now,
    });
    return file?.text;
  }
}

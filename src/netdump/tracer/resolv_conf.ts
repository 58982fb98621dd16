import { joinHostPort, parseIpAddress } from "../../codec/ip_address.ts";

/** How names are looked up: the contents of `resolv.conf(5)`. */
export interface ResolverConfig {
  /** Name servers as `ip:port`, in order. */
  readonly nameservers: readonly string[];
  /** Suffixes, each with a dot at the end. */
  readonly search: readonly string[];
  /** Dots that a name needs to be tried as it is first. */
  readonly ndots: number;
  /** Time for one exchange with one server, in milliseconds. */
  readonly timeoutMs: number;
  /** Rounds over all servers. */
  readonly attempts: number;
  /** Whether each lookup begins with another server. */
  readonly rotate: boolean;
  /** Whether A and AAAA are asked one after the other. */
  readonly singleRequest: boolean;
  /** Whether only TCP is used. */
  readonly useTcp: boolean;
  /** Whether queries ask for authenticated data. */
  readonly trustAd: boolean;
}

/** What holds where there is no `resolv.conf`. */
export const DEFAULT_RESOLVER_CONFIG: ResolverConfig = {
  nameservers: ["127.0.0.1:53", "[::1]:53"],
  search: [],
  ndots: 1,
  timeoutMs: 5000,
  attempts: 2,
  rotate: false,
  singleRequest: false,
  useTcp: false,
  trustAd: false,
};

const MAX_NAMESERVERS = 3;
const MAX_NDOTS = 15;

/**
 * Reads the text of a `resolv.conf` as Go's resolver does: the first three name
 * servers count, unknown lines and options are passed over.
 *
 * @param text The file.
 * @returns The configuration.
 */
export function parseResolvConf(text: string): ResolverConfig {
  const nameservers: string[] = [];
  let search: readonly string[] = [];
  let config = DEFAULT_RESOLVER_CONFIG;
  for (const line of text.split("\n")) {
    const [word = "", ...values] = line.replace(/^\s*[#;].*$/, "").trim()
      .split(/\s+/);
    switch (word) {
      case "nameserver": {
        const [address = ""] = values;
        const isUsable = nameservers.length < MAX_NAMESERVERS &&
          parseIpAddress(address) !== undefined;
        if (isUsable) nameservers.push(joinHostPort(address, 53));
        break;
      }
      case "domain":
        search = values.slice(0, 1).map(rooted);
        break;
      case "search":
        search = values.map(rooted).filter((suffix) => suffix !== ".");
        break;
      case "options":
        for (const option of values) config = withOption(config, option);
        break;
    }
  }
  return {
    ...config,
    search,
    nameservers: nameservers.length > 0
      ? nameservers
      : DEFAULT_RESOLVER_CONFIG.nameservers,
  };
}

/**
 * Lists the absolute names to try for a name.
 *
 * @param name As asked for.
 * @param config Search list and `ndots`.
 * @returns Names with a dot at the end, best first.
 */
export function candidateNames(
  name: string,
  config: Pick<ResolverConfig, "search" | "ndots">,
): readonly string[] {
  const maxLength = 254;
  if (name.length > maxLength) return [];
  if (name.endsWith(".")) return [name];
  const isFirst = name.split(".").length - 1 >= config.ndots;
  const whole = `${name}.`;
  const suffixed = config.search.map((suffix) => whole + suffix)
    .filter((candidate) => candidate.length <= maxLength);
  return isFirst ? [whole, ...suffixed] : [...suffixed, whole];
}

function rooted(suffix: string): string {
  return suffix.endsWith(".") ? suffix : `${suffix}.`;
}

function withOption(config: ResolverConfig, option: string): ResolverConfig {
  const [name = "", value = ""] = option.split(":");
  const number = /^\d+$/.test(value) ? Number(value) : undefined;
  switch (name) {
    case "ndots":
      return number === undefined
        ? config
        : { ...config, ndots: Math.min(number, MAX_NDOTS) };
    case "timeout":
      return number === undefined
        ? config
        : { ...config, timeoutMs: Math.max(number, 1) * 1000 };
    case "attempts":
      return number === undefined
        ? config
        : { ...config, attempts: Math.max(number, 1) };
    case "rotate":
      return { ...config, rotate: true };
    case "single-request":
    case "single-request-reopen":
      return { ...config, singleRequest: true };
    case "use-vc":
    case "usevc":
    case "tcp":
      return { ...config, useTcp: true };
    case "trust-ad":
      return { ...config, trustAd: true };
    default:
      return config;
  }
}

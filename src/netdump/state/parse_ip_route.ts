import type { IpFamily, RouteHop, RouteState } from "./types.ts";

const TYPES: ReadonlySet<string> = new Set([
  "unicast",
  "local",
  "broadcast",
  "multicast",
  "anycast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
  "nat",
]);
/** Words that stand alone. */
const FLAGS: ReadonlySet<string> = new Set([
  "onlink",
  "linkdown",
  "dead",
  "offload",
  "pervasive",
  "trap",
  "rt_trap",
  "rt_offload",
]);

/** Which routes {@linkcode parseIpRoute} reads. */
export interface ParseIpRouteOptions {
  /** Table that was listed, unless a line names another. @default {"main"} */
  readonly table?: string | undefined;
  /** Family that was listed. @default {4} */
  readonly family?: IpFamily | undefined;
}

/**
 * Reads the output of `ip route show`.
 *
 * @param text The output.
 * @param options Table and family that were listed.
 * @returns The routes; lines that are none are passed over.
 */
export function parseIpRoute(
  text: string,
  options: ParseIpRouteOptions = {},
): RouteState[] {
  const routes: RouteState[] = [];
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "") continue;
    if (words[0] === "nexthop" && routes.length > 0) {
      const last = routes.pop()!;
      const { hop } = readAttributes(words.slice(1));
      routes.push({
        ...last,
        hops: [...last.hops.filter(({ device }) => device !== ""), hop],
      });
      continue;
    }
    const type = TYPES.has(words[0]!) ? words.shift()! : "unicast";
    const destination = words.shift();
    if (!isDestination(destination)) continue;
    const { hop, values, flags } = readAttributes(words);
    routes.push({
      family: destination.includes(":") ? 6 : options.family ?? 4,
      table: values["table"] ?? options.table ?? "main",
      destination,
      type,
      hops: [hop],
      source: values["src"] ?? "",
      metric: Number(values["metric"] ?? 0) || 0,
      protocol: values["proto"] ?? "",
      scope: values["scope"] ?? "",
      mtu: values["mtu"] === undefined ? undefined : Number(values["mtu"]),
      isDead: flags.has("dead") || flags.has("linkdown"),
    });
  }
  return routes;
}

function isDestination(text: string | undefined): text is string {
  return text !== undefined &&
    (text === "default" || /^[0-9a-fA-F:.]+(\/\d+)?$/.test(text));
}

function readAttributes(words: readonly string[]): {
  readonly hop: RouteHop;
  readonly values: Readonly<Record<string, string>>;
  readonly flags: ReadonlySet<string>;
} {
  const values: Record<string, string> = {};
  const flags = new Set<string>();
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (FLAGS.has(word)) {
      flags.add(word);
      continue;
    }
    let value = words[++at];
    // "via inet6 fe80::1" names the family of the router.
    if (word === "via" && (value === "inet6" || value === "inet")) {
      value = words[++at];
    }
    // "mtu lock 1400" holds it against discovery.
    if (value === "lock") value = words[++at];
    if (value !== undefined) values[word] = value;
  }
  return {
    hop: { gateway: values["via"] ?? "", device: values["dev"] ?? "" },
    values,
    flags,
  };
}

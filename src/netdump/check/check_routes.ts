import type { RouteState } from "../state/types.ts";
import type { CheckContext } from "./check_context.ts";
import { answersElsewhere } from "./check_probes.ts";
import { globalAddresses } from "./check_links.ts";
import type { Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";

/** Tables that every system has, by name and number. */
const SYSTEM_TABLES: ReadonlySet<string> = new Set([
  "local",
  "main",
  "default",
  "255",
  "254",
  "253",
  "0",
]);
const DISCARDS: ReadonlySet<string> = new Set([
  "blackhole",
  "unreachable",
  "prohibit",
]);
/** Share of the table of connections from which on it is as good as full. */
const CONNTRACK_FULL = 0.95;
const CONNTRACK_WARNING = 0.8;

/**
 * Looks at routes, rules, neighbours and the table of connections.
 *
 * @param context The dump.
 * @returns What is wrong.
 */
export function checkRoutes(context: CheckContext): Finding[] {
  return [
    ...checkDefaults(context),
    ...checkRules(context),
    ...checkNeighbours(context),
    ...checkConntrack(context),
    ...checkTranslation(context),
  ];
}

function checkDefaults({ state }: CheckContext): Finding[] {
  const links = state.links.filter(({ isLoopback }) => !isLoopback);
  const path = state.sources["routes"];
  if (path === undefined) return [];
  const defaults = state.routes.filter(({ destination }) =>
    destination === "default"
  );
  const usable = defaults.filter(({ type }) => type === "unicast");
  const usableFamilies = new Set(usable.map(({ family }) => family));
  const findings: Finding[] = [];
  for (const route of defaults) {
    // "unreachable default" of a high metric is how IPv6 ends every list.
    if (!DISCARDS.has(route.type) || route.metric > 1e6) continue;
    if (usableFamilies.has(route.family)) continue;
    findings.push(makeFinding("route-discards", {
      subject: `IPv${route.family} table ${route.table}`,
      title: `the default route of IPv${route.family} is ${route.type}`,
      evidence: [{ path, detail: describeRoute(route) }],
    }));
  }
  const addresses = links.filter(({ isUp }) => isUp).flatMap(globalAddresses);
  for (const family of [4, 6] as const) {
    const own = addresses.filter(({ ip }) =>
      ip.includes(":") === (family === 6)
    );
    if (own.length === 0) continue;
    if (usable.some((route) => route.family === family)) continue;
    if (defaults.some((route) => route.family === family)) continue;
    const hasOther = usable.length > 0;
    // Local networks of IPv6 without a way out are nothing unusual.
    if (hasOther && family === 6) continue;
    const isOnly = !hasOther && findings.length === 0;
    if (family === 6 && !isOnly) continue;
    findings.push(makeFinding("no-default-route", {
      severity: hasOther ? "warning" : "problem",
      title: hasOther
        ? "there is no default route of IPv4"
        : "there is no default route",
      evidence: [{
        path,
        detail: `no default among ${state.routes.length} routes`,
      }],
    }));
  }
  return findings;
}

function checkRules({ state }: CheckContext): Finding[] {
  const path = state.sources["rules"] ?? "";
  const findings: Finding[] = [];
  const filled = new Set(
    state.routes.map(({ family, table }) => `${family} ${table}`),
  );
  for (const { family, priority, selector, action, table } of state.rules) {
    const text = `${priority}: ${selector} ${action} ${table}`.trimEnd();
    if (DISCARDS.has(action)) {
      findings.push(makeFinding("route-discards", {
        severity: selector === "from all" ? "problem" : "warning",
        subject: `rule ${priority}`,
        title: `rule ${priority} discards packets ${selector} (${action})`,
        evidence: [{ path, detail: text }],
      }));
    }
    if (action !== "lookup" || SYSTEM_TABLES.has(table)) continue;
    if (filled.has(`${family} ${table}`)) continue;
    findings.push(makeFinding("rule-empty-table", {
      severity: "warning",
      subject: `IPv${family} table ${table}`,
      title: `rule ${priority} leads to table ${table}, which has no routes`,
      evidence: [{ path, detail: text }],
    }));
  }
  return findings;
}

function checkNeighbours({ state, probes }: CheckContext): Finding[] {
  const path = state.sources["neighbours"] ?? "";
  const gateways = new Set(
    state.routes.flatMap(({ hops }) => hops.map(({ gateway }) => gateway)),
  );
  const isLost = (reached: string) =>
    reached === "incomplete" || reached === "failed";
  const reachedGateways =
    state.neighbours.filter(({ ip, state: reached }) =>
      gateways.has(ip) && !isLost(reached)
    ).length;
  return state.neighbours.flatMap(({ ip, device, state: reached }) => {
    if (!isLost(reached)) return [];
    const isGateway = gateways.has(ip);
    const hasOther = answersElsewhere(ip, probes) || reachedGateways > 0;
    const what = isGateway ? "the gateway" : "the neighbour";
    return [
      makeFinding("neighbour-incomplete", {
        severity: !isGateway ? "note" : hasOther ? "warning" : "problem",
        subject: ip,
        title: `${what} ${ip} does not answer on ${device}`,
        evidence: [{ path, detail: `${ip} dev ${device} ${reached}` }],
      }),
    ];
  });
}

function checkConntrack({ state }: CheckContext): Finding[] {
  const { conntrack } = state;
  if (conntrack === undefined || conntrack.max <= 0) return [];
  const { count, max, drops } = conntrack;
  if (count < max * CONNTRACK_WARNING) return [];
  const isFull = count >= max * CONNTRACK_FULL;
  return [
    makeFinding("conntrack-full", {
      severity: isFull ? "problem" : "warning",
      title: isFull
        ? `the table of connections is full: ${count} of ${max}`
        : `the table of connections is nearly full: ${count} of ${max}`,
      evidence: [{
        path: state.sources["conntrack"] ?? "",
        detail: `count ${count}, max ${max}, dropped packets ${drops}`,
      }],
    }),
  ];
}

/** Rules of the firewall that change addresses, as EVE lists them. */
function checkTranslation({ archive }: CheckContext): Finding[] {
  const path = "linux/iptables-nat.txt";
  const rule = archive.text(path)?.split("\n").find((line) =>
    /^\d+\s+[1-9]\S*\s+\S+\s+(MASQUERADE|SNAT)\b/.test(line)
  );
  if (rule === undefined) return [];
  return [
    makeFinding("nat", {
      severity: "note",
      title: "the device translates addresses of what it sends",
      evidence: [{ path, detail: rule.trim().replace(/\s+/g, " ") }],
    }),
  ];
}

function describeRoute(route: RouteState): string {
  const { type, destination, table, metric } = route;
  return `${type} ${destination} table ${table} metric ${metric}`;
}

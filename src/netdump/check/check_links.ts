import type { LinkState } from "../state/types.ts";
import type { CheckContext } from "./check_context.ts";
import type { Evidence, Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";

/** Kinds of virtual interfaces that no device reaches its network by. */
const INNER_KINDS: ReadonlySet<string> = new Set([
  "dummy",
  "ifb",
  "tun",
  "sit",
  "gre",
  "gretap",
  "erspan",
  "ip6gre",
  "ip6tnl",
  "ipip",
  "vti",
  "vti6",
  "vcan",
  "can",
  "nlmon",
  "wireguard",
  "xfrm",
]);
/** The same by name, where the kind is not known, and bridges of containers. */
const INNER_NAME_REGEXP =
  /^(ifb|dummy|sit|gre|gretap|erspan|ip6tnl|ip_vti|ip6_vti|tunl|tun|tap|docker|virbr|br-|veth[0-9a-f]{6}|vnet|cali|flannel|cni|lxc|lxd|kube)/;
/** Errors and drops from which on a link is suspicious, in packets of a thousand. */
const MAX_FAULTS_PER_MILLE = 10;
const MIN_FAULTS = 10;

/**
 * Looks at interfaces and addresses.
 *
 * @param context The dump.
 * @returns What is wrong.
 */
export function checkLinks(context: CheckContext): Finding[] {
  const { state, ports } = context;
  const path = state.sources["links"] ?? state.sources["addresses"] ?? "";
  const defaults = state.routes.filter((route) =>
    route.destination === "default" && route.type === "unicast" && !route.isDead
  );
  const management = new Set(
    ports?.ports.filter(({ isManagement }) => isManagement).map(({ device }) =>
      device
    ),
  );
  const carriers = new Set(
    defaults.flatMap(({ hops }) => hops.map(({ device }) => device)),
  );
  const findings: Finding[] = [];
  if (
    state.links.length > 0 && state.links.every(({ isLoopback }) => isLoopback)
  ) {
    findings.push(makeFinding("interface-down", {
      title: "there is no interface but the loopback",
      evidence: [{ path, detail: `only ${state.links[0]!.name}` }],
    }));
  }
  for (const link of state.links) {
    if (link.isLoopback) continue;
    const isManaged = management.has(link.name);
    if (!isManaged && !isOuter(link)) continue;
    const carries = carriers.has(link.name);
    const others = carriers.size > (carries ? 1 : 0);
    const globals = globalAddresses(link);
    if (!link.isUp || !link.hasCarrier) {
      findings.push(downFinding(link, path, {
        isNeeded: !others || carries || isManaged,
        hasAddress: globals.length > 0,
      }));
    } else if (globals.length === 0 && !link.master && (!others || isManaged)) {
      findings.push(addressFinding(link, context, path));
    }
    findings.push(
      ...duplicateFindings(link, path),
      ...faultFindings(link, path),
    );
  }
  // Ours says there what our own requests said.
  const isEve = context.archive.manifest === undefined;
  for (const port of isEve ? ports?.ports ?? [] : []) {
    if (port.lastError === "") continue;
    findings.push(makeFinding("port-error", {
      severity: "warning",
      subject: port.device,
      title: `EVE says of port ${port.device}: ${port.lastError}`,
      evidence: [{ path: "eve/dns.json", detail: "LastError" }],
    }));
  }
  return findings;
}

/** Addresses that lead beyond the link. */
export function globalAddresses(link: LinkState): LinkState["addresses"] {
  return link.addresses.filter(({ ip, scope }) =>
    scope !== "link" && scope !== "host" && !ip.startsWith("169.254.") &&
    !/^fe[89ab]/i.test(ip)
  );
}

function isOuter(link: LinkState): boolean {
  return !INNER_KINDS.has(link.kind) && !INNER_NAME_REGEXP.test(link.name);
}

function downFinding(
  link: LinkState,
  path: string,
  { isNeeded, hasAddress }: { isNeeded: boolean; hasAddress: boolean },
): Finding {
  const title = link.isUp
    ? `interface ${link.name} has no carrier`
    : `interface ${link.name} is switched off`;
  return makeFinding("interface-down", {
    severity: isNeeded ? "problem" : hasAddress ? "warning" : "note",
    subject: link.name,
    title,
    ...(link.isUp
      ? { hint: "look at cable, switch port, radio or modem" }
      : { hint: `switch it on: ip link set ${link.name} up` }),
    evidence: [{
      path,
      detail: `${link.name}: ${link.isUp ? "no carrier" : "not up"}`,
    }],
  });
}

function addressFinding(
  link: LinkState,
  { state, archive }: CheckContext,
  path: string,
): Finding {
  const lease = state.leases.find(({ device }) => device === link.name);
  const evidence: Evidence[] = [{
    path: state.sources["addresses"] ?? path,
    detail: link.addresses.length === 0
      ? `${link.name}: no addresses`
      : `${link.name}: only ${link.addresses.map(({ ip }) => ip).join(", ")}`,
  }];
  const leasePath = `linux/dhcp-lease-${link.name}.txt`;
  if (archive.entry(leasePath) !== undefined) {
    evidence.push({
      path: leasePath,
      detail: lease === undefined
        ? "no lease"
        : `reason ${lease.values["reason"] ?? "unknown"}`,
    });
  }
  const isSelfMade = link.addresses.some(({ ip }) => ip.startsWith("169.254."));
  return makeFinding("no-address", {
    subject: link.name,
    title: isSelfMade
      ? `interface ${link.name} got no address and made itself one`
      : `interface ${link.name} has no address`,
    evidence,
  });
}

function duplicateFindings(link: LinkState, path: string): Finding[] {
  return link.addresses.filter(({ isDuplicate }) => isDuplicate).map(({ ip }) =>
    makeFinding("address-duplicate", {
      subject: `${ip} on ${link.name}`,
      title: `another device on ${link.name} has the address ${ip} too`,
      evidence: [{ path, detail: `${ip}: duplicate address detected` }],
    })
  );
}

function faultFindings(link: LinkState, path: string): Finding[] {
  const { counters } = link;
  if (counters === undefined) return [];
  const directions = [
    ["received", counters.rxPackets, counters.rxErrors, counters.rxDropped],
    ["sent", counters.txPackets, counters.txErrors, counters.txDropped],
  ] as const;
  return directions.flatMap(([word, packets, errors, dropped]) => {
    const faults = errors + dropped;
    const limit = Math.max(MIN_FAULTS, packets * MAX_FAULTS_PER_MILLE / 1000);
    if (faults <= limit) return [];
    return [
      makeFinding("interface-errors", {
        severity: "warning",
        subject: link.name,
        title:
          `interface ${link.name} lost packets: of ${packets} ${word}, ${errors} errors and ${dropped} drops`,
        evidence: [{ path, detail: `${link.name}: ${faults} ${word} faults` }],
      }),
    ];
  });
}

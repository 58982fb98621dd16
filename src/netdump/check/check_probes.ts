import { PROBES_NAME } from "../probe/probes_json.ts";
import type { ProbeResult } from "../probe/types.ts";
import type { CheckContext } from "./check_context.ts";
import type { Evidence, Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";

/** Loss from which on it is a fault, in percent. */
const LOSS_PERCENT = 5;
const LOSS_PROBLEM_PERCENT = 10;
/** Difference to other clocks from which on certificates and logs are in danger. */
const CLOCK_WARNING_MS = 60_000;
const CLOCK_PROBLEM_MS = 300_000;

/**
 * Looks at what probes found out.
 *
 * @param context The dump.
 * @returns What is wrong.
 */
export function checkProbes(context: CheckContext): Finding[] {
  const { probes } = context;
  return [
    ...checkLoss(probes),
    ...probes.flatMap((probe) => checkGateway(probe, probes)),
    ...probes.flatMap(checkPath),
    ...checkDns(context),
    ...checkFamilies(probes),
    ...checkClock(probes),
    ...probes.flatMap(checkPortal),
  ];
}

/**
 * Tells how far the device's clock is off.
 *
 * @param probes What probes found out.
 * @returns Milliseconds by which others are ahead, with who says so; the median
 * of several, `undefined` where nobody was asked.
 */
export function clockOffset(
  probes: readonly ProbeResult[],
): { readonly offsetMs: number; readonly witnesses: string } | undefined {
  const witnesses = probes.flatMap(({ probe, outcome, target, details }) => {
    const { offsetMs } = details;
    const isWitness = (probe === "ntp" || probe === "http-date") &&
      outcome === "ok" && typeof offsetMs === "number";
    return isWitness ? [{ target, offsetMs }] : [];
  });
  if (witnesses.length === 0) return undefined;
  witnesses.sort((a, b) => a.offsetMs - b.offsetMs);
  const { offsetMs } = witnesses[Math.floor(witnesses.length / 2)]!;
  return {
    offsetMs,
    witnesses: witnesses.map(({ target }) => target).join(", "),
  };
}

function evidenceOf(probe: ProbeResult): Evidence {
  const details = Object.entries(probe.details).map(([key, value]) =>
    `${key} ${typeof value === "object" ? value.join(" ") : value}`
  );
  return {
    path: PROBES_NAME,
    detail: `${probe.probe} ${probe.target}: ${
      [probe.outcome, probe.cause, ...details].filter((part) => part !== "")
        .join(", ")
    }`,
  };
}

function checkLoss(probes: readonly ProbeResult[]): Finding[] {
  const lossy = probes.filter(({ probe, details }) => {
    const loss = details["lossPercent"];
    return (probe === "gateway" || probe === "path") &&
      typeof loss === "number" && loss >= LOSS_PERCENT && loss < 100;
  });
  if (lossy.length === 0) return [];
  const worst = Math.max(
    ...lossy.map(({ details }) => details["lossPercent"] as number),
  );
  return [
    makeFinding("packet-loss", {
      severity: worst >= LOSS_PROBLEM_PERCENT ? "problem" : "warning",
      title: `packets get lost: ${worst} % of the round trips to ${
        lossy.map(({ target }) => target).join(", ")
      }`,
      evidence: lossy.map(evidenceOf),
    }),
  ];
}

function checkGateway(
  probe: ProbeResult,
  probes: readonly ProbeResult[],
): Finding[] {
  if (probe.probe !== "gateway" || probe.outcome !== "fail") return [];
  if (probe.cause !== "silent" && probe.cause !== "neighbour") return [];
  return [
    makeFinding("gateway-silent", {
      severity: answersElsewhere(probe.target, probes) ? "warning" : "problem",
      subject: probe.target,
      title: probe.cause === "neighbour"
        ? `the gateway ${probe.target} does not answer on its link`
        : `the gateway ${probe.target} does not answer`,
      evidence: [evidenceOf(probe)],
    }),
  ];
}

/**
 * Tells whether there is a way out beside a gateway that does not answer.
 *
 * @param gateway The gateway.
 * @param probes What probes found out.
 * @returns True when another gateway answers.
 */
export function answersElsewhere(
  gateway: string,
  probes: readonly ProbeResult[],
): boolean {
  return probes.some(({ probe, target, outcome, details }) =>
    probe === "gateway" && target !== gateway && outcome === "ok" &&
    Number(details["received"]) > 0
  );
}

function checkPath(probe: ProbeResult): Finding[] {
  if (probe.probe !== "path" || probe.cause !== "mtu-black-hole") return [];
  const { largestPassed, linkMtu } = probe.details;
  return [
    makeFinding("mtu-black-hole", {
      title:
        `packets of more than ${largestPassed} bytes get lost on the way to ${probe.target} without a word, the link takes ${linkMtu}`,
      evidence: [evidenceOf(probe)],
    }),
  ];
}

function checkDns({ probes, state }: CheckContext): Finding[] {
  const dns = probes.filter(({ probe, outcome }) =>
    probe === "dns" && outcome !== "skipped"
  );
  const servers = new Map<string, ProbeResult[]>();
  for (const probe of dns) {
    servers.set(probe.target, [...servers.get(probe.target) ?? [], probe]);
  }
  const findings: Finding[] = [];
  const silent = [...servers].filter(([, results]) =>
    results.every(({ cause }) => cause === "silent" || cause === "refused")
  );
  const isAll = silent.length === servers.size;
  if (silent.length > 0) {
    findings.push(makeFinding(isAll ? "dns-silent" : "dns-server-silent", {
      severity: isAll ? "problem" : "warning",
      subject: silent.map(([server]) => server).join(", "),
      title: isAll
        ? `no name server answers: ${silent.map(([name]) => name).join(", ")}`
        : `name server ${
          silent.map(([name]) => name).join(", ")
        } does not answer`,
      evidence: silent.flatMap(([, results]) => results.map(evidenceOf)),
    }));
  }
  const failing = [...servers].filter(([, results]) =>
    results.every(({ cause }) => cause === "failure")
  );
  for (const [server, results] of failing) {
    const rcode = results[0]!.details["rcode"];
    findings.push(makeFinding("dns-failure", {
      severity: failing.length === servers.size ? "problem" : "warning",
      subject: server,
      title: `name server ${server} fails: it answers ${rcode}`,
      evidence: results.map(evidenceOf),
    }));
  }
  if (state.resolver?.servers.length === 0 && servers.size === 0) {
    findings.push(makeFinding("dns-no-server", {
      title: "no name server is configured",
      evidence: [{ path: state.resolver.source, detail: "no name servers" }],
    }));
  }
  return [...findings, ...differingAnswers(dns)];
}

function differingAnswers(dns: readonly ProbeResult[]): Finding[] {
  const byName = new Map<string, ProbeResult[]>();
  for (const probe of dns) {
    if (probe.outcome !== "ok" && probe.cause !== "no-such-name") continue;
    const key = `${probe.details["name"]} ${probe.details["type"]}`;
    byName.set(key, [...byName.get(key) ?? [], probe]);
  }
  return [...byName].flatMap(([name, results]) => {
    const answers = new Set(
      results.map(({ details }) =>
        [...details["answers"] as readonly string[] ?? []].sort().join(" ")
      ),
    );
    // Servers may rotate among many addresses; it matters when they share none.
    const sets = [...answers].map((text) => new Set(text.split(" ")));
    const isDisjoint = sets.some((a, at) =>
      sets.slice(at + 1).some((b) => ![...a].some((value) => b.has(value)))
    );
    if (answers.size < 2 || !isDisjoint) return [];
    return [
      makeFinding("dns-answers-differ", {
        severity: "warning",
        subject: name,
        title: `name servers give different answers for ${name}`,
        evidence: results.map(evidenceOf),
      }),
    ];
  });
}

function checkFamilies(probes: readonly ProbeResult[]): Finding[] {
  const connects = probes.filter(({ probe }) => probe === "connect");
  const names = new Set(connects.map(({ details }) => details["name"]));
  return [...names].flatMap((name) => {
    const own = connects.filter(({ details }) => details["name"] === name);
    const ofFamily = (family: number) =>
      own.filter(({ details, outcome }) =>
        details["family"] === family && outcome !== "skipped"
      );
    const [four, six] = [ofFamily(4), ofFamily(6)];
    const isBroken = six.length > 0 &&
      six.every(({ outcome }) => outcome === "fail") &&
      four.some(({ outcome }) => outcome === "ok");
    if (!isBroken) return [];
    return [
      makeFinding("ipv6-broken", {
        subject: String(name),
        title: `${name} is reached by IPv4, but not by IPv6`,
        evidence: [...six, ...four].map(evidenceOf),
      }),
    ];
  });
}

function checkClock(probes: readonly ProbeResult[]): Finding[] {
  const findings: Finding[] = [];
  const offset = clockOffset(probes);
  if (offset !== undefined && Math.abs(offset.offsetMs) >= CLOCK_WARNING_MS) {
    const { offsetMs, witnesses } = offset;
    findings.push(makeFinding("clock-wrong", {
      severity: Math.abs(offsetMs) >= CLOCK_PROBLEM_MS ? "problem" : "warning",
      title: `the device's clock is ${
        describeOffset(offsetMs)
      } of ${witnesses}`,
      evidence: probes.filter(({ probe, outcome }) =>
        (probe === "ntp" || probe === "http-date") && outcome === "ok"
      ).map(evidenceOf),
    }));
  }
  const ntp = probes.filter(({ probe, outcome }) =>
    probe === "ntp" && outcome !== "skipped"
  );
  if (ntp.length > 0 && ntp.every(({ outcome }) => outcome === "fail")) {
    findings.push(makeFinding("ntp-silent", {
      severity: "warning",
      subject: ntp.map(({ target }) => target).join(", "),
      title: `no time server answers: ${
        ntp.map(({ target }) => target).join(", ")
      }`,
      evidence: ntp.map(evidenceOf),
    }));
  }
  return findings;
}

/**
 * Says a difference of clocks in words.
 *
 * @param offsetMs By how much others are ahead.
 * @returns For example `2 days behind`.
 */
export function describeOffset(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const units = [[86_400, "days"], [3600, "hours"], [60, "minutes"]] as const;
  const [size, unit] = units.find(([size]) => seconds >= 2 * size) ??
    [1, "seconds"] as const;
  return `${Math.round(seconds / size)} ${unit} ${
    offsetMs > 0 ? "behind" : "ahead"
  }`;
}

function checkPortal(probe: ProbeResult): Finding[] {
  if (probe.probe !== "captive-portal" || probe.cause !== "intercepted") {
    return [];
  }
  const { location, status } = probe.details;
  return [
    makeFinding("captive-portal", {
      subject: probe.target,
      title: location === undefined
        ? `somebody else answers for ${probe.target}, with status ${status}`
        : `requests are sent to a portal, ${location}`,
      evidence: [evidenceOf(probe)],
    }),
  ];
}

import { joinHostPort, parseIpAddress } from "../../codec/ip_address.ts";
import type { CaptureFacts } from "./capture_facts.ts";
import type { CheckContext, CheckedRequest } from "./check_context.ts";
import { clockOffset } from "./check_probes.ts";
import { checkTls } from "./check_tls.ts";
import type { Evidence, Finding } from "./finding.ts";
import { makeFinding } from "./make_finding.ts";
import { readTraceFacts } from "./trace_facts.ts";
import type { TraceFacts } from "./trace_facts.ts";

/** Time for the first byte from which on a server is slow. */
const SLOW_FIRST_BYTE_MS = 3000;

/**
 * Looks at traced requests.
 *
 * @param context The dump.
 * @returns What is wrong.
 */
export function checkTraces(context: CheckContext): Finding[] {
  return context.requests.flatMap((request) => {
    if (request.trace === undefined) return [];
    return new RequestCheck(context, request).findings();
  });
}

class RequestCheck {
  readonly #context: CheckContext;
  readonly #path: string;
  readonly #captures: readonly CaptureFacts[];
  readonly #facts: TraceFacts;
  readonly #trace: NonNullable<CheckedRequest["trace"]>;

  constructor(context: CheckContext, request: CheckedRequest) {
    this.#context = context;
    this.#path = request.path;
    this.#captures = request.captures;
    this.#trace = request.trace!;
    this.#facts = readTraceFacts(request.trace!);
  }

  findings(): Finding[] {
    const found = this.#failure();
    return [...found, ...this.#ipv6(), ...this.#nat()];
  }

  /** What stopped the request, or what was odd about its success. */
  #failure(): Finding[] {
    const facts = this.#facts;
    switch (facts.phase) {
      case "done":
        return this.#success();
      case "dns":
        return this.#dns();
      case "tcp":
        return this.#tcp();
      case "proxy":
        return [this.#proxy()];
      case "tls":
        return checkTls(facts, {
          path: this.#path,
          offset: clockOffset(this.#context.probes),
          largeLost: this.#largeLost(),
        });
      case "http":
        return [this.#http()];
    }
  }

  #success(): Finding[] {
    const { request, target, firstByteMs } = this.#facts;
    const findings: Finding[] = [];
    const status = request?.respStatusCode ?? 0;
    if (status >= 500) {
      findings.push(makeFinding("http-error", {
        severity: "warning",
        subject: target,
        title: `${target} answers with status ${status}`,
        evidence: [this.#evidence(`respStatusCode ${status}`)],
      }));
    }
    if (firstByteMs !== undefined && firstByteMs >= SLOW_FIRST_BYTE_MS) {
      findings.push(makeFinding("slow-first-byte", {
        severity: "warning",
        subject: target,
        title: `${target} took ${firstByteMs} ms for its first byte`,
        evidence: [this.#evidence(`first byte after ${firstByteMs} ms`)],
      }));
    }
    return findings;
  }

  #dns(): Finding[] {
    const { lookups, error, dialHost } = this.#facts;
    const asked = [...new Set(lookups.map(({ server }) => server))]
      .filter((server) => server !== "");
    const silent = asked.filter((server) =>
      lookups.every((lookup) => lookup.server !== server || lookup.rcode === "")
    );
    const evidence = this.#lookupEvidence(error);
    const isSilent = asked.length > 0 && silent.length === asked.length;
    if (isSilent || (asked.length === 0 && /i\/o timeout/.test(error))) {
      const servers = asked.join(", ") || serverIn(error);
      return [
        makeFinding("dns-silent", {
          subject: servers,
          title: `no name server answers: ${servers}`,
          evidence: [...evidence, ...this.#dnsCaptureEvidence()],
        }),
      ];
    }
    const missing = lookups.filter(({ rcode, addresses }) =>
      rcode === "non-existent-domain" ||
      (rcode === "no-error" && addresses.length === 0)
    );
    const isAnswered = lookups.every(({ rcode }) => rcode !== "");
    if (
      /no such host/.test(error) || (isAnswered && missing.length > 0)
    ) return [this.#noSuchName(evidence)];
    const codes = [...new Set(lookups.map(({ rcode }) => rcode))]
      .filter((code) => code !== "");
    const isRefused = /connection refused/.test(error);
    return [
      makeFinding("dns-failure", {
        subject: asked.join(", ") || serverIn(error),
        title: isRefused
          ? `the name server refuses to talk: ${serverIn(error)}`
          : `name servers fail for ${dialHost}: ${codes.join(", ") || error}`,
        evidence,
      }),
    ];
  }

  #noSuchName(evidence: readonly Evidence[]): Finding {
    const { lookups, dialHost } = this.#facts;
    const names = [...new Set(lookups.map(({ name }) => name.toLowerCase()))];
    const whole = `${dialHost.toLowerCase().replace(/\.$/, "")}.`;
    const suffixed = names.filter((name) =>
      name !== whole && name.startsWith(whole)
    );
    if (suffixed.length > 0) {
      return makeFinding("dns-search-suffix", {
        subject: dialHost,
        title: `there is no ${dialHost}, and the search list made ${
          suffixed.join(", ")
        } of it, which do not exist either`.replace(
          /( of it, which) do not/,
          suffixed.length === 1 ? "$1 does not" : "$1 do not",
        ),
        evidence,
      });
    }
    return makeFinding("dns-no-such-name", {
      subject: dialHost,
      title: `the name ${dialHost} does not exist`,
      evidence,
    });
  }

  #tcp(): Finding[] {
    const { error, dialHost, dialPort, proxy, attempts } = this.#facts;
    const subject = joinHostPort(dialHost, dialPort);
    const via = proxy === "" ? "" : "the proxy ";
    const evidence = [this.#evidence(error), ...this.#tcpCaptureEvidence()];
    const tried = attempts.map(({ addrTuple }) => addrTuple.dstIp);
    const where = tried.length === 0
      ? subject
      : `${subject} (${[...new Set(tried)].join(", ")})`;
    if (proxy !== "") {
      return [
        makeFinding("proxy-unreachable", {
          subject,
          title: `the proxy ${where} cannot be reached: ${lastPart(error)}`,
          evidence,
        }),
      ];
    }
    if (/connection refused/.test(error)) {
      return [
        makeFinding("tcp-refused", {
          subject,
          title: `${via}${where} refuses the connection`,
          evidence,
        }),
      ];
    }
    if (/unreachable|no route to host/.test(error)) {
      return [
        makeFinding("tcp-unreachable", {
          subject,
          title: `there is no way to ${where}: ${lastPart(error)}`,
          evidence,
        }),
        ...this.#unansweredNeighbours(),
      ];
    }
    return [
      makeFinding("tcp-unanswered", {
        subject,
        title: `nothing comes back from ${where}`,
        evidence,
      }),
      ...this.#unansweredNeighbours(),
    ];
  }

  #proxy(): Finding {
    const { error, proxy, host } = this.#facts;
    return makeFinding("proxy-refused", {
      subject: proxy,
      title: `the proxy ${proxy} refuses to connect to ${host}: ${error}`,
      evidence: [this.#evidence(error)],
    });
  }

  #http(): Finding {
    const { error, target } = this.#facts;
    const evidence = [this.#evidence(error)];
    const isStalled = /timeout|deadline|cancel/i.test(error);
    if (isStalled && this.#largeLost() !== undefined) {
      return this.#blackHole(evidence);
    }
    if (isStalled) {
      return makeFinding("http-stalled", {
        subject: target,
        title: `${target} was asked and does not answer`,
        evidence,
      });
    }
    return makeFinding("request-failed", {
      subject: target,
      title: `the request to ${target} failed: ${error}`,
      evidence,
    });
  }

  #blackHole(evidence: readonly Evidence[]): Finding {
    const { target } = this.#facts;
    return makeFinding("mtu-black-hole", {
      title: `large packets get lost on the way to ${target}, small ones pass`,
      evidence: [...evidence, this.#largeLost()!],
    });
  }

  /** Evidence that large segments vanish while small ones pass. */
  #largeLost(): Evidence | undefined {
    for (const { path, flows, icmpErrors } of this.#captures) {
      if (icmpErrors.some(({ mtu }) => mtu !== undefined)) continue;
      const flow = flows.find((each) =>
        each.isAccepted && (each.largeUnacknowledged >= 3 || each.hasHole)
      );
      if (flow === undefined) continue;
      const detail = flow.hasHole
        ? `of ${flow.destination} later segments came, earlier ones did not`
        : `large segments to ${flow.destination} sent ${flow.largeUnacknowledged} times and never acknowledged`;
      return { path, detail };
    }
    return undefined;
  }

  #ipv6(): Finding[] {
    const { attempts, dialHost } = this.#facts;
    const isIpv6 = (address: string) => parseIpAddress(address)?.length === 16;
    const six = attempts.filter(({ addrTuple }) => isIpv6(addrTuple.dstIp));
    const isReached = attempts.some(({ addrTuple, connected }) =>
      connected && !isIpv6(addrTuple.dstIp)
    );
    if (six.length === 0 || !isReached || six.some((each) => each.connected)) {
      return [];
    }
    // Without an address and a route of its own, IPv6 is simply not in use.
    const { routes, links } = this.#context.state;
    const hasRoute = routes.some(({ family, destination }) =>
      family === 6 && destination === "default"
    );
    const isKnown = routes.some(({ family }) => family === 6) ||
      links.length === 0;
    if (isKnown && !hasRoute) return [];
    return [
      makeFinding("ipv6-broken", {
        subject: dialHost,
        title: `${dialHost} is reached by IPv4, but not by IPv6`,
        evidence: [
          this.#evidence(
            `${six.length} attempts to ${six[0]!.addrTuple.dstIp} failed`,
          ),
        ],
      }),
    ];
  }

  #nat(): Finding[] {
    for (const { conntrack } of this.#trace.tcpConns) {
      if (conntrack === undefined) continue;
      const { addrOrig, addrReply } = conntrack;
      if (addrReply.dstIp === "" || addrReply.dstIp === addrOrig.srcIp) {
        continue;
      }
      return [
        makeFinding("nat", {
          severity: "note",
          title:
            `the device translates ${addrOrig.srcIp} to ${addrReply.dstIp}`,
          evidence: [
            this.#evidence(
              `conntrack reply goes to ${addrReply.dstIp}:${addrReply.dstPort}`,
            ),
          ],
        }),
      ];
    }
    return [];
  }

  #unansweredNeighbours(): Finding[] {
    const tried = new Set(
      this.#facts.attempts.map(({ addrTuple }) => addrTuple.dstIp),
    );
    return this.#captures.flatMap(({ path, arpUnanswered }) =>
      [...arpUnanswered].filter(([ip]) => tried.has(ip)).map(([ip, count]) =>
        makeFinding("neighbour-incomplete", {
          subject: ip,
          title: `${ip} is on a link of the device and does not answer there`,
          evidence: [{
            path,
            detail: `asked ${count} times who has ${ip}, nobody answered`,
          }],
        })
      )
    );
  }

  #tcpCaptureEvidence(): Evidence[] {
    const tried = new Set(
      this.#facts.attempts.map(({ addrTuple }) => addrTuple.dstIp),
    );
    const evidence: Evidence[] = [];
    let hasLeft = false;
    for (const { path, flows, icmpErrors } of this.#captures) {
      for (const flow of flows) {
        if (!tried.has(flow.destinationIp) || flow.syns === 0) continue;
        hasLeft = true;
        const outcome = flow.isReset
          ? "was refused"
          : flow.isAccepted
          ? "was accepted"
          : "got no answer";
        evidence.push({
          path,
          detail:
            `SYN to ${flow.destination} left ${flow.syns} times, ${outcome}`,
        });
      }
      for (const { reporter, destination, text } of icmpErrors) {
        if (!tried.has(destination)) continue;
        evidence.push({
          path,
          detail: `${reporter} says about ${destination}: ${text}`,
        });
      }
    }
    if (!hasLeft && tried.size > 0 && this.#captures.length > 0) {
      evidence.push({
        path: this.#captures[0]!.path,
        detail: "no SYN was seen leaving the device",
      });
    }
    return evidence;
  }

  #dnsCaptureEvidence(): Evidence[] {
    return this.#captures.flatMap(({ path, dnsUnanswered }) =>
      dnsUnanswered.slice(0, 3).map(({ server, name }) => ({
        path,
        detail: `query for ${name} left for ${server}, no reply came`,
      }))
    );
  }

  #lookupEvidence(error: string): Evidence[] {
    const details = this.#facts.lookups.map(({ server, name, type, rcode }) =>
      `${name} ${type} at ${server}: ${rcode || "no reply"}`
    );
    return [error, ...new Set(details)].filter((text) => text !== "")
      .map((detail) => this.#evidence(detail));
  }

  #evidence(detail: string): Evidence {
    return { path: this.#path, detail };
  }
}

function serverIn(error: string): string {
  return / on (\S+?):? /.exec(`${error} `)?.[1]?.replace(/:53$/, "") ?? "";
}

/** "dial tcp 10.0.0.1:80: connect: network is unreachable": the last part says it. */
function lastPart(error: string): string {
  return error.split(": ").at(-1) ?? error;
}

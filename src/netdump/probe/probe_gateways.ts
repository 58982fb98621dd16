import { readRtnetlink } from "../state/read_rtnetlink.ts";
import type { NetworkState } from "../state/types.ts";
import { ping } from "./ping.ts";
import type { PingResult } from "./ping.ts";
import type { ProbeResult } from "./types.ts";

/** Gateways that are tried. */
const MAX_GATEWAYS = 4;

/**
 * Tries whether the default gateways answer, and how many packets get lost on
 * the way to them.
 *
 * @param state State of the network.
 * @param signal Ends the work.
 * @returns A result for each gateway.
 */
export async function probeGateways(
  state: NetworkState,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const gateways = new Map<string, string>();
  for (const { destination, type, hops } of state.routes) {
    if (destination !== "default" || type !== "unicast") continue;
    for (const { gateway, device } of hops) {
      if (gateway !== "") gateways.set(gateway, device);
    }
  }
  return await Promise.all(
    [...gateways].slice(0, MAX_GATEWAYS).map(([gateway, device]) =>
      probeGateway(gateway, device, state, signal)
    ),
  );
}

async function probeGateway(
  gateway: string,
  device: string,
  state: NetworkState,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const started = performance.now();
  const scopeId = state.links.find(({ name }) => name === device)?.index;
  const result = await ping(gateway, { scopeId, device, signal });
  const base = {
    probe: "gateway" as const,
    target: gateway,
    phase: "icmp",
    cause: "",
    hint: "",
    durationMs: Math.round(performance.now() - started),
  };
  if (result === undefined) {
    return {
      ...base,
      outcome: "skipped",
      cause: "not-permitted",
      hint: "run as root, or install ping",
      details: { device },
    };
  }
  const details = { device, ...pingDetails(result) };
  if (result.received > 0) return { ...base, outcome: "ok", details };
  const neighbour = neighbourState(gateway, device);
  const isThere = neighbour === "reachable" || neighbour === "permanent" ||
    neighbour === "delay" || neighbour === "probe" || neighbour === "stale";
  return {
    ...base,
    phase: isThere ? "icmp" : "arp",
    // A router that drops pings and answers for its address is well.
    outcome: isThere ? "ok" : "fail",
    cause: isThere
      ? "icmp-filtered"
      : neighbour === ""
      ? "silent"
      : "neighbour",
    hint: isThere ? "" : "look at the router and the network towards it",
    details: { ...details, neighbour },
  };
}

/** @param result A series of pings. @returns What of it goes into a result. */
export function pingDetails(
  result: PingResult,
): Record<string, string | number> {
  const { sent, received } = result;
  const lost = sent === 0 ? 0 : (sent - received) / sent * 100;
  return { ...result, lossPercent: Math.round(lost * 10) / 10 };
}

function neighbourState(ip: string, device: string): string {
  try {
    return readRtnetlink().neighbours.find((neighbour) =>
      neighbour.ip === ip && neighbour.device === device
    )?.state ?? "";
  } catch {
    return "";
  }
}

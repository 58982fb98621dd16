import { EchoSocket } from "../../platform/echo_socket.ts";
import { ping } from "./ping.ts";
import { pause } from "./pause.ts";
import { pingDetails } from "./probe_gateways.ts";
import type { ProbeResult } from "./types.ts";

/** Sizes of IP packets that are tried beside the largest that the link takes. */
const SIZES = [
  1492,
  1480,
  1460,
  1420,
  1400,
  1380,
  1340,
  1300,
  1280,
  1200,
  1000,
  576,
] as const;
const ROUNDS = 4;
const ROUND_MS = 350;
const POLL_MS = 10;
/** Larger packets are not tried, whatever the link takes. */
const MAX_BYTES = 9000;
const MIN_BYTES = 128;

/** Which way {@linkcode probePath} goes. */
export interface ProbePathOptions {
  /** Name that the address belongs to. */
  readonly name: string;
  /** Largest packet of the interface that leads there. */
  readonly linkMtu: number;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Tries how many packets get lost on the way to a host, and how large they may
 * be.
 *
 * @param address Address of the host.
 * @param options Its name and the first link.
 * @returns What came back.
 */
export async function probePath(
  address: string,
  options: ProbePathOptions,
): Promise<ProbeResult> {
  const { name, signal } = options;
  const started = performance.now();
  const result = await ping(address, { signal });
  const finish = (
    fields: Pick<ProbeResult, "outcome" | "cause" | "hint" | "details">,
  ): ProbeResult => ({
    probe: "path",
    target: address,
    phase: "icmp",
    durationMs: Math.round(performance.now() - started),
    ...fields,
  });
  if (result === undefined) {
    return finish({
      outcome: "skipped",
      cause: "not-permitted",
      hint: "run as root, or install ping",
      details: { name },
    });
  }
  const details = { name, ...pingDetails(result) };
  if (result.received === 0) {
    return finish({
      outcome: "skipped",
      cause: "no-echo",
      hint: "",
      details,
    });
  }
  const sizes = await probeSizes(address, options);
  if (sizes === undefined) {
    return finish({ outcome: "ok", cause: "", hint: "", details });
  }
  const isHole = sizes.largestPassed < sizes.largestTried &&
    // Routers that say what fits make no hole.
    (sizes.pathMtu === 0 || sizes.pathMtu >= sizes.largestTried);
  return finish({
    outcome: isHole ? "fail" : "ok",
    cause: isHole ? "mtu-black-hole" : "",
    hint: isHole ? "lower the MTU, or let ICMP pass" : "",
    details: { ...details, linkMtu: options.linkMtu, ...sizes },
  });
}

async function probeSizes(
  address: string,
  { linkMtu, signal }: ProbePathOptions,
): Promise<
  | {
    readonly largestTried: number;
    readonly largestPassed: number;
    readonly pathMtu: number;
  }
  | undefined
> {
  const top = Math.min(MAX_BYTES, linkMtu);
  if (top < MIN_BYTES) return undefined;
  let socket: EchoSocket;
  try {
    socket = new EchoSocket(address);
  } catch {
    return undefined;
  }
  using _ = socket;
  const sizes = [top, ...SIZES.filter((size) => size < top), MIN_BYTES];
  const passed = new Set<number>();
  const tooLarge = new Set<number>();
  const receive = (): void => {
    for (
      let reply = socket.receive();
      reply !== undefined;
      reply = socket.receive()
    ) passed.add(sizes[reply.sequence % sizes.length]!);
  };
  for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
    for (const [index, size] of sizes.entries()) {
      if (passed.has(size)) continue;
      const outcome = socket.send(round * sizes.length + index, size);
      if (outcome === "too large") tooLarge.add(size);
    }
    const until = performance.now() + ROUND_MS;
    while (performance.now() < until && passed.size < sizes.length) {
      receive();
      if (signal.aborted) break;
      await pause(POLL_MS, signal);
    }
    if (passed.has(top)) break;
  }
  const tried = sizes.filter((size) => !tooLarge.has(size));
  const largestPassed = Math.max(0, ...passed);
  if (largestPassed === 0 || tried.length === 0) return undefined;
  return {
    largestTried: Math.max(...tried),
    largestPassed,
    pathMtu: socket.pathMtu() ?? 0,
  };
}

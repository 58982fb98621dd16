import { EchoSocket } from "../../platform/echo_socket.ts";
import { runTool } from "../../platform/run_tool.ts";
import { pause } from "./pause.ts";

/** Packets of a series, and time between them. */
const COUNT = 20;
const INTERVAL_MS = 25;
/** How long the last answer may take. */
const WAIT_MS = 1000;
const POLL_MS = 5;
/** Bytes of a small packet, as ping sends them. */
const SMALL_BYTES = 84;

/** How {@linkcode ping} pings. */
export interface PingOptions {
  /** Number of the interface, which addresses of a link need. */
  readonly scopeId?: number | undefined;
  /** Name of the interface, for the program `ping`. */
  readonly device?: string | undefined;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** What came back. */
export interface PingResult {
  /** How it was done. */
  readonly method: "icmp" | "ping";
  readonly sent: number;
  readonly received: number;
  /** Times of the answers in ms; 0 where there were none. */
  readonly minMs: number;
  readonly avgMs: number;
  readonly maxMs: number;
}

/**
 * Sends a series of small echo requests.
 *
 * @param address An IP address.
 * @param options Interface and signal.
 * @returns What came back, `undefined` when this process cannot ping.
 */
export async function ping(
  address: string,
  options: PingOptions,
): Promise<PingResult | undefined> {
  let socket: EchoSocket;
  try {
    socket = new EchoSocket(address, { scopeId: options.scopeId });
  } catch {
    return await pingByTool(address, options);
  }
  using _ = socket;
  const sentAt: number[] = [];
  const times: number[] = [];
  const seen = new Set<number>();
  const drain = (): void => {
    for (
      let reply = socket.receive();
      reply !== undefined;
      reply = socket.receive()
    ) {
      const at = sentAt[reply.sequence];
      if (at === undefined || seen.has(reply.sequence)) continue;
      seen.add(reply.sequence);
      times.push(performance.now() - at);
    }
  };
  for (let count = 0; count < COUNT && !options.signal.aborted; count++) {
    sentAt.push(performance.now());
    socket.send(count, SMALL_BYTES);
    const until = performance.now() + INTERVAL_MS;
    while (performance.now() < until) {
      drain();
      await pause(POLL_MS, options.signal);
      if (options.signal.aborted) break;
    }
  }
  const deadline = performance.now() + WAIT_MS;
  while (seen.size < sentAt.length && performance.now() < deadline) {
    drain();
    if (options.signal.aborted) break;
    await pause(POLL_MS, options.signal);
  }
  return summarize("icmp", sentAt.length, times);
}

async function pingByTool(
  address: string,
  { device, signal }: PingOptions,
): Promise<PingResult | undefined> {
  const isLinkLocal = /^fe80:/i.test(address) && device !== undefined;
  const target = isLinkLocal ? `${address}%${device}` : address;
  const run = await runTool("ping", [
    "-n",
    "-c",
    "10",
    "-i",
    "0.2",
    "-W",
    "1",
    target,
  ], { timeoutMs: 8000, signal });
  const text = new TextDecoder().decode(run.stdout);
  const counts = /(\d+) packets transmitted, (\d+)/.exec(text);
  if (counts === null) return undefined;
  const times = [...text.matchAll(/time[=<]([\d.]+)/g)].map(([, ms]) =>
    Number(ms)
  );
  return summarize(
    "ping",
    Number(counts[1]),
    times.slice(0, Number(counts[2])),
  );
}

function summarize(
  method: PingResult["method"],
  sent: number,
  times: readonly number[],
): PingResult {
  const round = (ms: number) => Math.round(ms * 1000) / 1000;
  const sum = times.reduce((total, ms) => total + ms, 0);
  return {
    method,
    sent,
    received: times.length,
    minMs: round(times.length === 0 ? 0 : Math.min(...times)),
    avgMs: round(times.length === 0 ? 0 : sum / times.length),
    maxMs: round(times.length === 0 ? 0 : Math.max(...times)),
  };
}

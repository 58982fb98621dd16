import { connect } from "node:net";
import { parseIpAddress } from "../../codec/ip_address.ts";
import type { ProbeResult } from "./types.ts";

const TIMEOUT_MS = 3000;

/** Where {@linkcode probeConnect} connects. */
export interface ConnectTarget {
  /** Name that the address belongs to. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Tries to connect to an address.
 *
 * @param target Where to.
 * @param signal Ends the work.
 * @returns What became of it.
 */
export async function probeConnect(
  target: ConnectTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { name, address, port } = target;
  const started = performance.now();
  const cause = await attempt(address, port, signal);
  return {
    probe: "connect",
    target: address,
    outcome: cause === "" ? "ok" : cause === "interrupted" ? "skipped" : "fail",
    phase: "tcp",
    cause,
    hint: "",
    durationMs: Math.round(performance.now() - started),
    details: {
      name,
      port,
      family: parseIpAddress(address)?.length === 16 ? 6 : 4,
    },
  };
}

async function attempt(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<string> {
  if (signal.aborted) return "interrupted";
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: address, port });
  const timer = setTimeout(() => resolve("timeout"), TIMEOUT_MS);
  const onAbort = () => resolve("interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("connect", () => resolve(""));
  socket.once("error", (error: { readonly code?: string }) => {
    resolve(causeOf(error.code ?? ""));
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.on("error", () => {});
    socket.destroy();
  }
}

function causeOf(code: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return "refused";
    case "ETIMEDOUT":
      return "timeout";
    case "ENETUNREACH":
    case "EHOSTUNREACH":
      return "unreachable";
    default:
      return code.toLowerCase();
  }
}

import { connect } from "node:net";
import { parseIpAddress } from "../../codec/ip_address.ts";
import { openTcpConnection } from "../../platform/tcp_connection.ts";
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
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const either = AbortSignal.any([signal, timeout]);
  try {
    await connectOnce(address, port, either);
    return "";
  } catch (error) {
    if (signal.aborted) return "interrupted";
    if (timeout.aborted) return "timeout";
    return causeOf((error as { readonly code?: string }).code ?? "");
  }
}

/** The system tells more of a failure than some runtimes, where it may be asked. */
async function connectOnce(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  try {
    const connection = await openTcpConnection(address, port, { signal });
    await connection.close();
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotSupported;
    if (!isMissing) throw error;
    await connectByRuntime(address, port, signal);
  }
}

async function connectByRuntime(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ host: address, port });
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("connect", () => resolve());
  socket.on("error", reject);
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
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

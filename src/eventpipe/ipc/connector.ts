import { connectLocal } from "../../platform/local_connection.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import { resolvePort } from "./default_port.ts";
import type { FindPortOptions } from "./default_port.ts";
import {
  DiagnosticError,
  ServerNotAvailableError,
} from "./diagnostic_error.ts";
import { formatAddress } from "./endpoint_text.ts";
import type { DiagnosticAddress } from "./endpoint_text.ts";

/** Opens connections to one runtime, each of which takes one request. */
export interface DiagnosticConnector {
  /** Address, for messages. */
  readonly address: string;
  /** Process, where known. */
  readonly pid: number | undefined;
  /**
   * Opens a connection.
   *
   * @param signal Gives up waiting.
   * @returns The connection; who gets it closes it.
   * @throws {ServerNotAvailableError} When there is nobody to connect to.
   */
  connect(signal?: AbortSignal): Promise<ByteConnection>;
}

/** How long a busy pipe is tried again, and how often. */
const BUSY_MS = 30_000;
const BUSY_INTERVAL_MS = 20;

/**
 * Connects to a port at which a runtime listens.
 *
 * @param address Where the port is.
 * @returns The connector.
 */
export function addressConnector(
  address: DiagnosticAddress,
): DiagnosticConnector {
  const name = formatAddress(address);
  return {
    address: name,
    pid: undefined,
    connect: (signal) => connectTo([address], { address: name }, signal),
  };
}

/**
 * Connects to the port of a process, wherever it is.
 *
 * @param pid The process, as seen from here.
 * @param options Where to look.
 * @returns The connector. It looks for the port at the first connection.
 */
export function processConnector(
  pid: number,
  options: FindPortOptions = {},
): DiagnosticConnector {
  let address: string | undefined;
  let known: DiagnosticAddress[] | undefined;
  return {
    get address() {
      return address ?? `process ${pid}`;
    },
    pid,
    async connect(signal) {
      if (known === undefined) {
        known = resolvePort(pid, options);
        address = formatAddress(known[0]!);
      }
      try {
        return await connectTo(known, { pid, address: address! }, signal);
      } catch (error) {
        known = undefined;
        throw error;
      }
    },
  };
}

async function connectTo(
  addresses: readonly DiagnosticAddress[],
  target: { readonly pid?: number; readonly address: string },
  signal: AbortSignal | undefined,
): Promise<ByteConnection> {
  const operation = "connect";
  let stale = 0;
  let last: unknown;
  for (const address of addresses) {
    signal?.throwIfAborted();
    try {
      return await connectPatiently(address, signal);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      last = error;
      if (
        error instanceof Deno.errors.ConnectionRefused ||
        error instanceof Deno.errors.NotFound
      ) {
        stale++;
        continue;
      }
      if (error instanceof Deno.errors.PermissionDenied) {
        throw new ServerNotAvailableError({
          operation,
          ...target,
          cause: error,
        }, "permission is denied; run as the user of the process or as root");
      }
      if (error instanceof Deno.errors.NotCapable) throw error;
      throw new DiagnosticError(
        { operation, ...target, cause: error },
        error instanceof Error ? error.message : String(error),
      );
    }
  }
  throw new ServerNotAvailableError(
    { operation, ...target, cause: last },
    stale > 1
      ? `nobody listens on the ${stale} sockets of the process`
      : last instanceof Deno.errors.NotFound
      ? "there is no such socket, the process has ended"
      : "nobody listens there, the process has ended",
  );
}

/** A pipe is busy for a moment after each connection. */
async function connectPatiently(
  address: DiagnosticAddress,
  signal: AbortSignal | undefined,
): Promise<ByteConnection> {
  const start = performance.now();
  for (;;) {
    try {
      return await abortable(connectLocal(address), signal);
    } catch (error) {
      const isBusy = error instanceof Deno.errors.Busy &&
        address.type === "pipe" && performance.now() - start < BUSY_MS;
      if (!isBusy) throw error;
      await new Promise((resolve) => setTimeout(resolve, BUSY_INTERVAL_MS));
      signal?.throwIfAborted();
    }
  }
}

/** Connecting itself cannot be ended; a connection that comes late is closed. */
async function abortable(
  pending: Promise<ByteConnection>,
  signal: AbortSignal | undefined,
): Promise<ByteConnection> {
  if (signal === undefined) return await pending;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    pending.then((late) => late.close(), () => {});
    reject(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([pending, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

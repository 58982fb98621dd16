import { connectForDescriptors } from "../../platform/descriptor_connection.ts";
import type { DescriptorConnection } from "../../platform/descriptor_connection.ts";
import { connectLocal } from "../../platform/local_connection.ts";
import type { ByteConnection } from "../../platform/local_connection.ts";
import { processTable } from "../../platform/running_process.ts";
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
  /**
   * Opens a connection over which descriptors of files can be passed. Absent
   * where the runtime opens the connections.
   *
   * @param signal Gives up waiting.
   * @returns The connection; who gets it closes it.
   * @throws {ServerNotAvailableError} When there is nobody to connect to.
   * @throws {Deno.errors.NotSupported} When this system or the address has no such connections.
   */
  connectForDescriptors?(signal?: AbortSignal): Promise<DescriptorConnection>;
}

/** Opens a connection to an address. */
type Opener<T extends ByteConnection> = (
  address: DiagnosticAddress,
) => Promise<T>;

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
    connect: (signal) =>
      connectTo([address], { address: name }, connectLocal, signal),
    connectForDescriptors: (signal) =>
      connectTo([address], { address: name }, openForDescriptors, signal),
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
  const connect = async <T extends ByteConnection>(
    open: Opener<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    if (known === undefined) {
      known = resolvePort(pid, options);
      address = formatAddress(known[0]!);
    }
    try {
      return await connectTo(
        known,
        {
          pid,
          address: address!,
          uid: () => (options.processes ?? processTable()).uid(pid),
        },
        open,
        signal,
      );
    } catch (error) {
      known = undefined;
      throw error;
    }
  };
  return {
    get address() {
      return address ?? `process ${pid}`;
    },
    pid,
    connect: (signal) => connect(connectLocal, signal),
    connectForDescriptors: (signal) => connect(openForDescriptors, signal),
  };
}

async function openForDescriptors(
  address: DiagnosticAddress,
): Promise<DescriptorConnection> {
  if (address.type === "unix") return await connectForDescriptors(address.path);
  throw new Deno.errors.NotSupported(
    `Cannot pass descriptors of files to ${
      formatAddress(address)
    }: it is no Unix socket`,
  );
}

/** Whom a connection is for, for messages. */
interface ConnectTarget {
  readonly pid?: number;
  readonly address: string;
  /** User of the process, where known. */
  readonly uid?: () => number | undefined;
}

async function connectTo<T extends ByteConnection>(
  addresses: readonly DiagnosticAddress[],
  target: ConnectTarget,
  open: Opener<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { pid, address: name } = target;
  const where = { operation: "connect", pid, address: name };
  let stale = 0;
  let last: unknown;
  for (const address of addresses) {
    signal?.throwIfAborted();
    try {
      return await connectPatiently(address, open, signal);
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
        const uid = target.uid?.();
        const user = uid === undefined
          ? "the user of the process"
          : `user ${uid}`;
        throw new ServerNotAvailableError(
          { ...where, cause: error },
          `permission is denied; run as ${
            uid === 0 ? "" : `${user} or as `
          }root`,
        );
      }
      if (
        error instanceof Deno.errors.NotCapable ||
        error instanceof Deno.errors.NotSupported
      ) throw error;
      throw new DiagnosticError(
        { ...where, cause: error },
        error instanceof Error ? error.message : String(error),
      );
    }
  }
  throw new ServerNotAvailableError(
    { ...where, cause: last },
    stale > 1
      ? `nobody listens on the ${stale} sockets of the process`
      : last instanceof Deno.errors.NotFound
      ? "there is no such socket, the process has ended"
      : "nobody listens there, the process has ended",
  );
}

/** A pipe is busy for a moment after each connection. */
async function connectPatiently<T extends ByteConnection>(
  address: DiagnosticAddress,
  open: Opener<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const start = performance.now();
  for (;;) {
    try {
      return await abortable(open(address), signal);
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
async function abortable<T extends ByteConnection>(
  pending: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
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

import { createSocket } from "node:dgram";

/** How {@linkcode exchangeDatagram} works. */
export interface ExchangeDatagramOptions {
  /** Where to. */
  readonly address: string;
  readonly port: number;
  /** How long to wait for each answer. */
  readonly timeoutMs: number;
  /** How often it is sent. */
  readonly attempts: number;
  /** Tells whether an answer is one. */
  readonly accept: (answer: Uint8Array) => boolean;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Sends a datagram and waits for the answer.
 *
 * @param message What to send.
 * @param options Where to, and how often.
 * @returns The answer; `undefined` when there is none.
 * @throws {Error} When the system refuses to send, with its `code`.
 */
export async function exchangeDatagram(
  message: Uint8Array,
  options: ExchangeDatagramOptions,
): Promise<Uint8Array | undefined> {
  const { address, port, timeoutMs, attempts, accept, signal } = options;
  if (signal.aborted) return undefined;
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const { promise, resolve, reject } = Promise.withResolvers<
    Uint8Array | undefined
  >();
  socket.on("error", reject);
  socket.on("message", (answer, peer) => {
    // Whoever else sends to this port is not asked.
    if (peer.port === port && accept(answer)) resolve(answer);
  });
  const onAbort = () => resolve(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const attempt = (left: number): void => {
    if (left === 0) return resolve(undefined);
    socket.send(message, port, address, (error) => {
      if (error) reject(error);
    });
    timer = setTimeout(() => attempt(left - 1), timeoutMs);
  };
  try {
    attempt(attempts);
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    socket.close();
  }
}

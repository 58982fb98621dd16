import { parseIpAddress } from "../../codec/ip_address.ts";
import { exchangeDatagram } from "./exchange_datagram.ts";
import type { ProbeResult } from "./types.ts";

const PORT = 123;
const TIMEOUT_MS = 1000;
const ATTEMPTS = 3;
const MESSAGE_BYTES = 48;
/** NTP counts from 1900. */
const EPOCH_SECONDS = 2_208_988_800;
/** Version 4, client. */
const CLIENT_FLAGS = 0x23;
const SERVER_MODE = 4;

/** How {@linkcode probeNtp} asks. */
export interface ProbeNtpOptions {
  /** Finds the address of a name. */
  readonly resolve: (name: string) => Promise<string | undefined>;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/**
 * Asks a time server by how much it is ahead of this device.
 *
 * @param server Name or address.
 * @param options Names and signal.
 * @returns What it says, with `offsetMs` in the details.
 */
export async function probeNtp(
  server: string,
  options: ProbeNtpOptions,
): Promise<ProbeResult> {
  const started = performance.now();
  const finish = (
    outcome: ProbeResult["outcome"],
    cause: string,
    details: ProbeResult["details"] = {},
  ): ProbeResult => ({
    probe: "ntp",
    target: server,
    outcome,
    phase: "udp",
    cause,
    hint: "",
    durationMs: Math.round(performance.now() - started),
    details,
  });
  const address = parseIpAddress(server) === undefined
    ? await options.resolve(server)
    : server;
  if (address === undefined) return finish("fail", "no-address");
  const query = new Uint8Array(MESSAGE_BYTES);
  query[0] = CLIENT_FLAGS;
  const token = crypto.getRandomValues(query.subarray(40, 48)).slice();
  const sentAt = Date.now();
  let answer: Uint8Array | undefined;
  try {
    answer = await exchangeDatagram(query, {
      address,
      port: PORT,
      timeoutMs: TIMEOUT_MS,
      attempts: ATTEMPTS,
      signal: options.signal,
      // The time that was sent comes back as it was.
      accept: (bytes) =>
        bytes.length >= MESSAGE_BYTES && (bytes[0]! & 7) === SERVER_MODE &&
        token.every((byte, at) => bytes[24 + at] === byte),
    });
  } catch {
    return finish("fail", "unreachable", { address });
  }
  const receivedAt = Date.now();
  if (answer === undefined) return finish("fail", "silent", { address });
  const stratum = answer[1]!;
  // Servers that do not know the time say so.
  if (stratum === 0 || stratum > 15) {
    return finish("fail", "unsynchronized", { address, stratum });
  }
  const offsetMs = (readTime(answer, 32) - sentAt +
    (readTime(answer, 40) - receivedAt)) / 2;
  return finish("ok", "", {
    address,
    stratum,
    offsetMs: Math.round(offsetMs),
  });
}

function readTime(message: Uint8Array, at: number): number {
  const view = new DataView(message.buffer, message.byteOffset);
  const seconds = view.getUint32(at);
  // After February 2036 the count begins anew.
  const era = seconds < 0x8000_0000 ? 2 ** 32 : 0;
  return (seconds + era - EPOCH_SECONDS) * 1000 +
    view.getUint32(at + 4) / 2 ** 32 * 1000;
}

import { splitHostPort } from "../codec/ip_address.ts";

/** Where messages come from or go to. */
export type Endpoint =
  | {
    /** A Unix socket of type `SOCK_SEQPACKET`: what gVisor speaks. */
    readonly type: "seqpacket";
    /** Path, or `@name` for an abstract socket. */
    readonly path: string;
  }
  | {
    /** A Unix socket of bytes, which carries a trace file. */
    readonly type: "unix-stream";
    /** Path. */
    readonly path: string;
  }
  | {
    /** A TCP connection, which carries a trace file. */
    readonly type: "tcp";
    /** Name or address. */
    readonly hostname: string;
    /** Port, from 0 to 65535. */
    readonly port: number;
  }
  | {
    /** Standard input or output, which carries a trace file. */
    readonly type: "stdio";
  };

/**
 * Reads an endpoint as it is typed.
 *
 * @param text A path or `@name` for gVisor's socket type, `unix-stream:PATH`,
 * `tcp:HOST:PORT`, or `-` for standard input or output.
 * @returns The endpoint.
 * @throws {RangeError} When the text is none of these.
 *
 * @example The second transport
 * ```ts
 * import { parseEndpoint } from "../../src/tracereplay/endpoint.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseEndpoint("tcp:[::1]:9000"), {
 *   type: "tcp",
 *   hostname: "::1",
 *   port: 9000,
 * });
 * ```
 */
export function parseEndpoint(text: string): Endpoint {
  if (text === "") {
    throw new RangeError("Cannot use endpoint: it is empty");
  }
  if (text === "-") return { type: "stdio" };
  const [, scheme, rest = ""] =
    /^(seqpacket|unix-stream|tcp):(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) return { type: "seqpacket", path: text };
  if (rest === "") {
    throw new RangeError(
      `Cannot use endpoint "${text}": nothing follows "${scheme}:"`,
    );
  }
  if (scheme !== "tcp") {
    return {
      type: scheme === "seqpacket" ? scheme : "unix-stream",
      path: rest,
    };
  }
  const address = splitHostPort(rest, -1);
  if (address === undefined || address.port < 0) {
    throw new RangeError(
      `Cannot use endpoint "${text}": expected tcp:HOST:PORT`,
    );
  }
  return { type: "tcp", hostname: address.host, port: address.port };
}

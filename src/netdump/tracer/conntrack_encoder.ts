import { ByteWriter } from "../../codec/byte_writer.ts";

/** Protocol numbers of IP. */
export const IP_PROTOCOL = { tcp: 6, udp: 17 } as const;

const AF_INET = 2;
const AF_INET6 = 10;
const NESTED = 0x8000;
const ATTRIBUTE = { tupleOrig: 1, ip: 1, proto: 2 } as const;

/** A connection as its opener sees it. */
export interface ConntrackTuple {
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  readonly sourcePort: number;
  /** As long as the source. */
  readonly destination: Uint8Array;
  readonly destinationPort: number;
  /** One of {@linkcode IP_PROTOCOL}. */
  readonly protocol: number;
}

/**
 * Encodes what follows the netlink header of a question for one connection.
 *
 * @param tuple The connection.
 * @returns `nfgenmsg` and attributes.
 */
export function encodeConntrackGet(
  tuple: ConntrackTuple,
): Uint8Array<ArrayBuffer> {
  const isIpv4 = tuple.source.length === 4;
  const ip = attributes([
    [isIpv4 ? 1 : 3, tuple.source],
    [isIpv4 ? 2 : 4, tuple.destination],
  ]);
  const proto = attributes([
    [1, new Uint8Array([tuple.protocol])],
    [2, port(tuple.sourcePort)],
    [3, port(tuple.destinationPort)],
  ]);
  const orig = attributes([
    [ATTRIBUTE.ip | NESTED, ip],
    [ATTRIBUTE.proto | NESTED, proto],
  ]);
  return join(isIpv4, attributes([[ATTRIBUTE.tupleOrig | NESTED, orig]]));
}

/**
 * Encodes what follows the netlink header of a question for all connections.
 *
 * @param isIpv4 Family to list.
 * @returns `nfgenmsg`.
 */
export function encodeConntrackDump(isIpv4: boolean): Uint8Array<ArrayBuffer> {
  return join(isIpv4, new Uint8Array(0));
}

/** `nfgenmsg`: family, version 0, resource id 0. */
function join(
  isIpv4: boolean,
  rest: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(4 + rest.length);
  message[0] = isIpv4 ? AF_INET : AF_INET6;
  message.set(rest, 4);
  return message;
}

/** Each: u16 length with these four bytes, u16 type, value, padding to 4. */
function attributes(
  list: readonly (readonly [number, Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter({ littleEndian: true });
  for (const [type, value] of list) {
    writer.u16(value.length + 4);
    writer.u16(type);
    writer.bytes(value);
    writer.align(4);
  }
  return writer.toBytes();
}

function port(value: number): Uint8Array {
  return new Uint8Array([value >> 8, value & 0xff]);
}

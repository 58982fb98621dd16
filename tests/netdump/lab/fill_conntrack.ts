/**
 * Switches connection tracking on in a namespace and fills its table with
 * connections that do not exist. Run in the namespace; prints how many there
 * are.
 *
 * @module
 */

import { openLibc } from "../../../src/platform/libc.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const NETLINK_NETFILTER = 12;
const REQUEST = 1;
const EXCLUSIVE = 0x200;
const CREATE = 0x400;
const APPEND = 0x800;
const NFTABLES = 10;
const CONNTRACK = 1;
const IPV4 = 2;
const LOCAL_OUT = 3;
const TCP = 6;
const ESTABLISHED = 3;
/** Confirmed, assured, answered: an entry that nothing pushes out. */
const STATUS = 8 | 4 | 2;
const TIMEOUT_SECONDS = 600;
/** Messages that are sent at once. */
const BATCH = 400;
const LIMIT = "/proc/sys/net/netfilter/nf_conntrack";

type Attribute = readonly [type: number, value: Uint8Array | Attribute[]];

function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const parts = attributes.map(([type, value]) => {
    const isNested = Array.isArray(value);
    const bytes = isNested ? encodeAttributes(value) : value as Uint8Array;
    const part = new Uint8Array((4 + bytes.length + 3) & ~3);
    const view = new DataView(part.buffer);
    view.setUint16(0, 4 + bytes.length, true);
    view.setUint16(2, isNested ? type | 0x8000 : type, true);
    part.set(bytes, 4);
    return part;
  });
  return join(parts);
}

function encodeMessage(
  type: number,
  flags: number,
  family: number,
  resource: number,
  attributes: readonly Attribute[],
): Uint8Array {
  const body = encodeAttributes(attributes);
  const message = new Uint8Array(20 + body.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, message.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint8(16, family);
  view.setUint16(18, resource);
  message.set(body, 20);
  return message;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A rule that looks at the state of connections makes the kernel track them. */
function encodeRule(): Uint8Array {
  const nft = (type: number, attributes: Attribute[]) =>
    encodeMessage(
      NFTABLES << 8 | type,
      REQUEST | CREATE | APPEND,
      IPV4,
      0,
      attributes,
    );
  return join([
    encodeMessage(0x10, REQUEST, 0, NFTABLES, []),
    nft(0, [[1, text("lab")]]),
    nft(3, [
      [1, text("lab")],
      [3, text("out")],
      [4, [[1, u32(LOCAL_OUT)], [2, u32(0)]]],
      [5, u32(1)],
      [7, text("filter")],
    ]),
    nft(6, [
      [1, text("lab")],
      [2, text("out")],
      [4, [[1, [[1, text("ct")], [2, [[1, u32(1)], [2, u32(0)]]]]]]],
    ]),
    encodeMessage(0x11, REQUEST, 0, NFTABLES, []),
  ]);
}

/** Stands for the number of a connection: two bytes of its address, its port. */
const PLACE = [0xa5, 0x5a] as const;

function encodeConnection(): Uint8Array<ArrayBuffer> {
  const source = new Uint8Array([198, 18, ...PLACE]);
  const target = new Uint8Array([198, 19, 0, 1]);
  const port = new Uint8Array(PLACE);
  const https = new Uint8Array([443 >> 8, 443 & 0xff]);
  const tuple = (ips: Uint8Array[], ports: Uint8Array[]): Attribute[] => [
    [1, [[1, ips[0]!], [2, ips[1]!]]],
    [2, [[1, new Uint8Array([TCP])], [2, ports[0]!], [3, ports[1]!]]],
  ];
  return join([
    encodeMessage(CONNTRACK << 8, REQUEST | CREATE | EXCLUSIVE, IPV4, 0, [
      [1, tuple([source, target], [port, https])],
      [2, tuple([target, source], [https, port])],
      [3, u32(STATUS)],
      [4, [[1, [[1, new Uint8Array([ESTABLISHED])]]]]],
      [7, u32(TIMEOUT_SECONDS)],
    ]),
  ]);
}

/** Copies of one message, each with another number in its places. */
function encodeConnections(
  first: number,
  count: number,
): Uint8Array<ArrayBuffer> {
  const message = encodeConnection();
  const places: number[] = [];
  for (let at = 0; at + 1 < message.length; at++) {
    if (message[at] === PLACE[0] && message[at + 1] === PLACE[1]) {
      places.push(at);
    }
  }
  const [source, port, backSource, backPort] = places as [
    number,
    number,
    number,
    number,
  ];
  const batch = new Uint8Array(message.length * count);
  const view = new DataView(batch.buffer);
  for (let index = 0; index < count; index++) {
    const at = index * message.length;
    batch.set(message, at);
    const number = first + index;
    for (const place of [source, backSource]) {
      view.setUint16(at + place, number >> 16);
    }
    for (const place of [port, backPort]) {
      view.setUint16(at + place, number & 0xffff);
    }
  }
  return batch;
}

if (import.meta.main) {
  const libc = openLibc();
  const { socket, send, close } = libc.symbols;
  const fd = libc.check(
    socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER),
    "socket",
  );
  const sendAll = (bytes: Uint8Array<ArrayBuffer>) =>
    libc.check(send(fd, bytes, BigInt(bytes.length), 0), "send");
  sendAll(join([encodeRule()]));
  const max = Number(Deno.readTextFileSync(`${LIMIT}_max`));
  for (let first = 0; first < max + BATCH; first += BATCH) {
    sendAll(encodeConnections(first, BATCH));
  }
  close(fd);
  Deno.stdout.writeSync(
    new TextEncoder().encode(Deno.readTextFileSync(`${LIMIT}_count`)),
  );
}

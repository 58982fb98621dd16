/**
 * A cable between two interfaces that can lose packets: forwards frames from
 * one to the other and back, by rules that come as lines of JSON on standard
 * input. Run in a namespace of its own with the names of both interfaces.
 *
 * @module
 */

import { openLibc } from "../../../src/platform/libc.ts";
import { seededRandom } from "../../support/mutations.ts";
import type { WireRules } from "./wire_rules.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const ETHERNET_BYTES = 14;
/** What the kernel puts in front of a frame: checksum and segmentation left to do. */
const VNET_BYTES = 10;

const libc = openLibc();
const random = seededRandom(1);
let rules: WireRules = {};

function openInterface(name: string): number {
  const index = Number(
    Deno.readTextFileSync(`/sys/class/net/${name}/ifindex`),
  );
  const { socket, setsockopt, bind } = libc.symbols;
  const fd = libc.check(socket(AF_PACKET, SOCK_RAW, 0), "socket");
  const one = new Uint8Array(new Int32Array([1]).buffer);
  for (const option of [PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING]) {
    libc.check(setsockopt(fd, SOL_PACKET, option, one, 4), "setsockopt");
  }
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, AF_PACKET, true);
  address.setUint16(2, 0x0003);
  address.setInt32(4, index, true);
  libc.check(bind(fd, new Uint8Array(address.buffer), 20), "bind");
  return fd;
}

/** Decides on a frame; `bytes` begins with the kernel's header. */
function isDropped(bytes: Uint8Array, fromFirst: boolean): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frame = VNET_BYTES + ETHERNET_BYTES;
  const etherType = view.getUint16(frame - 2);
  if (etherType !== 0x0800 && etherType !== 0x86dd) return false;
  if (rules.lossPercent !== undefined && random(100) < rules.lossPercent) {
    return true;
  }
  const isIpv6 = etherType === 0x86dd;
  const protocol = view.getUint8(frame + (isIpv6 ? 6 : 9));
  const payload = frame +
    (isIpv6 ? 40 : (view.getUint8(frame) & 0xf) * 4);
  if (rules.dropIpv6 && isIpv6 && protocol !== 58) return true;
  if (rules.dropOver !== undefined) {
    const segment = view.getUint16(4, true);
    const size = view.getUint8(1) === 0
      ? bytes.length - frame
      : view.getUint16(2, true) - ETHERNET_BYTES + segment;
    if (size > rules.dropOver) return true;
  }
  if (protocol !== 6 && protocol !== 17) return false;
  const port = view.getUint16(payload + (fromFirst ? 2 : 0));
  if (protocol === 17) return rules.dropUdpPorts?.includes(port) ?? false;
  return rules.dropTcpPorts?.includes(port) ?? false;
}

async function readRules(): Promise<void> {
  let text = "";
  for await (
    const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
  ) {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop()!;
    for (const line of lines) {
      rules = JSON.parse(line);
      Deno.stdout.writeSync(new TextEncoder().encode("ok\n"));
    }
  }
  Deno.exit(0);
}

if (import.meta.main) {
  const fds = Deno.args.map(openInterface);
  readRules();
  Deno.stdout.writeSync(new TextEncoder().encode("ok\n"));
  const buffer = new Uint8Array(VNET_BYTES + 65_550);
  const polled = new Uint8Array(16);
  const view = new DataView(polled.buffer);
  for (const [index, fd] of fds.entries()) {
    view.setInt32(index * 8, fd, true);
    view.setInt16(index * 8 + 4, POLLIN, true);
  }
  const { recv, send, pollAsync } = libc.symbols;
  for (;;) {
    let busy = false;
    for (const [index, fd] of fds.entries()) {
      const size = recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT);
      if (size <= VNET_BYTES) continue;
      busy = true;
      if (isDropped(buffer.subarray(0, size), index === 0)) continue;
      send(fds[1 - index]!, buffer, BigInt(size), MSG_DONTWAIT);
    }
    if (!busy) await pollAsync(polled, 2n, 100);
  }
}

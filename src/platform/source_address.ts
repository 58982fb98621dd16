import { formatIpAddress, parseIpAddress } from "../codec/ip_address.ts";
import { openLibc } from "./libc.ts";
import {
  AF_INET,
  AF_INET6,
  decodeSocketAddress,
  encodeSocketAddress,
} from "./socket_address.ts";

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
/** Any port: no packet is sent. */
const PROBE_PORT = 9;

/**
 * Tells from which address this machine would send to another: asks the kernel
 * by connecting a UDP socket, which sends nothing. Without FFI it guesses by
 * the interfaces' addresses.
 *
 * @param destination An IP address.
 * @returns The source address, `undefined` when there is no route or no way to know.
 */
export function findSourceAddress(destination: string): string | undefined {
  const bytes = parseIpAddress(destination);
  if (bytes === undefined) return undefined;
  try {
    return askKernel(bytes);
  } catch (error) {
    const isDenied = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.NotSupported;
    if (!isDenied) throw error;
    return guessByInterfaces(bytes);
  }
}

function askKernel(destination: Uint8Array): string | undefined {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot ask for a source address: ${Deno.build.os} is not supported`,
    );
  }
  const libc = openLibc();
  const fd = libc.check(
    libc.symbols.socket(
      destination.length === 4 ? AF_INET : AF_INET6,
      SOCK_DGRAM | SOCK_CLOEXEC,
      0,
    ),
    "socket",
  );
  try {
    const address = encodeSocketAddress(destination, PROBE_PORT);
    if (libc.symbols.connect(fd, address, address.length) < 0) return undefined;
    const own = new Uint8Array(28);
    const length = new Uint8Array(new Uint32Array([own.length]).buffer);
    libc.check(libc.symbols.getsockname(fd, own, length), "getsockname");
    const source = decodeSocketAddress(own)?.address;
    return source === undefined ? undefined : formatIpAddress(source);
  } finally {
    libc.symbols.close(fd);
  }
}

function guessByInterfaces(destination: Uint8Array): string | undefined {
  let interfaces: Deno.NetworkInterfaceInfo[];
  try {
    interfaces = Deno.networkInterfaces();
  } catch {
    return undefined;
  }
  const family = destination.length === 4 ? "IPv4" : "IPv6";
  const candidates = interfaces.filter((each) => each.family === family);
  const onLink = candidates.find(({ address, netmask }) =>
    isInNet(destination, parseIpAddress(address), parseIpAddress(netmask))
  );
  if (onLink !== undefined) return onLink.address;
  const others = candidates.filter(({ address }) =>
    address !== "127.0.0.1" && address !== "::1" &&
    !address.toLowerCase().startsWith("fe80:")
  );
  return others.length === 1 ? others[0]!.address : undefined;
}

function isInNet(
  address: Uint8Array,
  net: Uint8Array | undefined,
  mask: Uint8Array | undefined,
): boolean {
  if (net === undefined || mask === undefined) return false;
  return address.every((byte, index) =>
    ((byte ^ net[index]!) & mask[index]!) === 0
  );
}

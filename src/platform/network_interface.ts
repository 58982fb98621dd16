import { openLibc } from "./libc.ts";
import { AF_INET } from "./socket_address.ts";

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const SIOCGIFFLAGS = 0x8913n;
const SIOCGIFHWADDR = 0x8927n;
const IFF_UP = 1;
/** `struct ifreq`: 16 bytes of name, 24 bytes of value. */
const IFREQ_BYTES = 40;
const IFREQ_VALUE = 16;
/** Names have 15 bytes and a terminator. */
const MAX_NAME_BYTES = 15;

/** Hardware types (`ARPHRD_*`) that are told apart. */
export const HARDWARE_TYPE = {
  ethernet: 1,
  loopback: 772,
} as const;

/** What the kernel tells of an interface. */
export interface NetworkInterfaceState {
  readonly name: string;
  readonly index: number;
  readonly isUp: boolean;
  /** `ARPHRD_*` number. */
  readonly hardwareType: number;
}

/**
 * Asks the kernel for an interface.
 *
 * @param name Name of the interface.
 * @returns Its state.
 * @throws {Deno.errors.NotFound} When there is none of that name.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 */
export function readInterfaceState(name: string): NetworkInterfaceState {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot ask for interface "${name}": ${Deno.build.os} is not supported`,
    );
  }
  const libc = openLibc();
  const request = new Uint8Array(IFREQ_BYTES);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > 0 && bytes.length <= MAX_NAME_BYTES) request.set(bytes);
  const index = libc.symbols.interfaceIndex(request);
  if (index === 0) {
    throw new Deno.errors.NotFound(
      `Cannot find interface "${name}": there is none of that name`,
    );
  }
  const fd = libc.check(
    libc.symbols.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
    "socket",
  );
  try {
    const view = new DataView(request.buffer);
    const action = `ask for interface "${name}"`;
    libc.check(
      libc.symbols.ioctl(fd, SIOCGIFFLAGS, request),
      "ioctl",
      action,
    );
    const isUp = (view.getUint16(IFREQ_VALUE, true) & IFF_UP) !== 0;
    libc.check(
      libc.symbols.ioctl(fd, SIOCGIFHWADDR, request),
      "ioctl",
      action,
    );
    return {
      name,
      index,
      isUp,
      hardwareType: view.getUint16(IFREQ_VALUE, true),
    };
  } finally {
    libc.symbols.close(fd);
  }
}

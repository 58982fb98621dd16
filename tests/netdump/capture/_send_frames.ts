import { openLibc } from "../../../src/platform/libc.ts";
import { readInterfaceState } from "../../../src/platform/network_interface.ts";

/**
 * Sends frames out of an interface.
 *
 * @param interfaceName The interface.
 * @param frames Whole frames in hexadecimal.
 */
export function sendFrames(
  interfaceName: string,
  frames: readonly string[],
): void {
  const libc = openLibc();
  const fd = libc.check(libc.symbols.socket(17, 3, 0), "socket");
  const address = new DataView(new ArrayBuffer(20));
  address.setUint16(0, 17, true);
  address.setUint16(2, 3);
  address.setInt32(4, readInterfaceState(interfaceName).index, true);
  libc.check(
    libc.symbols.bind(fd, new Uint8Array(address.buffer), 20),
    "bind",
  );
  for (const hex of frames) {
    const frame = Uint8Array.fromHex(hex);
    libc.check(libc.symbols.send(fd, frame, BigInt(frame.length), 0), "send");
  }
  libc.symbols.close(fd);
}

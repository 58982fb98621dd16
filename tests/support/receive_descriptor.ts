import { openLibc } from "../../src/platform/libc.ts";
import { encodeUnixSocketAddress } from "../../src/platform/unix_socket_address.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const CLOEXEC = 0x80000;
const MAX_BYTES = 64;
const POLL_IN = 1;

/** What came over a socket. */
export interface ReceivedDescriptor {
  readonly bytes: Uint8Array;
  /** The descriptor that came with them, for the receiver to close. */
  readonly descriptor: number;
}

/**
 * Listens on a Unix socket, takes one connection, and reads until a descriptor
 * comes. Deno's own connections drop descriptors.
 *
 * @param path Path of the socket.
 * @returns What comes; dispose it to stop.
 */
export function receiveDescriptor(
  path: string,
): AsyncDisposable & { readonly received: Promise<ReceivedDescriptor> } {
  const libc = openLibc();
  const library = Deno.dlopen("libc.so.6", {
    recvmsg: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  });
  const listener = libc.check(
    libc.symbols.socket(AF_UNIX, SOCK_STREAM | CLOEXEC, 0),
    "socket",
  );
  const address = encodeUnixSocketAddress(path);
  libc.check(libc.symbols.bind(listener, address, address.length), "bind");
  libc.check(libc.symbols.listen(listener, 1), "listen");
  const receive = async (): Promise<ReceivedDescriptor> => {
    await readable(listener);
    const fd = libc.check(
      libc.linuxSymbol("accept4")(listener, null, null, CLOEXEC),
      "accept4",
    );
    const bytes: number[] = [];
    try {
      for (;;) {
        await readable(fd);
        const { message, view } = messageOf((each) => libc.addressOf(each));
        const size = libc.check(
          library.symbols.recvmsg(fd, message, 0),
          "recvmsg",
        );
        if (size === 0) throw new Error("Cannot receive: connection has ended");
        bytes.push(...message.subarray(IOV_DATA, IOV_DATA + size));
        if (view.getBigUint64(40, true) >= 20n) {
          return {
            bytes: new Uint8Array(bytes),
            descriptor: view.getInt32(CONTROL + 16, true),
          };
        }
      }
    } finally {
      libc.symbols.close(fd);
    }
  };
  const received = receive();
  received.catch(() => {});
  return {
    received,
    async [Symbol.asyncDispose]() {
      await received.catch(() => {});
      libc.symbols.close(listener);
      library.close();
    },
  };
}

const IOV = 56;
const CONTROL = 72;
const IOV_DATA = 96;

function messageOf(addressOf: (bytes: Uint8Array<ArrayBuffer>) => bigint) {
  const message = new Uint8Array(IOV_DATA + MAX_BYTES);
  const view = new DataView(message.buffer);
  const start = addressOf(message);
  view.setBigUint64(16, start + BigInt(IOV), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, start + BigInt(CONTROL), true);
  view.setBigUint64(40, 24n, true);
  view.setBigUint64(IOV, start + BigInt(IOV_DATA), true);
  view.setBigUint64(IOV + 8, BigInt(MAX_BYTES), true);
  return { message, view };
}

async function readable(fd: number): Promise<void> {
  const poll = new DataView(new ArrayBuffer(8));
  poll.setInt32(0, fd, true);
  poll.setInt16(4, POLL_IN, true);
  const bytes = new Uint8Array(poll.buffer);
  while (await openLibc().symbols.pollAsync(bytes, 1n, 100) === 0);
}

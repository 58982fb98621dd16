/** Address family of Unix sockets. */
export const AF_UNIX = 1;

/** Longest path in bytes: `sun_path` has 108, the last one is NUL. */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * Tells whether a name means an abstract socket, which has no file.
 *
 * @param path Path, or a name with a leading `@`.
 * @returns True for abstract names.
 */
export function isAbstractSocket(path: string): boolean {
  return path.startsWith("@");
}

/**
 * Encodes a `sockaddr_un`: the family in the processor's byte order, then the
 * path with a NUL, or for an abstract socket a NUL and the name.
 *
 * @param path Path of the socket, or `@name` for an abstract socket.
 * @returns The address; its length is the `addrlen` of the call.
 * @throws {RangeError} When the path is empty, contains NUL or is longer than 107 bytes.
 */
export function encodeUnixSocketAddress(path: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(path);
  if (bytes.length === 0) {
    throw new RangeError("Cannot use socket path: path is empty");
  }
  if (bytes.includes(0)) {
    throw new RangeError(
      `Cannot use socket path "${path}": path contains a NUL character`,
    );
  }
  if (bytes.length > MAX_SOCKET_PATH_BYTES) {
    throw new RangeError(
      `Cannot use socket path "${path}": path has ${bytes.length} bytes, at most ${MAX_SOCKET_PATH_BYTES} are possible`,
    );
  }
  const isAbstract = isAbstractSocket(path);
  const address = new Uint8Array(2 + bytes.length + (isAbstract ? 0 : 1));
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(bytes, 2);
  if (isAbstract) address[2] = 0;
  return address;
}

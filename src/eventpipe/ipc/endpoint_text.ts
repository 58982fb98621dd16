/** Where a diagnostic port is. */
export type DiagnosticAddress =
  | { readonly type: "unix"; readonly path: string }
  | { readonly type: "pipe"; readonly name: string }
  | { readonly type: "tcp"; readonly hostname: string; readonly port: number };

/** A diagnostic port as it is written. */
export interface DiagnosticEndpoint {
  readonly address: DiagnosticAddress;
  /** `listen`: we wait for runtimes to dial; `connect`: a runtime listens there. */
  readonly mode: "listen" | "connect";
}

/** How {@linkcode parseEndpoint} reads. */
export interface ParseEndpointOptions {
  /** Whether the system has named pipes instead of Unix sockets. @default {false} */
  readonly windows?: boolean | undefined;
}

/**
 * Reads a diagnostic port, `ADDRESS[,listen|connect]`.
 *
 * @param text For example `/run/my app.sock`, `uds:/run/app.sock,connect` or
 * `tcp:127.0.0.1:9000`. Nothing is percent-decoded.
 * @param options Which system it is for.
 * @returns Address and mode; listening unless it says otherwise.
 * @throws {SyntaxError} When it has another form, or an address of another system.
 */
export function parseEndpoint(
  text: string,
  options: ParseEndpointOptions = {},
): DiagnosticEndpoint {
  const [address = "", keyword = "listen", ...more] = text.split(",");
  const mode = keyword.trim().toLowerCase();
  if (more.length > 0) throw problem(text, "it has more than one comma");
  if (mode !== "listen" && mode !== "connect") {
    throw problem(text, `"${keyword}" is neither listen nor connect`);
  }
  if (address.trim() === "") throw problem(text, "its address is empty");
  return {
    address: parseAddress(text, address, options.windows ?? false),
    mode,
  };
}

function parseAddress(
  text: string,
  address: string,
  windows: boolean,
): DiagnosticAddress {
  const tcp = /^tcp:(?:\/\/)?(.+):(\d{1,5})$/i.exec(address);
  if (tcp !== null) {
    const port = Number(tcp[2]);
    if (port > 65_535) throw problem(text, `port ${port} exceeds 65535`);
    const hostname = tcp[1]!.replace(/^\[(.*)\]$/, "$1");
    return { type: "tcp", hostname, port };
  }
  if (windows) return { type: "pipe", name: pipeName(text, address) };
  const match = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(address);
  if (match === null || address.startsWith("/")) {
    return { type: "unix", path: address };
  }
  const scheme = match[1]!.toLowerCase();
  if (scheme === "namedpipe") {
    throw problem(text, "named pipes are only supported on Windows");
  }
  if (scheme !== "uds" && scheme !== "file") {
    throw problem(text, `"${scheme}" is not supported`);
  }
  // `uds://host/path` names a host that does not count.
  const path = match[2]!.replace(/^\/\/[^/]*/, "");
  if (path === "") throw problem(text, "its address is empty");
  return { type: "unix", path };
}

function pipeName(text: string, address: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):(?!\\)/i.exec(address)?.[1]
    ?.toLowerCase();
  if (scheme === "uds") {
    throw problem(text, "Unix sockets are only supported on other systems");
  }
  if (scheme !== undefined && scheme !== "namedpipe") {
    throw problem(text, `"${scheme}" is not supported`);
  }
  const name = address.replace(/^namedpipe:/i, "")
    .replace(/^\/\/[^/]*/, "")
    .replace(/^\\\\\.\\pipe\\/i, "")
    .replace(/^\//, "")
    .replace(/^pipe\//i, "");
  if (name === "") throw problem(text, "its address is empty");
  return name;
}

function problem(text: string, state: string): SyntaxError {
  return new SyntaxError(`Cannot read diagnostic port "${text}": ${state}`);
}

/**
 * @param address An address.
 * @returns It for people and for messages.
 */
export function formatAddress(address: DiagnosticAddress): string {
  switch (address.type) {
    case "unix":
      return address.path;
    case "pipe":
      return `\\\\.\\pipe\\${address.name}`;
    case "tcp":
      return `${address.hostname}:${address.port}`;
  }
}

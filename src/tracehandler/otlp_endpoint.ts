/** How OTLP is carried. */
export type OtlpProtocol = "grpc" | "http/protobuf" | "http/json";

/** Where OTLP is sent to. */
export interface OtlpEndpoint {
  readonly protocol: OtlpProtocol;
  /** Full address; of gRPC without path. */
  readonly url: string;
}

/** Settings of an exporter, as options or environment give them. */
export interface OtlpExportSettings {
  readonly endpoint: OtlpEndpoint;
  /** Headers of every request, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether messages are packed by gzip. */
  readonly gzip: boolean;
  /** Milliseconds that one attempt may take. */
  readonly timeoutMs: number;
}

/** Path of the export over HTTP. */
export const OTLP_HTTP_PATH = "/v1development/profiles";

/** Path of the export over gRPC. */
export const OTLP_GRPC_PATH =
  "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";

/** Usual ports. */
export const OTLP_PORTS = { grpc: 4317, http: 4318 } as const;

/** How {@linkcode parseOtlpEndpoint} reads. */
export interface ParseOtlpEndpointOptions {
  /** Protocol that was asked for; by default scheme and port tell. */
  readonly protocol?: OtlpProtocol | undefined;
  /** Whether the address is complete, so that no path is added. @default {false} */
  readonly isComplete?: boolean | undefined;
}

/**
 * Reads the address of a collector.
 *
 * @param text `http://host:4318`, `https://…`, `grpc://host:4317` or `grpcs://…`;
 * IPv6 addresses in brackets; without a port gRPC has 4317, HTTP that of its scheme.
 * @param options Protocol, and whether a path is added.
 * @returns Where to send to.
 * @throws {SyntaxError} When it has no scheme, another one, or one that does not go with its port or path.
 *
 * @example The path is added
 * ```ts
 * import { parseOtlpEndpoint } from "@tracedeck/tracedeck/tracehandler";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(parseOtlpEndpoint("http://localhost:4318"), {
 *   protocol: "http/protobuf",
 *   url: "http://localhost:4318/v1development/profiles",
 * });
 * ```
 */
export function parseOtlpEndpoint(
  text: string,
  options: ParseOtlpEndpointOptions = {},
): OtlpEndpoint {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    throw new SyntaxError(
      `Cannot use endpoint "${text}": it has no scheme; write http://${text} for HTTP or grpc://${text} for gRPC`,
    );
  }
  if (!["http", "https", "grpc", "grpcs"].includes(scheme)) {
    throw new SyntaxError(
      `Cannot use endpoint "${text}": scheme is ${scheme}, supported are http, https, grpc and grpcs`,
    );
  }
  const isGrpcScheme = scheme.startsWith("grpc");
  const { protocol = isGrpcScheme ? "grpc" : "http/protobuf" } = options;
  if (isGrpcScheme && protocol !== "grpc") {
    throw new SyntaxError(
      `Cannot use endpoint "${text}": its scheme is ${scheme}, but the protocol is ${protocol}`,
    );
  }
  const isSecure = scheme.endsWith("s");
  const rest = text.slice(scheme.length);
  let url: URL;
  try {
    url = new URL(`${isSecure ? "https" : "http"}${rest}`);
  } catch {
    throw new SyntaxError(
      `Cannot use endpoint "${text}": it is no address${
        /:[^\]]*:/.test(rest.slice(3)) && !rest.includes("[")
          ? "; IPv6 addresses stand in brackets, such as http://[::1]:4318"
          : ""
      }`,
    );
  }
  const port = Number(url.port);
  if (
    port === OTLP_PORTS.grpc && protocol !== "grpc" &&
    options.protocol === undefined
  ) {
    throw new SyntaxError(
      `Cannot use endpoint "${text}": port 4317 is for gRPC; write grpc${
        isSecure ? "s" : ""
      }${rest}, or port 4318 for HTTP, or name the protocol`,
    );
  }
  if (protocol === "grpc") {
    if (url.pathname !== "/" || url.search !== "") {
      throw new SyntaxError(
        `Cannot use endpoint "${text}": gRPC takes no path, found ${url.pathname}${url.search}`,
      );
    }
    const hasPort = /:\d+\/?$/.test(rest);
    if (isGrpcScheme && !hasPort) url.port = String(OTLP_PORTS.grpc);
    return { protocol, url: url.origin };
  }
  if (options.isComplete !== true && !url.pathname.endsWith(OTLP_HTTP_PATH)) {
    url.pathname = url.pathname.replace(/\/$/, "") + OTLP_HTTP_PATH;
  }
  return { protocol, url: url.href };
}

/**
 * Reads pairs as the environment variables of OpenTelemetry have them.
 *
 * @param text `key=value` pairs with commas between; values percent-encoded.
 * @param what Name of the variable or option, for errors.
 * @returns The pairs.
 * @throws {SyntaxError} When a pair has no `=` or no key.
 */
export function parseKeyValueList(
  text: string,
  what: string,
): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (const part of text.split(",")) {
    if (part.trim() === "") continue;
    const at = part.indexOf("=");
    const key = part.slice(0, Math.max(0, at)).trim();
    if (key === "") {
      throw new SyntaxError(
        `Cannot read ${what}: "${part.trim()}" is no key=value`,
      );
    }
    pairs[key] = decodePercent(part.slice(at + 1).trim());
  }
  return pairs;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import {
  type OtlpProtocol,
  parseKeyValueList,
  parseOtlpEndpoint,
} from "./otlp_endpoint.ts";
import type { OtlpEndpoint } from "./otlp_endpoint.ts";

/** What the environment says about exporting profiles; what it does not say is absent. */
export interface OtlpEnvironment {
  readonly endpoint?: OtlpEndpoint | undefined;
  readonly protocol?: OtlpProtocol | undefined;
  /** Headers, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  /** File of certificates to trust. */
  readonly certificate?: string | undefined;
  /** Files of the own certificate and its key. */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  /** Attributes of the resource; `service.name` among them. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

const PREFIX = "OTEL_EXPORTER_OTLP_";

/**
 * Reads the environment variables of OpenTelemetry: for each setting the one
 * for profiles before the one for all signals.
 *
 * @param env Looks up a variable.
 * @returns What is set.
 * @throws {SyntaxError} When a value cannot be used.
 */
export function readOtlpEnvironment(
  env: (name: string) => string | undefined,
): OtlpEnvironment {
  const setting = (name: string) =>
    env(`${PREFIX}PROFILES_${name}`) || env(`${PREFIX}${name}`) || undefined;
  const protocol = parseProtocol(setting("PROTOCOL"));
  const own = env(`${PREFIX}PROFILES_ENDPOINT`) || undefined;
  const shared = env(`${PREFIX}ENDPOINT`) || undefined;
  const serviceName = env("OTEL_SERVICE_NAME") || undefined;
  const headers = Object.entries(
    parseKeyValueList(setting("HEADERS") ?? "", `${PREFIX}HEADERS`),
  ).map(([key, value]) => [key.toLowerCase(), value]);
  return {
    endpoint: own !== undefined
      ? parseOtlpEndpoint(own, { protocol, isComplete: true })
      : shared !== undefined
      ? parseOtlpEndpoint(shared, { protocol })
      : undefined,
    protocol,
    headers: Object.fromEntries(headers),
    gzip: parseCompression(setting("COMPRESSION")),
    timeoutMs: parseTimeout(setting("TIMEOUT")),
    certificate: setting("CERTIFICATE"),
    clientCertificate: setting("CLIENT_CERTIFICATE"),
    clientKey: setting("CLIENT_KEY"),
    resourceAttributes: {
      ...parseKeyValueList(
        env("OTEL_RESOURCE_ATTRIBUTES") ?? "",
        "OTEL_RESOURCE_ATTRIBUTES",
      ),
      ...(serviceName === undefined ? {} : { "service.name": serviceName }),
    },
  };
}

function parseProtocol(text: string | undefined): OtlpProtocol | undefined {
  if (text === undefined) return undefined;
  if (text === "grpc" || text === "http/protobuf" || text === "http/json") {
    return text;
  }
  throw new SyntaxError(
    `Cannot use ${PREFIX}PROTOCOL "${text}": expected grpc, http/protobuf or http/json`,
  );
}

function parseCompression(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text === "gzip" || text === "none") return text === "gzip";
  throw new SyntaxError(
    `Cannot use ${PREFIX}COMPRESSION "${text}": expected gzip or none`,
  );
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new SyntaxError(
    `Cannot use ${PREFIX}TIMEOUT "${text}": expected milliseconds above 0`,
  );
}

import type { OptionSpec, OptionValues } from "../../../formats/option_spec.ts";
import {
  OTLP_PORTS,
  type OtlpEndpoint,
  type OtlpProtocol,
  parseKeyValueList,
  parseOtlpEndpoint,
} from "../../../tracehandler/otlp_endpoint.ts";
import {
  type OtlpEnvironment,
  readOtlpEnvironment,
} from "../../../tracehandler/otlp_environment.ts";
import type { OtlpExporterOptions } from "../../../tracehandler/otlp_exporter.ts";
import type { CommandContext } from "../../command.ts";
import { saySeldom } from "../../say_seldom.ts";
import { UsageError } from "../../usage_error.ts";

/** `--endpoint` and its like, of the commands that send profiles. */
export const ENDPOINT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "endpoint",
    aliases: ["otlp"],
    type: "string",
    valueName: "URL",
    help:
      "collector: http://HOST:4318, https://…, grpc://HOST:4317 or grpcs://…; OTEL_EXPORTER_OTLP_ENDPOINT without",
  },
  {
    name: "collection-agent",
    type: "string",
    valueName: "HOST:PORT",
    help:
      "the collector as the eBPF profiler has it: gRPC with TLS, or without by --disable-tls",
    conflicts: ["endpoint"],
  },
  {
    name: "disable-tls",
    type: "boolean",
    help: "no TLS to the --collection-agent",
  },
];

/** How profiles are sent. */
export const OTLP_OPTIONS: readonly OptionSpec[] = [
  {
    name: "protocol",
    type: "string",
    choices: ["grpc", "http/protobuf", "http/json"],
    help: "how it is sent; by default the scheme tells",
  },
  {
    name: "header",
    type: "list",
    valueName: "KEY=VALUE",
    help: "header of every request, such as authorization=Bearer …",
  },
  {
    name: "compression",
    type: "string",
    choices: ["gzip", "none"],
    help: "whether messages are packed; gzip without",
  },
  {
    name: "timeout",
    type: "duration",
    min: 1e6,
    help: "time for one attempt, 10s without",
  },
  {
    name: "ca-cert",
    type: "string",
    valueName: "FILE",
    help: "certificates to trust, beside those of the system",
  },
  {
    name: "client-cert",
    type: "string",
    valueName: "FILE",
    help: "own certificate",
  },
  {
    name: "client-key",
    type: "string",
    valueName: "FILE",
    help: "key of the own certificate",
  },
  {
    name: "resource-attribute",
    aliases: ["resource"],
    type: "list",
    valueName: "KEY=VALUE",
    help:
      "attribute of every resource that does not have it, such as service.name=api",
  },
  {
    name: "otlp-layout",
    type: "string",
    choices: ["1.9", "1.10"],
    default: "1.10",
    help: "layout of the samples: 1.9 for collectors of OTLP 1.8 and 1.9",
  },
  {
    name: "queue-messages",
    type: "number",
    min: 1,
    max: 10_000,
    default: 8,
    help: "exports that wait at most; beyond it the oldest are dropped",
  },
  {
    name: "queue-size",
    type: "size",
    min: 1024,
    default: 64 * 1024 * 1024,
    help: "bytes of exports that wait at most",
  },
  {
    name: "give-up",
    type: "duration",
    min: 1e6,
    default: 300e9,
    help: "time after which an export that fails is not tried again",
  },
  {
    name: "flush-timeout",
    type: "duration",
    min: 0,
    default: 5e9,
    help: "time that sending may take at the end",
  },
];

/** Where and how profiles are sent. */
export interface OtlpSettings {
  readonly endpoint: OtlpEndpoint;
  readonly exporter: OtlpExporterOptions;
}

/**
 * Reads {@linkcode ENDPOINT_OPTIONS} and {@linkcode OTLP_OPTIONS}; what they do
 * not say the environment says.
 *
 * @param context Options and environment.
 * @returns What an exporter needs.
 * @throws {UsageError} When no endpoint is given, or a value makes no sense.
 */
export async function readOtlpSettings(
  context: CommandContext,
): Promise<OtlpSettings> {
  const { options } = context;
  const { environment, endpoint, headers, attributes } = readTexts(context);
  if (endpoint === undefined) {
    throw new UsageError(
      "Cannot tell where to send to: neither --endpoint nor OTEL_EXPORTER_OTLP_ENDPOINT is given",
      "for example --endpoint http://localhost:4318",
    );
  }
  const caCertificate = await readPem(
    text(options, "ca-cert") ?? environment.certificate,
  );
  const compression = text(options, "compression");
  const timeoutNs = options["timeout"] as number | undefined;
  return {
    endpoint,
    exporter: {
      headers,
      gzip: compression === undefined
        ? environment.gzip
        : compression === "gzip",
      timeoutMs: timeoutNs === undefined
        ? environment.timeoutMs
        : timeoutNs / 1e6,
      layout: options["otlp-layout"] as "1.9" | "1.10",
      caCertificates: caCertificate === undefined ? undefined : [caCertificate],
      clientCertificate: await readPem(
        text(options, "client-cert") ?? environment.clientCertificate,
      ),
      clientKey: await readPem(
        text(options, "client-key") ?? environment.clientKey,
      ),
      maxMessages: options["queue-messages"] as number,
      maxBytes: options["queue-size"] as number,
      giveUpMs: options["give-up"] as number / 1e6,
      flushMs: options["flush-timeout"] as number / 1e6,
      message: { resourceAttributes: attributes },
      log: saySeldom(context.console),
    },
  };
}

interface Texts {
  readonly environment: OtlpEnvironment;
  readonly endpoint: OtlpEndpoint | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

function readTexts({ options, console }: CommandContext): Texts {
  try {
    const environment = readOtlpEnvironment((name) => console.env(name));
    const headers = Object.entries(pairs(options, "header")).map((
      [key, value],
    ) => [key.toLowerCase(), value]);
    return {
      environment,
      endpoint: readEndpoint(options, environment),
      headers: { ...environment.headers, ...Object.fromEntries(headers) },
      attributes: {
        ...environment.resourceAttributes,
        ...pairs(options, "resource-attribute"),
      },
    };
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function readEndpoint(
  options: OptionValues,
  environment: OtlpEnvironment,
): OtlpEndpoint | undefined {
  const isPlain = options["disable-tls"] === true;
  const agent = text(options, "collection-agent");
  if (isPlain && agent === undefined) {
    throw new UsageError(
      "Option --disable-tls goes with --collection-agent",
      "with --endpoint the scheme tells: http:// and grpc:// have no TLS",
    );
  }
  const own = agent === undefined
    ? text(options, "endpoint")
    : `${isPlain ? "grpc" : "grpcs"}://${agent}`;
  const protocol = text(options, "protocol") as OtlpProtocol | undefined;
  if (own !== undefined) {
    // The scheme of gRPC says all; that of HTTP leaves a choice.
    const fallback = /^http/i.test(own) ? environment.protocol : undefined;
    return parseOtlpEndpoint(own, { protocol: protocol ?? fallback });
  }
  const { endpoint } = environment;
  if (endpoint === undefined || protocol === undefined) return endpoint;
  if ((endpoint.protocol === "grpc") !== (protocol === "grpc")) {
    throw new UsageError(
      `Cannot use --protocol ${protocol}: the endpoint of the environment is for ${endpoint.protocol}`,
      `give --endpoint; gRPC has port ${OTLP_PORTS.grpc}, HTTP port ${OTLP_PORTS.http}`,
    );
  }
  return { ...endpoint, protocol };
}

/** Values as they are typed: commas and percent signs belong to them. */
function pairs(options: OptionValues, name: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const part of (options[name] ?? []) as readonly string[]) {
    const at = part.indexOf("=");
    // Tells what is wrong with it.
    if (at < 1) parseKeyValueList(part, `--${name}`);
    result[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return result;
}

function text(options: OptionValues, name: string): string | undefined {
  return options[name] as string | undefined;
}

async function readPem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(`Cannot read ${path}: no such file`);
    }
    throw error;
  }
}

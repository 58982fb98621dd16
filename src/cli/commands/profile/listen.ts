import { formatBytes } from "../../../base/byte_size.ts";
import { formatDurationNs } from "../../../base/duration.ts";
import { toJsonText } from "../../../base/json_text.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import type { OptionValues } from "../../../formats/option_spec.ts";
import { OTLP_PORTS } from "../../../tracehandler/otlp_endpoint.ts";
import { OtlpPartWriter } from "../../../tracehandler/otlp_part_writer.ts";
import { OtlpRelay } from "../../../tracehandler/otlp_relay.ts";
import {
  listenOtlp,
  type OtlpServerAddress,
  type ReceivedOtlp,
} from "../../../tracehandler/otlp_server.ts";
import { encodeOtlp } from "../../../profile/otlp_encoder.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { saySeldom } from "../../say_seldom.ts";
import { UsageError } from "../../usage_error.ts";
import { describeMessage, type ResourceSummary } from "./describe_message.ts";
import { renderExportStats, sayExportLosses } from "./export_stats.ts";
import { readOtlpSettings } from "./otlp_options.ts";

/** Attributes of a resource that are worth a place on a line, in this order. */
const SHOWN_ATTRIBUTES: readonly (readonly [key: string, name: string])[] = [
  ["service.name", "service"],
  ["host.name", "host"],
  ["process.pid", "pid"],
  ["process.executable.name", "program"],
  ["container.id", "container"],
];

/**
 * Receives profiles until it is stopped.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const http = readAddress(options, "http", OTLP_PORTS.http);
  const grpc = readAddress(options, "grpc", OTLP_PORTS.grpc);
  if (http === undefined && grpc === undefined) {
    throw new UsageError("Cannot listen: --http and --grpc are both none");
  }
  const settings = options["forward"] === undefined
    ? undefined
    : await readOtlpSettings({
      ...context,
      options: { ...options, endpoint: options["forward"] },
    });
  const stop = new AbortController();
  const end = () => stop.abort();
  const counts = { messages: 0, bytes: 0, refused: 0 };
  await using stack = new AsyncDisposableStack();
  const output = options["output"] as string | undefined;
  const parts = output === undefined
    ? undefined
    : stack.use(openParts(context, output));
  const relay = settings === undefined
    ? undefined
    : stack.use(new OtlpRelay(settings.endpoint, settings.exporter));
  const say = saySeldom(console);
  const prints = options["json"] === true ||
    (parts === undefined && relay === undefined);
  const most = options["count"] as number | undefined;
  const metrics = () => renderMetrics(counts, relay);
  {
    await using server = await listenOtlp({
      http,
      grpc,
      maxMessageBytes: options["max-message"] as number,
      maxMessages: options["max-messages"] as number,
      async onProfiles(received) {
        await parts?.write(asProtobuf(received));
        relay?.push(received);
        counts.messages++;
        counts.bytes += received.bytes.length;
        if (prints) await print(context, received);
        if (counts.messages === most) end();
      },
      onRequest: (request) =>
        new URL(request.url).pathname === "/metrics"
          ? new Response(`${metrics()}\n`, {
            headers: { "content-type": "text/plain; version=0.0.4" },
          })
          : new Response("not found\n", { status: 404 }),
      log(text) {
        counts.refused++;
        say(text);
      },
    });
    if (server.httpAddress !== undefined) {
      const { hostname, port } = server.httpAddress;
      console.note(`Listening on http://${hostname}:${port}`);
    }
    if (server.grpcAddress !== undefined) {
      const { hostname, port } = server.grpcAddress;
      console.note(`Listening on grpc://${hostname}:${port}`);
    }
    await untilStopped(options, signal, stop.signal);
  }
  if (relay !== undefined && relay.pending > 0) {
    console.note("sending what is left");
  }
  await stack.disposeAsync();
  console.note(
    `received ${counts.messages} message${counts.messages === 1 ? "" : "s"} (${
      formatBytes(counts.bytes)
    })${
      parts === undefined
        ? ""
        : `, stored in ${parts.partCount} file${
          parts.partCount === 1 ? "" : "s"
        }`
    }`,
  );
  let hasLosses = counts.refused > 0;
  if (hasLosses) {
    console.warn(
      `${counts.refused} request${counts.refused === 1 ? "" : "s"} refused`,
    );
  }
  if (relay !== undefined) {
    const isLost = sayExportLosses(
      relay.counters,
      (text) => console.warn(text),
    );
    hasLosses ||= isLost;
  }
  return hasLosses ? EXIT_CODE.damaged : EXIT_CODE.done;
}

function openParts(
  { options, console }: CommandContext,
  output: string,
): OtlpPartWriter {
  return new OtlpPartWriter(output, {
    maxBytes: options["rotate-size"] as number,
    maxAgeMs: options["rotate-time"] as number / 1e6,
    maxParts: options["keep"] as number | undefined,
    onPart: (path) => console.note(`wrote ${path}`),
    log: (text) => console.warn(text),
  });
}

function asProtobuf(
  { bytes, profiles, transport }: ReceivedOtlp,
): Uint8Array {
  return transport === "http/json" ? encodeOtlp(profiles) : bytes;
}

async function untilStopped(
  options: OptionValues,
  ...signals: readonly AbortSignal[]
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const durationNs = options["duration"] as number | undefined;
  const timer = durationNs === undefined
    ? undefined
    : setTimeout(resolve, durationNs / 1e6);
  for (const signal of signals) {
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  }
  await promise;
  clearTimeout(timer);
}

async function print(
  { console, options }: CommandContext,
  { profiles, bytes, transport }: ReceivedOtlp,
): Promise<void> {
  const time = new Date().toISOString();
  const resources = describeMessage(profiles);
  if (options["json"] === true) {
    await console.print(
      toJsonText({ time, transport, bytes: bytes.length, resources }),
    );
  } else {
    for (const resource of resources) {
      await console.print(
        `${time} ${transport} ${escapeForTerminal(lineOf(resource))}`,
      );
    }
  }
  await console.flush();
}

function lineOf({ attributes, profiles }: ResourceSummary): string {
  const names = SHOWN_ATTRIBUTES
    .filter(([key]) => (attributes[key] ?? "") !== "")
    .map(([key, name]) => `${name}=${attributes[key]}`);
  const contents = profiles.map(
    ({ type, unit, samples, total, durationNs }) =>
      `${type}/${unit}: ${total} in ${samples} samples, ${
        formatDurationNs(Number(durationNs))
      }`,
  );
  return `${names.join(" ") || "unnamed resource"}; ${contents.join("; ")}`;
}

function renderMetrics(
  counts: { readonly messages: number; bytes: number; refused: number },
  relay: OtlpRelay | undefined,
): string {
  const metrics = [
    ["received_messages", "Messages that were taken.", counts.messages],
    ["received_bytes", "Bytes of them, unpacked.", counts.bytes],
    ["refused_requests", "Requests that were not taken.", counts.refused],
  ] as const;
  const lines = metrics.flatMap(([name, help, value]) => [
    `# HELP tracedeck_listen_${name}_total ${help}`,
    `# TYPE tracedeck_listen_${name}_total counter`,
    `tracedeck_listen_${name}_total ${value}`,
  ]);
  if (relay !== undefined) {
    lines.push(renderExportStats(relay.counters, "prometheus"));
  }
  return lines.join("\n");
}

function readAddress(
  options: OptionValues,
  name: "http" | "grpc",
  defaultPort: number,
): OtlpServerAddress | undefined {
  const text = options[name] as string;
  if (text === "none") return undefined;
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text) ??
    /^(\[[0-9a-f:.]+\]|[^:[\]]+)$/i.exec(text);
  const port = Number(match?.[2] ?? defaultPort);
  if (match === null || port > 65_535) {
    throw new UsageError(
      `Cannot use "${text}" for --${name}: expected HOST:PORT, PORT or none`,
    );
  }
  const hostname = match[1] || "127.0.0.1";
  const isLocal = /^(?:127(?:\.\d+){3}|\[::1\]|localhost)$/i.test(hostname);
  if (!isLocal && options["allow-remote"] !== true) {
    throw new UsageError(
      `Cannot listen on ${hostname}: other machines reach it`,
      "give --allow-remote if that is meant",
    );
  }
  return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port };
}

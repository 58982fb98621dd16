import {
  COLLECT_GROUPS,
  LinuxCollector,
} from "../../../netdump/collect/linux_collector.ts";
import type { CollectGroup } from "../../../netdump/collect/linux_collector.ts";
import { traceTarget } from "../../../netdump/collect/trace_target.ts";
import type { TracedTarget } from "../../../netdump/collect/trace_target.ts";
import { describeLimits } from "../../../netdump/collect/describe_limits.ts";
import type { TracedNetRequest } from "../../../netdump/traced_net_request.ts";
import type { HttpClientOptions } from "../../../netdump/tracer/tracer_options.ts";
import { defaultPublishDirectory } from "../../../netdump/default_publish_directory.ts";
import { NetDumper } from "../../../netdump/net_dumper.ts";
import type { ManifestRedaction } from "../../../netdump/manifest.ts";
import type { RedactionLevel } from "../../../netdump/manifest.ts";
import { createRedactor } from "../../../netdump/redact/create_redactor.ts";
import {
  readPseudonyms,
  writePseudonyms,
} from "../../../netdump/redact/pseudonym_file.ts";
import { findCaptureInterfaces } from "../../../netdump/collect/find_capture_interfaces.ts";
import type { OptionSpec, OptionValues } from "../../../formats/option_spec.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";
import { DIRECTORY_OPTION } from "./archive_options.ts";
import { readClientOptions, readTraceUrl } from "./trace_options.ts";

/** Name of the pseudonyms in a publish folder. */
const PSEUDONYMS_NAME = ".netdump-pseudonyms.json";
/** Time for a request when nothing else is said, in ns. */
const REQUEST_TIMEOUT_NS = 15e9;

/** `--redact` and what belongs to it. */
export const REDACT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "redact",
    type: "string",
    choices: ["none", "standard", "strict"],
    default: "standard",
    help:
      "what is taken out: secrets, or with strict also addresses, names and packets' contents",
  },
  {
    name: "pseudonyms",
    type: "string",
    valueName: "FILE",
    help:
      "table that undoes strict redaction; beside the dumps without, made if it is missing",
  },
];

/** Options of requests of `collect` and `watch`. */
export const REQUEST_OPTIONS: readonly OptionSpec[] = [
  {
    name: "url",
    short: "u",
    type: "list",
    valueName: "URL",
    help: "trace a request to it",
  },
  {
    name: "timeout",
    type: "duration",
    valueName: "TIME",
    help: "for each request; 15s without",
  },
  {
    name: "proxy",
    type: "string",
    valueName: "URL",
    help: "go through this proxy: http, https or socks5",
  },
  {
    name: "interface",
    short: "i",
    type: "string",
    valueName: "IF",
    help: "send requests from the address of this interface",
  },
  {
    name: "nameserver",
    type: "list",
    valueName: "ADDRESS[:PORT]",
    help: "ask this name server in requests instead of the system's",
  },
  { name: "http2", type: "boolean", help: "offer HTTP/2" },
  {
    name: "ca",
    type: "list",
    valueName: "FILE",
    help: "trust the certificates of this file instead of the system's",
  },
  {
    name: "cert",
    type: "string",
    valueName: "FILE",
    help: "client certificate",
  },
  {
    name: "key",
    type: "string",
    valueName: "FILE",
    help: "key of the client certificate",
  },
  { name: "insecure", type: "boolean", help: "accept any certificate" },
  {
    name: "headers",
    type: "string",
    choices: ["none", "names", "lengths", "values"],
    default: "lengths",
    help: "what of headers is recorded",
  },
  {
    name: "pcap",
    type: "list",
    valueName: "IF",
    help:
      "capture the packets of requests on this interface; those with a default route without",
  },
  {
    name: "capture",
    type: "boolean",
    default: true,
    help: "capture packets, where that is permitted",
  },
  {
    name: "pcap-limit",
    type: "size",
    default: 1024 * 1024,
    min: 1,
    valueName: "SIZE",
    help: "bytes of packets kept per interface",
  },
];

/** Options of what `collect` and `watch` gather and keep. */
export const GATHER_OPTIONS: readonly OptionSpec[] = [
  DIRECTORY_OPTION,
  {
    name: "max",
    type: "number",
    min: 0,
    default: 10,
    valueName: "N",
    help: "dumps of a topic that are kept; 0 is no limit",
  },
  ...REDACT_OPTIONS,
  {
    name: "skip",
    type: "list",
    valueName: "GROUP",
    choices: COLLECT_GROUPS,
    help: "leave a group out",
  },
  {
    name: "ntp",
    type: "list",
    valueName: "SERVER",
    help: "a time server to ask, beside those that are configured",
  },
  {
    name: "portal",
    type: "string",
    valueName: "URL",
    help: "URL that answers with status 204 where no portal is in between",
  },
  {
    name: "tool-timeout",
    type: "duration",
    valueName: "TIME",
    help: "for each program that is run; 10s without",
  },
  {
    name: "all-tools-timeout",
    type: "duration",
    valueName: "TIME",
    help: "for all programs together; 60s without",
  },
  {
    name: "max-namespaces",
    type: "number",
    min: 0,
    default: 32,
    valueName: "N",
    help: "network namespaces that are looked into",
  },
  {
    name: "load-modules",
    type: "boolean",
    help:
      "list tables of the firewall that do not exist yet, which loads modules of the kernel",
  },
  {
    name: "raw-machine-id",
    type: "boolean",
    help: "give the machine's own id instead of one that leads nowhere",
  },
  {
    name: "trust-directory",
    type: "boolean",
    help: "let root publish into a link or another user's folder",
  },
];

/** What a command needs to gather and publish. */
export interface Gathering {
  readonly directory: string;
  readonly urls: readonly URL[];
  /** What this process cannot see. */
  readonly limits: readonly string[];
  /**
   * Makes requests.
   *
   * @param signal Ends them.
   * @param more URLs beside those of the command line.
   */
  request(
    signal: AbortSignal,
    more?: readonly URL[],
  ): Promise<readonly TracedTarget[]>;
  /**
   * Gathers and publishes a dump.
   *
   * @param topic Its topic.
   * @param targets Requests that were made.
   * @param signal Cuts gathering short.
   * @param more Requests that are not tried targets.
   */
  publish(
    topic: string,
    targets: readonly TracedTarget[],
    signal: AbortSignal,
    more?: readonly TracedNetRequest[],
  ): Promise<PublishedDump>;
}

/** What {@linkcode Gathering.publish} gives. */
export interface PublishedDump {
  readonly path: string;
  /** Entries that could not be had. */
  readonly absent: readonly {
    readonly name: string;
    readonly reason: string;
  }[];
  readonly entries: number;
  readonly redactions: readonly ManifestRedaction[];
}

/**
 * Reads the options of `collect` and `watch`.
 *
 * @param context The running command.
 * @returns What to gather.
 * @throws {UsageError} When an option is wrong, before anything is gathered.
 */
export async function readGathering(
  context: CommandContext,
): Promise<Gathering> {
  const { options, console } = context;
  const urls = listOf(options, "url").map(readTraceUrl);
  const directory = (options["directory"] as string | undefined) ??
    defaultPublishDirectory();
  const level = options["redact"] as RedactionLevel;
  const pseudonymPath = (options["pseudonyms"] as string | undefined) ??
    `${directory}/${PSEUDONYMS_NAME}`;
  const portalUrl = options["portal"] as string | undefined;
  if (portalUrl !== undefined && !/^http:\/\//.test(portalUrl)) {
    throw new UsageError(
      `Cannot use "${portalUrl}" for --portal: expected a URL of http`,
    );
  }
  const clients = new Map<URL, HttpClientOptions>();
  for (const url of urls) {
    const values = { timeout: REQUEST_TIMEOUT_NS, ...options };
    clients.set(url, await readClientOptions(values, url));
  }
  const limits = await describeLimits();
  const interfaces = options["capture"] === false
    ? []
    : options["pcap"] as readonly string[] | undefined ??
      (urls.length === 0 ? [] : await findCaptureInterfaces());
  return {
    directory,
    urls,
    request: (signal, more) =>
      Promise.all((more ?? urls).map((url) =>
        traceTarget(url, {
          client: clients.get(url) ?? clients.get(urls[0]!) ?? {},
          interfaces,
          maxCaptureBytes: options["pcap-limit"] as number,
          headers: options["headers"] as "lengths",
          signal,
        })
      )),
    limits,
    publish: async (topic, targets, signal, more = []) => {
      const pseudonyms = level === "strict"
        ? await readPseudonyms(pseudonymPath)
        : undefined;
      const absent: { name: string; reason: string }[] = [];
      let entries = 0;
      const failed = targets.find(({ isOk }) => !isOk);
      const redactions: ManifestRedaction[] = [];
      const dumper = new NetDumper({
        directory,
        maxDumpsPerTopic: options["max"] as number,
        trustDirectory: options["trust-directory"] === true,
        redactor: createRedactor(level, { pseudonyms }),
        sources: [
          new LinuxCollector({
            skip: listOf(options, "skip") as readonly CollectGroup[],
            targets: urls,
            usesProxy: options["proxy"] !== undefined,
            ntpServers: listOf(options, "ntp"),
            portalUrl,
            dates: targets.flatMap(({ date }) => date ?? []),
            outcome: targets.length === 0 ? undefined : {
              isOk: failed === undefined,
              error: failed?.error ?? "",
              time: new Date().toISOString(),
            },
            maxNamespaces: options["max-namespaces"] as number,
            toolTimeoutMs: msOf(options, "tool-timeout"),
            allToolsMs: msOf(options, "all-tools-timeout"),
            loadModules: options["load-modules"] === true,
            rawMachineId: options["raw-machine-id"] === true,
            env: (name) => console.env(name),
          }),
        ],
      });
      const path = await dumper.publish(
        topic,
        [...targets.map(({ request }) => request), ...more],
        {
          signal,
          notes: [
            ...new Set([...limits, ...targets.flatMap(({ notes }) => notes)]),
          ],
          onEntry: ({ name, content, skippedReason }) => {
            if (content !== undefined) entries++;
            else absent.push({ name, reason: skippedReason ?? "not there" });
          },
          onRedaction: (redaction) => redactions.push(redaction),
        },
      );
      if (pseudonyms !== undefined) {
        await writePseudonyms(pseudonymPath, pseudonyms);
      }
      return { path, absent, entries, redactions };
    },
  };
}

/**
 * Says in one line what was taken out of a dump.
 *
 * @param redactions What was taken out where.
 * @returns For example `3 url credentials, 1 token`; empty where nothing was.
 */
export function summarizeRedactions(
  redactions: readonly ManifestRedaction[],
): string {
  const kinds = new Map<string, number>();
  for (const { kind, count } of redactions) {
    kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  return [...kinds].map(([kind, count]) => `${count} × ${kind}`).join(", ");
}

function msOf(options: OptionValues, name: string): number | undefined {
  const ns = options[name] as number | undefined;
  return ns === undefined ? undefined : ns / 1e6;
}

function listOf(options: OptionValues, name: string): readonly string[] {
  return (options[name] as readonly string[] | undefined) ?? [];
}

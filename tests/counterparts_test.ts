// Whoever comes from one of the packages that tracedeck takes the place of finds
// everything here under a name of ours.
import { assertEquals } from "@std/assert";
import { loadAllCommands } from "../src/cli/command_table.ts";
import { sourceFiles } from "./support/source_files.ts";

/** A name there, and where its counterpart is: folder of `src`, exported name, member. */
type Counterpart = readonly [
  upstream: string,
  folder: string,
  name: string,
  member?: string,
];

const COUNTERPARTS: readonly Counterpart[] = [
  // EVE's netdump
  ["NetDumper", "netdump", "NetDumper"],
  ["NetDumper.MaxDumpsPerTopic", "netdump", "NetDumper", "maxDumpsPerTopic"],
  ["NetDumper.LastPublishAt", "netdump", "NetDumper", "lastPublishAt"],
  ["NetDumper.Publish", "netdump", "NetDumper", "publish"],
  ["TracedNetRequest", "netdump", "TracedNetRequest"],
  ["nettrace.AnyNetTrace", "netdump", "AnyNetTrace"],
  ["nettrace.PacketCapture", "netdump", "PacketCapture"],
  // dotnetdiag
  ["CommandSet*", "eventpipe", "COMMAND_SET"],
  ["EventPipe*Tracing", "eventpipe", "COMMAND"],
  ["DefaultServerAddress", "eventpipe", "defaultServerAddress"],
  ["Client", "eventpipe", "DiagnosticClient"],
  ["Client.CollectTracing", "eventpipe", "DiagnosticClient", "collectTracing"],
  ["Client.StopTracing", "eventpipe", "DiagnosticClient", "stopTracing"],
  ["CollectTracingConfig", "eventpipe", "CollectTracingConfig"],
  ["CollectTracingPayload", "eventpipe", "CollectTracingPayload"],
  ["CollectTracingPayload.Bytes", "eventpipe", "encodeRequest"],
  ["CollectTracingResponse", "eventpipe", "CollectTracingResponse"],
  ["ErrorResponse", "eventpipe", "ErrorResponse"],
  ["ProviderConfig", "eventpipe", "ProviderConfig"],
  ["Session", "eventpipe", "Session"],
  ["StopTracingPayload", "eventpipe", "StopTracingPayload"],
  ["StopTracingPayload.Bytes", "eventpipe", "encodeRequest"],
  // The answers to both requests are a session id.
  ["StopTracingResponse", "eventpipe", "decodeSessionId"],
  // The OpenTelemetry profiler's tracehandler
  ["Start", "tracehandler", "startTraceHandler"],
  ["Start workerExited", "tracehandler", "TraceHandler", "workerExited"],
  ["Times", "tracehandler", "TraceHandlerIntervals"],
  [
    "Times.MonitorInterval",
    "tracehandler",
    "TraceHandlerIntervals",
    "monitorInterval",
  ],
  ["TraceProcessor", "tracehandler", "TraceProcessor"],
  [
    "TraceProcessor.MaybeNotifyAPMAgent",
    "tracehandler",
    "TraceProcessor",
    "maybeNotifyApmAgent",
  ],
  [
    "TraceProcessor.ConvertTrace",
    "tracehandler",
    "TraceProcessor",
    "convertTrace",
  ],
  [
    "TraceProcessor.SymbolizationComplete",
    "tracehandler",
    "TraceProcessor",
    "symbolizationComplete",
  ],
  ["reporter.TraceReporter", "profile", "TraceReporter"],
  // Fibratus kcap
  ["Config", "kcap", "CreateKcapOptions"],
  ["Reader", "kcap", "KcapReader"],
  ["Reader.Read", "kcap", "KcapReader", "read"],
  ["Reader.Close", "kcap", "KcapReader", "close"],
  ["Reader.RecoverSnapshotters", "kcap", "KcapReader", "recoverSnapshotters"],
  ["Reader.SetFilter", "kcap", "KcapReader", "setFilter"],
  ["Writer", "kcap", "KcapWriter"],
  ["Writer.Write", "kcap", "KcapWriter", "write"],
  ["Writer.Close", "kcap", "KcapWriter", "close"],
  ["NewWriter", "kcap", "createKcap"],
  // gVisor's tracereplay
  ["Config", "tracereplay", "TraceFileConfig"],
  ["Replay.Execute", "tracereplay", "replayTrace"],
  ["Save", "tracereplay", "SaveServer"],
  ["Save.NewClient", "tracereplay", "SaveServer", "newClient"],
  ["Save.Start", "tracereplay", "SaveServer", "start"],
];

const COMMAND_COUNTERPARTS:
  readonly (readonly [upstream: string, group: string, command: string])[] = [
    ["tracereplay save", "tracereplay", "save"],
    ["tracereplay replay", "tracereplay", "replay"],
  ];

Deno.test("every name of the packages of old has its counterpart", async () => {
  const texts = new Map<string, string>();
  for await (const { path, text } of sourceFiles("src")) {
    const folder = path.split("/")[1]!;
    texts.set(folder, (texts.get(folder) ?? "") + text);
  }
  const missing: string[] = [];
  for (const [upstream, folder, name, member] of COUNTERPARTS) {
    const text = texts.get(folder) ?? "";
    const declaration = new RegExp(
      `^export (?:async )?(?:class|interface|function|const|type) ${name}\\b[\\s\\S]*?^[}\\]]`,
      "m",
    ).exec(text)?.[0];
    if (declaration === undefined) {
      missing.push(`${upstream}: ${folder} has no ${name}`);
    } else if (
      member !== undefined && !new RegExp(`\\b${member}\\b`).test(declaration)
    ) {
      missing.push(`${upstream}: ${name} has no ${member}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("every command of the packages of old has its counterpart", async () => {
  const { groups } = await loadAllCommands();
  for (const [upstream, group, command] of COMMAND_COUNTERPARTS) {
    const found = groups.find(({ name }) => name === group)?.commands
      .some(({ name }) => name === command);
    assertEquals(found, true, upstream);
  }
});

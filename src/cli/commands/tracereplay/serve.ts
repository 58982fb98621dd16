import { compileEventFilter } from "../../../tracereplay/event_filter.ts";
import type { EventPredicate } from "../../../tracereplay/event_filter.ts";
import { decodeMessage } from "../../../tracereplay/message_decoder.ts";
import { parseProcfsDump } from "../../../tracereplay/procfs_dump.ts";
import type { ProcfsProcess } from "../../../tracereplay/procfs_dump.ts";
import { TraceServer } from "../../../tracereplay/trace_server.ts";
import type {
  TraceClient,
  TraceClientHandler,
} from "../../../tracereplay/trace_server.ts";
import type { TraceEvent } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { EventPrinter } from "./event_printer.ts";
import type { EventForm } from "./event_printer.ts";
import { ServerLines } from "./server_lines.ts";
import { endpointOption, serverOptions, traceFilter } from "./trace_options.ts";

/**
 * Prints sessions until it is stopped.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const endpoint = endpointOption(options);
  const form = options["format"] as EventForm;
  const isWanted = traceFilter(options) ?? compileEventFilter({});
  const lines = new ServerLines(console, form === "json");
  const procfs = options["procfs"];
  const processes = typeof procfs === "string"
    ? parseProcfsDump(await Deno.readTextFile(procfs))
    : [];
  let clients = 0;
  const state = { hasLoss: false };
  await using server = await TraceServer.listen(endpoint, {
    ...serverOptions(options),
    onClient: (client) =>
      newClient(context, {
        client,
        number: ++clients,
        lines,
        form,
        processes,
        isWanted,
        onLoss: () => state.hasLoss = true,
      }),
    onWarning: (text) => console.warn(text),
  });
  lines.say(`Socket address ${server.endpoint}`);
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (signal.aborted) resolve();
  await Promise.race([server.finished, promise]);
  await server.close();
  await lines.finish();
  return state.hasLoss ? EXIT_CODE.damaged : EXIT_CODE.done;
}

interface ClientHost {
  readonly client: TraceClient;
  readonly number: number;
  readonly lines: ServerLines;
  readonly form: EventForm;
  readonly processes: readonly ProcfsProcess[];
  readonly isWanted: EventPredicate;
  readonly onLoss: () => void;
}

function newClient(
  { options, console }: CommandContext,
  { client, number, lines, form, processes, isWanted, onLoss }: ClientHost,
): TraceClientHandler {
  const prefix = options["client-prefix"] === true && form !== "json"
    ? `${number}: `
    : "";
  const printsEvents = options["omit-events"] !== true;
  const printer = new EventPrinter(options, {
    form,
    processes,
    extra: { client: number },
  });
  let seq = 0;
  lines.say(`${prefix}Connection accepted`);
  const heading = printer.heading();
  if (heading !== undefined) lines.say(`${prefix}${heading}`);
  return {
    onRecords(batch) {
      const rendered: string[] = [];
      for (const packet of batch) {
        const event = decodeMessage(packet, { seq: ++seq });
        const render = printer.add(event);
        const isBad = event.type !== "decoded";
        if (!isBad && !printsEvents) continue;
        if (!isWanted(event, printer.architecture)) continue;
        const line = isBad && form === "text" ? badLine(event) : render();
        rendered.push(`${prefix}${line}`);
      }
      if (rendered.length > 0) return lines.print(rendered);
    },
    onOversized(sizeBytes) {
      onLoss();
      console.warn(
        `${client.name}: message of ${sizeBytes} bytes is lost, at most 1048576 are possible`,
      );
    },
    onEnd({ error }) {
      if (error !== undefined) {
        onLoss();
        const message = error instanceof Error ? error.message : error;
        console.warn(`${client.name}: ${message}`);
      }
      lines.say(`${prefix}Connection closed`);
    },
  };
}

/** What gVisor's example server says, where it says something. */
function badLine(event: Exclude<TraceEvent, { type: "decoded" }>): string {
  if (event.type === "opaque") {
    return event.error === undefined
      ? `Invalid message type: ${event.typeId}`
      : event.error;
  }
  const { raw } = event;
  const headerSize = raw.length < 2 ? 0 : raw[0]! | (raw[1]! << 8);
  return raw.length >= 8 && headerSize > raw.length
    ? `Header size (${headerSize}) is larger than message ${raw.length}`
    : event.error;
}

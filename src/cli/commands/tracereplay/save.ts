import type { OptionValues } from "../../../formats/option_spec.ts";
import { decodeMessage } from "../../../tracereplay/message_decoder.ts";
import { MergedSender } from "../../../tracereplay/merged_sender.ts";
import { quoteGo } from "../../../tracereplay/go_quote.ts";
import type { RecordBatch } from "../../../tracereplay/record_batch.ts";
import { SaveServer } from "../../../tracereplay/save_server.ts";
import type {
  SavedClient,
  SaveServerOptions,
} from "../../../tracereplay/save_server.ts";
import { openTraceSender } from "../../../tracereplay/trace_sender.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { EventPrinter } from "./event_printer.ts";
import type { EventForm } from "./event_printer.ts";
import { serveMetrics } from "./serve_metrics.ts";
import { ServerLines } from "./server_lines.ts";
import { endpointOption, redactKinds, serverOptions } from "./trace_options.ts";

/**
 * Saves sessions until it is stopped.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const endpoint = endpointOption(options);
  const form = options["print"] as EventForm | undefined;
  const lines = new ServerLines(
    console,
    form !== undefined || options["to"] === "-",
  );
  await using cleanup = new AsyncDisposableStack();
  const totals = { clients: 0, messages: 0, bytes: 0, dropped: 0 };
  const server = new SaveServer(endpoint, {
    ...fileOptions(options),
    ...serverOptions(options),
    forward: forwardOption(context, cleanup),
    onRecords: form === undefined ? undefined : printer(context, form, lines),
    onStart: () =>
      lines.say(
        `Listening on ${quoteGo(server.endpoint)}. Press ctrl-C to stop...`,
      ),
    onOpen({ path }) {
      totals.clients++;
      lines.say(
        path === undefined
          ? "New client connected"
          : `New client connected, writing to: ${quoteGo(path)}`,
      );
    },
    onClose(client) {
      totals.messages += client.messages;
      totals.bytes += client.bytes;
      totals.dropped += client.dropped;
      sayClosed(client, lines);
      if (options["stats"] === true) console.note(statsLine(client));
    },
    onWarning: (text) => console.warn(text),
  });
  await server.start();
  cleanup.defer(() => server.close());
  const metrics = options["metrics"];
  if (typeof metrics === "string") {
    cleanup.use(
      serveMetrics(metrics, {
        allowRemote: options["allow-remote"] === true,
        clients: () => server.clients,
        ended: totals,
      }),
    );
  }

  await Promise.race([server.finished, stopped(options, signal)]);
  if (signal.aborted) lines.say("Ctrl-C pressed, stopping.");
  await server.close();
  await lines.finish();
  if (options["stats"] === true) {
    console.note(
      `${totals.clients} clients, ${totals.messages} messages, ${totals.bytes} bytes, ${totals.dropped} dropped by sandboxes`,
    );
  }
  return server.hasLoss ? EXIT_CODE.damaged : EXIT_CODE.done;
}

function fileOptions(options: OptionValues): SaveServerOptions {
  const nsToMs = (name: string) => {
    const ns = options[name] as number | undefined;
    return ns === undefined ? undefined : ns / 1e6;
  };
  const out = options["out"] as string | undefined;
  return {
    ...(out === undefined && options["to"] === undefined
      ? {}
      : { outDir: out }),
    prefix: options["prefix"] as string,
    keepExisting: options["keep-existing"] === true,
    gzip: options["gzip"] === true,
    rotateBytes: options["rotate-size"] as number | undefined,
    rotateMs: nsToMs("rotate-time"),
    redact: redactKinds(options),
    maxMessages: options["max-messages"] as number | undefined,
    maxClientBytes: options["max-size"] as number | undefined,
    maxTotalBytes: options["max-total-size"] as number | undefined,
  };
}

function forwardOption(
  { options, console, signal }: CommandContext,
  cleanup: AsyncDisposableStack,
): SaveServerOptions["forward"] {
  const to = options["to"] as string | undefined;
  if (to === undefined) return undefined;
  const onWarning = (text: string) => console.warn(text);
  if (to !== "-") {
    return () => openTraceSender(to, { onWarning, signal });
  }
  const merged = new MergedSender(openTraceSender(to, {
    async stdout(bytes) {
      await console.write(bytes);
      await console.flush();
    },
  }));
  cleanup.use(merged);
  return () => merged.addSource();
}

/** Prints the events of every client by itself. */
function printer(
  { options }: CommandContext,
  form: EventForm,
  lines: ServerLines,
): SaveServerOptions["onRecords"] {
  const printers = new WeakMap<
    SavedClient,
    { printer: EventPrinter; seq: number }
  >();
  return (client: SavedClient, batch: RecordBatch) => {
    let state = printers.get(client);
    if (state === undefined) {
      const printer = new EventPrinter(options, {
        form,
        extra: { client: client.number },
      });
      printers.set(client, state = { printer, seq: 0 });
    }
    const rendered: string[] = [];
    for (const packet of batch) {
      state.seq++;
      rendered.push(
        state.printer.add(decodeMessage(packet, { seq: state.seq }))(),
      );
    }
    return lines.print(rendered);
  };
}

function sayClosed(client: SavedClient, lines: ServerLines): void {
  const { path, messages } = client;
  lines.say(
    path === undefined
      ? `Closing client, forwarded ${messages} messages`
      : `Closing client, wrote ${messages} messages to ${quoteGo(path)}`,
  );
}

function statsLine(client: SavedClient): string {
  return [
    `client ${client.number}: ${client.messages} messages`,
    `${client.bytes} bytes`,
    `${client.dropped} dropped by the sandbox`,
    ...(client.dropResets > 0 ? [`${client.dropResets} counter resets`] : []),
    ...(client.malformed > 0 ? [`${client.malformed} malformed`] : []),
    ...(client.oversized > 0 ? [`${client.oversized} too large`] : []),
  ].join(", ");
}

function stopped(options: OptionValues, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const maxTimeNs = options["max-time"] as number | undefined;
  const timer = maxTimeNs === undefined
    ? undefined
    : setTimeout(resolve, maxTimeNs / 1e6);
  const finish = () => {
    clearTimeout(timer);
    resolve();
  };
  if (signal.aborted) finish();
  else signal.addEventListener("abort", finish, { once: true });
  return promise;
}

import { formatBytes } from "../../../base/byte_size.ts";
import {
  captureFileName,
  encodeCapture,
} from "../../../netdump/capture/captured_interface.ts";
import type { CapturedInterface } from "../../../netdump/capture/captured_interface.ts";
import { diagnoseTrace } from "../../../netdump/diagnose_trace.ts";
import { encodeNetworkTrace } from "../../../netdump/nettrace_encoder.ts";
import type { NetworkTraceForm } from "../../../netdump/nettrace_encoder.ts";
import { decodeNetworkTrace } from "../../../netdump/nettrace_decoder.ts";
import { encodeHar } from "../../../netdump/nettrace_har_encoder.ts";
import { redactUrl } from "../../../netdump/nettrace_redact_url.ts";
import type { NetworkTrace } from "../../../netdump/nettrace_types.ts";
import { renderWaterfall } from "../../../netdump/render_waterfall.ts";
import { NetworkTracer } from "../../../netdump/tracer/network_tracer.ts";
import type { TraceResult } from "../../../netdump/tracer/network_tracer.ts";
import { RequestError } from "../../../netdump/tracer/request_error.ts";
import { TraceSpill } from "../../../netdump/tracer/trace_spill.ts";
import type {
  HeaderDetail,
  TraceMemory,
} from "../../../netdump/tracer/tracer_options.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { writeOutput } from "../../write_output.ts";
import {
  readCaptureOptions,
  readClientOptions,
  readRequestOptions,
  readTraceUrl,
} from "./trace_options.ts";

/** Traces, keys and packets are nobody else's business. */
const PRIVATE_MODE = 0o600;

/**
 * Makes a request and tells how it went.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 1 when the request failed or was answered with an error.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals, signal } = context;
  const url = readTraceUrl(positionals[0]!);
  const form = chooseForm(context);
  await using stack = new AsyncDisposableStack();
  const client = await readClientOptions(options, url);
  const request = await readRequestOptions(options, signal);
  const threshold = options["batch"] as number | undefined;
  const spill = threshold === undefined
    ? undefined
    : stack.use(await TraceSpill.create());
  const memory: TraceMemory = spill === undefined
    ? { type: "unbounded" }
    : { type: "batch", threshold, onBatch: (batch) => spill.add(batch) };
  const tracer = stack.use(
    new NetworkTracer({
      client,
      trace: {
        httpRequests: true,
        dnsQueries: true,
        sockets: options["sockets"] !== false,
        conntrack: options["conntrack"] === true,
        headers: options["headers"] as HeaderDetail,
        redactUrls: options["redact-urls"] === true,
        keepSecrets: options["secrets"] === true,
        traceIds: options["ids"] as "counter" | "uuid",
        capture: readCaptureOptions(options),
        memory,
        log: console.verbose ? (line) => console.note(line) : undefined,
      },
    }),
  );
  for (const { interfaceName, error } of tracer.captureProblems) {
    console.warn(`no capture on ${interfaceName}: ${error.message}`);
  }

  const repeat = options["repeat"] as number;
  const failures = new Set<string>();
  for (let round = 0; round < repeat && !signal.aborted; round++) {
    const failure = await makeRequest(tracer, url, request);
    if (failure !== undefined) failures.add(failure);
  }
  const description = (options["description"] as string | undefined) ??
    `${request.method} ${
      redactUrl(url.href, {
        query: options["redact-urls"] === true,
      })
    }`;
  const result = await tracer.getTrace(description);
  const trace = await gather(result, spill);
  await writeAll(context, trace, result, form);
  tellLosses(context, result);
  // The trace has the errors of single hops; a client that had enough of them
  // is told of here.
  for (const { reqError } of trace.httpRequests) failures.delete(reqError);
  for (const failure of failures) console.warn(failure);
  if (signal.aborted) return EXIT_CODE.interrupted;
  const isBad = diagnoseTrace(trace).some(({ severity }) =>
    severity === "problem"
  );
  return isBad || failures.size > 0 ? EXIT_CODE.failed : EXIT_CODE.done;
}

function chooseForm(context: CommandContext): NetworkTraceForm {
  const { options } = context;
  const form = options["form"] as NetworkTraceForm | undefined;
  if (options["batch"] === undefined) return form ?? "export";
  if (form === undefined || form === "sink") return "sink";
  throw new UsageError(
    `Cannot write the ${form} form with --batch: records on disk are of the sink form`,
  );
}

/** A failure does not end the command: it is what the trace is about. */
async function makeRequest(
  tracer: NetworkTracer,
  url: URL,
  request: Parameters<NetworkTracer["request"]>[1],
): Promise<string | undefined> {
  try {
    const response = await tracer.request(url, request);
    await response.drain();
    return undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.reason;
  }
}

/** What went to disk comes back for the waterfall. */
async function gather(
  { trace }: TraceResult,
  spill: TraceSpill | undefined,
): Promise<NetworkTrace> {
  if (spill === undefined) return trace;
  const bytes = await new Response(
    ReadableStream.from(spill.encode(trace)),
  ).bytes();
  return { ...decodeNetworkTrace(bytes), uuid: trace.uuid };
}

async function writeAll(
  context: CommandContext,
  trace: NetworkTrace,
  result: TraceResult,
  form: NetworkTraceForm,
): Promise<void> {
  const { console, options } = context;
  const output = options["output"] as string | undefined;
  const isJson = options["json"] === true || output === "-";
  if (isJson) {
    await console.write(
      new TextEncoder().encode(encodeNetworkTrace(trace, { form })),
    );
    await console.flush();
  } else {
    await console.print(renderWaterfall(trace, { columns: console.columns }));
  }
  if (output !== undefined && output !== "-") {
    await writeText(context, output, encodeNetworkTrace(trace, { form }));
  }
  const har = options["har"] as string | undefined;
  if (har !== undefined) await writeText(context, har, encodeHar(trace));
  for (const capture of result.captures) {
    await writeCapture(context, capture);
  }
}

async function writeText(
  context: CommandContext,
  path: string,
  text: string,
): Promise<void> {
  const size = await writeOutput(
    context.console,
    ReadableStream.from([new TextEncoder().encode(text)]),
    { path, binary: false, mode: PRIVATE_MODE },
  );
  context.console.note(`wrote ${path} (${formatBytes(size)})`);
}

async function writeCapture(
  context: CommandContext,
  capture: CapturedInterface,
): Promise<void> {
  const { console, options } = context;
  const path = `${options["pcap-directory"]}/${captureFileName(capture)}`;
  await writeOutput(console, ReadableStream.from(encodeCapture(capture)), {
    path,
    binary: true,
    mode: PRIVATE_MODE,
  });
  console.note(
    `wrote ${path} (${capture.packets.length} packets${
      capture.isTruncated ? ", cut at the limit" : ""
    })`,
  );
  if (capture.droppedPackets > 0) {
    console.warn(
      `${capture.interfaceName}: the kernel dropped ${capture.droppedPackets} packets`,
    );
  }
}

function tellLosses(context: CommandContext, result: TraceResult): void {
  const { console } = context;
  for (const warning of result.warnings) console.warn(warning);
  if (result.ignoredDnsReplies > 0) {
    console.warn(
      `${result.ignoredDnsReplies} DNS replies did not fit their queries and were ignored`,
    );
  }
  if (result.omittedSocketOps > 0) {
    console.note(
      `${result.omittedSocketOps} calls on sockets were counted only`,
    );
  }
}

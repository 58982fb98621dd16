import { formatBytes } from "../../../base/byte_size.ts";
import { parseEndpoint } from "../../../tracereplay/endpoint.ts";
import { runLoad } from "../../../tracereplay/run_load.ts";
import type { LoadResult } from "../../../tracereplay/run_load.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { endpointOption } from "./trace_options.ts";

/**
 * Loads a monitoring process.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const target = parseEndpoint(endpointOption(options));
  if (target.type !== "seqpacket") {
    throw new UsageError(
      "Cannot load a stream: a sink speaks to SOCK_SEQPACKET sockets only",
    );
  }
  const { backoff = 25_000, "backoff-max": backoffMax = 10_000_000 } = options;
  const timeNs = options["time"] as number | undefined;
  const result = await runLoad({
    sink: {
      endpoint: target.path,
      retries: options["retries"] as number,
      backoffNs: BigInt(backoff as number),
      backoffMaxNs: BigInt(backoffMax as number),
    },
    clients: options["clients"] as number,
    messages: options["messages"] as number | undefined ??
      (timeNs === undefined ? 100_000 : undefined),
    timeMs: timeNs === undefined ? undefined : timeNs / 1e6,
    messageBytes: options["size"] as number | undefined,
    rate: options["rate"] as number | undefined,
    waits: options["wait"] === true,
    signal,
  });
  if (options["json"] === true) await console.print(JSON.stringify(result));
  else for (const line of resultLines(result)) await console.print(line);
  if (result.error !== undefined) console.warn(result.error);
  return result.dropped > 0 ? EXIT_CODE.damaged : EXIT_CODE.done;
}

function resultLines(result: LoadResult): string[] {
  const { sent, dropped, retries, bytes, elapsedMs } = result;
  const seconds = elapsedMs / 1000;
  const total = sent + dropped;
  const share = total === 0 ? 0 : dropped / total * 100;
  return [
    `sent ${sent} events, ${formatBytes(bytes)} in ${seconds.toFixed(3)} s`,
    `${Math.round(sent / seconds)} events/s, ${formatBytes(bytes / seconds)}/s`,
    `dropped ${dropped} (${share.toFixed(2)} %), ${retries} further attempts`,
  ];
}

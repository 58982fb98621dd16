import type { OptionValues } from "../../../formats/option_spec.ts";
import { replayTrace } from "../../../tracereplay/replay_trace.ts";
import type { ReplayTraceOptions } from "../../../tracereplay/replay_trace.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { openTrace } from "./open_trace.ts";
import { ReplayProgress } from "./replay_progress.ts";
import {
  endpointOption,
  requiredOption,
  traceFilter,
} from "./trace_options.ts";

/**
 * Replays a trace file.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, console, signal } = context;
  const file = requiredOption(options, "in");
  const endpoint = endpointOption(options);
  const input = await openTrace(file, context);
  const toStdout = endpoint === "-";
  const progress = new ReplayProgress(console, {
    isSilent: toStdout,
    everyMessage: options["compat"] === true,
    showsAll: console.stdoutIsTerminal,
  });
  const result = await replayTrace(input, endpoint, {
    ...paceOptions(options),
    isWanted: traceFilter(options),
    loop: options["loop"] as number,
    clients: options["clients"] as number,
    zeroDropped: options["zero-dropped"] === true,
    sink: sinkOption(options),
    serverVersion: options["server-version"] === "1" ? "known" : "any",
    force: options["force"] === true,
    onHandshake: () => progress.handshake(),
    onSent: (total) => progress.sent(total),
    onWarning: (text) => console.warn(text),
    signal,
    stdout: async (bytes) => {
      await console.write(bytes);
      await console.flush();
    },
  }).catch(async (error) => {
    await progress.fail();
    throw error;
  });
  await progress.done();
  if (options["like-sink"] === true) {
    console.note(`sent ${result.sent}, dropped ${result.dropped}`);
  }
  return result.skipped > 0 ? EXIT_CODE.damaged : EXIT_CODE.done;
}

function paceOptions(
  options: OptionValues,
): Pick<ReplayTraceOptions, "rate" | "speed"> {
  return {
    rate: options["rate"] as number | undefined,
    speed: options["timed"] === true
      ? 1
      : options["speed"] as number | undefined,
  };
}

function sinkOption(options: OptionValues): ReplayTraceOptions["sink"] {
  if (options["like-sink"] !== true) return undefined;
  const { backoff = 25_000, "backoff-max": backoffMax = 10_000_000 } = options;
  return {
    retries: options["retries"] as number,
    backoffNs: BigInt(backoff as number),
    backoffMaxNs: BigInt(backoffMax as number),
  };
}

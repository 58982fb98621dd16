import { parseDurationNs } from "../../../base/duration.ts";
import { parseUnixNs } from "../../../base/time.ts";
import { compileFilter } from "../../../kcap/filter/compile_filter.ts";
import type { KcapReader } from "../../../kcap/kcap_reader.ts";
import { renderEventJson } from "../../../kcap/render_json.ts";
import { compileTemplate } from "../../../kcap/render_pretty.ts";
import type { KcapEvent } from "../../../kcap/types.ts";
import type { OptionValues } from "../../../formats/option_spec.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { writeOutput } from "../../write_output.ts";
import { LOCAL_FILES } from "./local_file_functions.ts";
import { openCapture } from "./open_capture.ts";

/** Lines are handed on in pieces of about this many characters. */
const PIECE_LENGTH = 64 * 1024;

/**
 * Prints events of a capture.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const path = options["capture"] as string | undefined;
  if (path === undefined) {
    throw new UsageError(
      "Option -k FILE is missing",
      "name the capture: tracedeck kcap replay -k FILE",
    );
  }
  const filter = compileFilter(positionals.join(" "), {
    compat: options["compat"] === true,
    legacyNames: options["raw-names"] === true ? "keep" : "normalize",
    local: options["allow-local"] === true ? LOCAL_FILES : undefined,
  });
  for (const warning of filter?.warnings ?? []) console.warn(warning);
  const render = chooseRenderer(context);
  const isWithin = compileWindow(options);

  await using opened = await openCapture(path, context, {
    filter: (event) => isWithin(event) && (filter?.test(event) ?? true),
    isPrinting: options["count"] !== true,
    tracksHandles: false,
  });
  const { reader, faults } = opened;
  const limit = (options["limit"] as number | undefined) ?? Infinity;
  if (options["count"] === true) {
    let count = 0;
    await reader.forEach((item) => {
      if (item.type === "event") count++;
      return count < limit;
    });
    await console.print(String(count));
  } else {
    await writeOutput(
      console,
      renderLines(chosenEvents(reader, limit), render),
      { path: options["output"] as string | undefined, binary: false },
    );
  }
  const code = faults.finish();
  return options["accept-damage"] === true ? EXIT_CODE.done : code;
}

type Renderer = (event: KcapEvent) => string | undefined;

function chooseRenderer({ options, console }: CommandContext): Renderer {
  if (options["enabled"] === false) return () => undefined;
  if (options["format"] !== "pretty") {
    const jsonOptions = {
      threads: options["serialize-threads"] === true,
      modules: options["serialize-modules"] === true,
      handles: options["serialize-handles"] === true,
      pe: options["serialize-pe"] === true,
      envs: options["serialize-envs"] === true,
      bigint: options["json-bigint"] as "number" | "string",
    };
    return (event) => renderEventJson(event, jsonOptions);
  }
  const toFile = options["output"] !== undefined && options["output"] !== "-";
  try {
    return compileTemplate(options["template"] as string, {
      kvDelimiter: options["kv-delimiter"] as string,
      colour: options["colorize"] === true && !toFile && console.colour &&
        console.env("TERM") !== "dumb",
    });
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

async function* chosenEvents(
  reader: KcapReader,
  limit: number,
): AsyncGenerator<KcapEvent, void, undefined> {
  let count = 0;
  for await (const item of reader.read()) {
    if (item.type !== "event") continue;
    yield item;
    if (++count >= limit) return;
  }
}

async function* renderLines(
  events: AsyncIterable<KcapEvent>,
  render: Renderer,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  let text = "";
  for await (const event of events) {
    // At once: the state behind the event changes with the next one.
    const line = render(event);
    if (line === undefined) continue;
    text += line + "\n";
    if (text.length < PIECE_LENGTH) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

/** Compiles `--since` and `--until`; offsets count from the first event. */
function compileWindow(options: OptionValues): (event: KcapEvent) => boolean {
  const since = parseMoment(options, "since");
  const until = parseMoment(options, "until");
  let first: bigint | undefined;
  return ({ timeNs }) => {
    first ??= timeNs;
    return (since === undefined || timeNs >= momentNs(since, first)) &&
      (until === undefined || timeNs < momentNs(until, first));
  };
}

interface Moment {
  readonly ns: bigint;
  readonly isOffset: boolean;
}

function momentNs({ ns, isOffset }: Moment, first: bigint): bigint {
  return isOffset ? first + ns : ns;
}

function parseMoment(options: OptionValues, name: string): Moment | undefined {
  const text = options[name] as string | undefined;
  if (text === undefined) return undefined;
  try {
    return /^\d{4}-/.test(text)
      ? { ns: parseUnixNs(text), isOffset: false }
      : { ns: BigInt(parseDurationNs(text)), isOffset: true };
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`Option --${name}: ${error.message}`);
    }
    throw error;
  }
}

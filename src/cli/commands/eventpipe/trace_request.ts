import {
  parseClrEvents,
  parseLevel,
  parseProviders,
} from "../../../eventpipe/ipc/provider_text.ts";
import { planTrace } from "../../../eventpipe/ipc/trace_plan.ts";
import type { TracePlan } from "../../../eventpipe/ipc/trace_plan.ts";
import type { CollectTracingConfig } from "../../../eventpipe/ipc/types.ts";
import type { StoppingEvent } from "../../../eventpipe/event_stop.ts";
import type { OptionValues } from "../../../formats/option_spec.ts";
import { UsageError } from "../../usage_error.ts";

/** What is traced, as the options say. */
export interface TraceRequest {
  readonly plan: TracePlan;
  readonly config: CollectTracingConfig;
}

/**
 * Reads the options that choose what is traced.
 *
 * @param options Values of the options.
 * @returns Plan and configuration.
 * @throws {UsageError} When an option is wrong.
 */
export async function readTraceRequest(
  options: OptionValues,
): Promise<TraceRequest> {
  const texts = await Promise.all(
    list(options, "providers").map(async (text) =>
      text.startsWith("@") ? await readProviderFile(text.slice(1)) : text
    ),
  );
  const rundown = options["rundown"];
  try {
    const level = parseLevel(options["clreventlevel"] as string ?? "");
    const clrEvents = options["clrevents"] as string | undefined;
    const plan = planTrace({
      providers: texts.flatMap(parseProviders),
      profiles: list(options, "profile").flatMap((text) => text.split(",")),
      clrEvents: clrEvents === undefined
        ? undefined
        : parseClrEvents(clrEvents, level),
      rundown: rundown === undefined ? undefined : rundown === "true",
    });
    const mode = String(options["buffering-mode"]).toLowerCase();
    return {
      plan,
      config: {
        providers: plan.providers,
        rundownKeyword: plan.rundownKeyword,
        bufferSizeMb: options["buffersize"] as number,
        stackwalk: options["stacks"] !== false,
        bufferingMode: mode === "block" || mode === "1" ? "block" : "drop",
      },
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/**
 * Reads the options that tell at which event a trace ends.
 *
 * @param options Values of the options.
 * @returns The event, `undefined` when there is none.
 * @throws {UsageError} When one of them lacks another.
 */
export function readStoppingEvent(
  options: OptionValues,
): StoppingEvent | undefined {
  const text = (name: string) =>
    options[`stopping-event-${name}`] as string | undefined;
  const provider = text("provider-name");
  const name = text("event-name");
  const filter = text("payload-filter");
  if (name !== undefined && provider === undefined) {
    throw new UsageError(
      "Option --stopping-event-event-name needs --stopping-event-provider-name",
    );
  }
  if (filter !== undefined && name === undefined) {
    throw new UsageError(
      "Option --stopping-event-payload-filter needs --stopping-event-event-name",
    );
  }
  if (provider === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const pair of filter?.split(",") ?? []) {
    const at = pair.indexOf(":");
    if (at <= 0 || fields.has(pair.slice(0, at))) {
      throw new UsageError(
        `Cannot read "${pair}" of --stopping-event-payload-filter: expected each field once, as FIELD:VALUE`,
      );
    }
    fields.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return { provider, name, fields };
}

function list(options: OptionValues, name: string): readonly string[] {
  return (options[name] as readonly string[] | undefined) ?? [];
}

async function readProviderFile(path: string): Promise<string> {
  const text = await Deno.readTextFile(path);
  return text.split(/[\r\n]+/).map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#")).join(",");
}

import { nearestWord } from "../base/nearest.ts";
import { TARGETS } from "./target_table.ts";
import type {
  Format,
  FormatEntry,
  TargetEntry,
  TargetWriter,
} from "./types.ts";
import type { ByteStream, WriteRequest } from "./types.ts";
import { mergeProfiles } from "../profile/merge_profiles.ts";
import { mergeTimelines } from "../timeline/merge_timelines.ts";
import { selectEvents } from "../timeline/select_events.ts";
import { noteEmptyProfile } from "./note_empty_profile.ts";
import type { Selection } from "./selection.ts";
import type { OpenedInput } from "./opened_input.ts";
import type { OptionValues } from "./option_spec.ts";

/** How a conversion is done. */
export interface ConversionRequest extends WriteRequest {
  /** Target to write. */
  readonly target: TargetEntry;
  /** Options of the source formats and of the target. */
  readonly options: OptionValues;
  /** Which part of the inputs is wanted. */
  readonly selection?: Selection | undefined;
}

/**
 * @param name Name of a target.
 * @returns Its line of the target table.
 * @throws {RangeError} When there is no such target.
 */
export function findTarget(name: string): TargetEntry {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  const names = TARGETS.map((candidate) => candidate.name);
  const near = nearestWord(name, names);
  throw new RangeError(
    `Cannot convert to "${name}": ${
      near === undefined
        ? `targets are ${names.join(", ")}`
        : `did you mean ${near}?`
    }`,
  );
}

/**
 * Guesses the target from the name of the output file.
 *
 * @param path The output file.
 * @returns The target whose ending is the longest that fits, if any.
 */
export function guessTarget(path: string): TargetEntry | undefined {
  const lower = path.toLowerCase();
  let best: { target: TargetEntry; length: number } | undefined;
  for (const target of TARGETS) {
    for (const extension of target.extensions) {
      if (lower.endsWith(extension) && extension.length > (best?.length ?? 0)) {
        best = { target, length: extension.length };
      }
    }
  }
  return best?.target;
}

/**
 * Says what a format can be converted to.
 *
 * @param entry Line of the format table.
 * @param format The format itself.
 * @returns Names of targets in the order of the table.
 */
export async function targetsOf(
  entry: FormatEntry,
  format: Format,
): Promise<string[]> {
  const names: string[] = [];
  for (const target of TARGETS) {
    if (entry.converters.includes(target.name)) names.push(target.name);
    else if (target.load !== undefined) {
      const writer = await target.load();
      if (wayTo(writer, format) !== undefined) names.push(target.name);
    }
  }
  return names;
}

/**
 * Converts inputs of one or several formats to one output. Several inputs are
 * merged: events by time, profiles into one.
 *
 * @param inputs At least one.
 * @param request Target, options and where to count what is left out.
 * @returns The bytes, made as they are read.
 * @throws {RangeError} When an input cannot be converted to the target.
 */
export async function convertInputs(
  inputs: readonly OpenedInput[],
  request: ConversionRequest,
): Promise<ByteStream> {
  const { target } = request;
  const [first] = inputs;
  if (first === undefined) {
    throw new RangeError("Cannot convert: no input is given");
  }
  const isOneFormat = inputs.every(({ entry }) => entry === first.entry);
  const own = first.format.converters?.[target.name];
  if (isOneFormat && own !== undefined) {
    return own.convert({
      ...request,
      inputs: inputs.map(({ input }) => input),
    });
  }

  const writer = await target.load?.();
  const ways = await Promise.all(inputs.map(async (opened) => {
    const way = writer === undefined ? undefined : wayTo(writer, opened.format);
    if (way !== undefined) return way;
    const names = await targetsOf(opened.entry, opened.format);
    throw new RangeError(
      `Cannot convert ${opened.input.name} to ${target.name}: ${opened.entry.title} converts to ${
        names.join(", ") || "nothing"
      }`,
    );
  }));
  const { selection } = request;
  if (ways.every((way) => way === "profile")) {
    const timed = writer!.timed === true || selection?.needsTimes === true;
    const profiles = [];
    for (const { input, entry, format } of inputs) {
      const options = optionsOfSource(entry, request);
      const profile = await format.profile!(input, options, { timed });
      profiles.push(selection?.profile?.(profile) ?? profile);
    }
    const profile = profiles.length === 1
      ? profiles[0]!
      : mergeProfiles(profiles);
    noteEmptyProfile(profile, request.stats);
    return writer!.writeProfile!(profile, request);
  }
  if (
    writer?.writeEvents === undefined ||
    inputs.some(({ format }) => format.events === undefined)
  ) {
    throw new RangeError(
      `Cannot merge ${
        inputs.map(({ input }) => input.name).join(", ")
      } into ${target.name}: they have no kind of record in common`,
    );
  }
  const timelines = inputs.map(({ input, entry, format }) => {
    const events = format.events!(input, optionsOfSource(entry, request));
    return selection?.events === undefined
      ? events
      : selectEvents(events, selection.events);
  });
  return writer.writeEvents(
    timelines.length === 1 ? timelines[0]! : mergeTimelines(timelines),
    request,
  );
}

/** Without what only the target is told: a name may mean something else to the source. */
function optionsOfSource(
  entry: FormatEntry,
  { target, options }: ConversionRequest,
): OptionValues {
  const own = new Set(
    entry.options.filter(({ verbs }) => verbs.includes("convert"))
      .map(({ name }) => name),
  );
  const ofTarget = new Set(target.options.map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(options).filter(([name]) =>
      !ofTarget.has(name) || own.has(name)
    ),
  );
}

function wayTo(
  writer: TargetWriter,
  format: Format,
): "profile" | "events" | undefined {
  if (writer.writeProfile !== undefined && format.profile !== undefined) {
    return "profile";
  }
  if (writer.writeEvents !== undefined && format.events !== undefined) {
    return "events";
  }
  return undefined;
}

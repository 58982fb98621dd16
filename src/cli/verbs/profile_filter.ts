import { parseUnixNs } from "../../base/time.ts";
import { parseDurationNs } from "../../base/duration.ts";
import type { OptionSpec, OptionValues } from "../../formats/option_spec.ts";
import type { Selection } from "../../formats/selection.ts";
import { filterProfile } from "../../profile/filter_profile.ts";
import { type ProfileRoot, rootProfile } from "../../profile/root_profile.ts";
import type { Profile } from "../../profile/types.ts";
import { UsageError } from "../usage_error.ts";
import {
  compileEventFilter,
  EVENT_FILTER_OPTIONS,
  parseIds,
} from "./event_filter.ts";

/** What stands below the stacks. */
export const ROOT_OPTION: OptionSpec = {
  name: "root",
  type: "list",
  choices: ["process", "thread"],
  valueName: "WHO",
  help: "put the name of the process or thread below each stack",
};

/** Options that choose samples of a profile by their functions, and how stacks look. */
export const FUNCTION_FILTER_OPTIONS: readonly OptionSpec[] = [
  {
    name: "focus",
    type: "list",
    valueName: "PATTERN",
    help:
      "only samples with a function whose name matches; * stands for any text",
  },
  {
    name: "ignore",
    type: "list",
    valueName: "PATTERN",
    help: "no samples with a function whose name matches",
  },
  {
    name: "hide",
    type: "list",
    valueName: "PATTERN",
    help: "take functions whose name matches out of the stacks",
  },
  ROOT_OPTION,
];

/** Options that choose samples of a profile. */
export const PROFILE_FILTER_OPTIONS: readonly OptionSpec[] = [
  ...EVENT_FILTER_OPTIONS.filter(({ name }) =>
    ["pid", "tid", "since", "until"].includes(name)
  ),
  ...FUNCTION_FILTER_OPTIONS,
];

/**
 * Compiles {@linkcode PROFILE_FILTER_OPTIONS}, and the filters of records for
 * verbs that take them.
 *
 * @param options Values of the options.
 * @returns The selection.
 * @throws {UsageError} When a value is malformed.
 */
export function compileSelection(options: OptionValues): Selection {
  const focus = patterns(options["focus"]);
  const ignore = patterns(options["ignore"]);
  const hide = patterns(options["hide"]);
  const pids = parseIds(options["pid"], "pid");
  const tids = parseIds(options["tid"], "tid");
  const since = parseBound(options["since"], "since");
  const until = parseBound(options["until"], "until");
  const events = compileEventFilter(options);
  const roots = options["root"] as readonly ProfileRoot[] | undefined;
  const conditions = [focus, ignore, hide, pids, tids, since, until, roots];
  if (conditions.every((condition) => condition === undefined)) {
    return { events };
  }
  return {
    events,
    needsTimes: since !== undefined || until !== undefined,
    profile: (profile) => {
      const kept = filterProfile(profile, {
        focus,
        ignore,
        hide,
        fromNs: since?.(profile),
        toNs: until?.(profile),
        thread: pids === undefined && tids === undefined
          ? undefined
          : (thread) =>
            (pids === undefined ||
              (thread?.pid !== undefined && pids.has(thread.pid))) &&
            (tids === undefined ||
              (thread?.tid !== undefined && tids.has(thread.tid))),
      });
      return roots === undefined ? kept : rootProfile(kept, roots);
    },
  };
}

function patterns(value: OptionValues[string]): RegExp | undefined {
  if (value === undefined) return undefined;
  const alternatives = (value as readonly string[]).map((pattern) =>
    pattern.split("*").map((part) => RegExp.escape(part)).join(".*")
  );
  return new RegExp(`^(?:${alternatives.join("|")})$`, "is");
}

/** Reads a moment; what it is in ns since the start depends on the profile. */
function parseBound(
  value: OptionValues[string],
  name: string,
): ((profile: Profile) => number) | undefined {
  if (value === undefined) return undefined;
  const text = value as string;
  try {
    if (!/^\d{4}-/.test(text)) {
      const ns = parseDurationNs(text.replace(/^\+/, ""));
      return () => ns;
    }
    const moment = parseUnixNs(text);
    return ({ startTime }) => {
      if (startTime === undefined) {
        throw new UsageError(
          `Cannot use --${name} ${text}: the profile has no wall time`,
          "give an offset from its start such as 1.5s",
        );
      }
      return Number(moment - startTime);
    };
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UsageError(`Option --${name}: ${error.message}`);
    }
    throw error;
  }
}

import { nearestWord } from "../../base/nearest.ts";
import { parseGuid } from "../../codec/guid.ts";
import { DEFAULT_RUNDOWN_KEYWORD } from "./request_encoder.ts";
import type { ParsedProvider } from "./provider_text.ts";
import {
  DEFAULT_TRACE_PROFILES,
  TRACE_PROFILES,
} from "./trace_profile_table.ts";
import type { RundownRetry, TraceProfile } from "./trace_profile_table.ts";

/** What a trace is asked for with. */
export interface TracePlanRequest {
  /** Providers that are named. */
  readonly providers?: readonly ParsedProvider[] | undefined;
  /** Names of presets. */
  readonly profiles?: readonly string[] | undefined;
  /** The runtime's provider with chosen keywords. */
  readonly clrEvents?: ParsedProvider | undefined;
  /** Whether there is a rundown; what the presets need when not given. */
  readonly rundown?: boolean | undefined;
}

/** Who asked for a provider. */
export type ProviderOrigin = "--providers" | "--profile" | "--clrevents";

/** What a trace is started with. */
export interface TracePlan {
  readonly providers: readonly (ParsedProvider & {
    readonly origin: ProviderOrigin;
  })[];
  readonly rundownKeyword: bigint;
  /** What to try when the runtime does not know the command. */
  readonly retry: RundownRetry;
  /** Remarks for people. */
  readonly notes: readonly string[];
}

const RETRY_ORDER: readonly RundownRetry[] = [
  "none",
  "keepRundown",
  "dropRundown",
];

/**
 * Decides which providers and which rundown a trace has, as dotnet-trace does:
 * providers that are named win over presets, earlier presets over later ones.
 *
 * @param request What was asked for.
 * @returns The plan.
 * @throws {RangeError} When a preset is unknown, or a provider is named twice with arguments.
 */
export function planTrace(request: TracePlanRequest): TracePlan {
  const notes: string[] = [];
  const named = request.providers ?? [];
  const hasNothing = named.length === 0 &&
    (request.profiles ?? []).length === 0 && request.clrEvents === undefined;
  if (hasNothing) {
    notes.push(
      `no profile or providers specified, using profiles ${
        DEFAULT_TRACE_PROFILES.join(" and ")
      }`,
    );
  }
  const profiles =
    (hasNothing ? DEFAULT_TRACE_PROFILES : request.profiles ?? [])
      .map(findTraceProfile);
  for (const { name } of named) {
    if (!isGuid(name)) continue;
    notes.push(
      `provider ${name} looks like a GUID: runtimes know providers by their names only`,
    );
  }
  const providers = new Map<
    string,
    ParsedProvider & { readonly origin: ProviderOrigin }
  >();
  for (const each of named) {
    const key = each.name.toLowerCase();
    const before = providers.get(key);
    providers.set(key, {
      ...(before === undefined ? each : unite(before, each)),
      origin: "--providers",
    });
  }
  for (const each of profiles.flatMap((profile) => profile.providers)) {
    const key = each.name.toLowerCase();
    if (!providers.has(key)) {
      providers.set(key, { ...each, origin: "--profile" });
    }
  }
  if (request.clrEvents !== undefined) {
    const key = request.clrEvents.name.toLowerCase();
    if (providers.has(key)) {
      notes.push(
        `--clrevents is left out: ${request.clrEvents.name} is chosen by ${
          providers.get(key)!.origin
        } already`,
      );
    } else {
      providers.set(key, { ...request.clrEvents, origin: "--clrevents" });
    }
  }
  if (providers.size === 0) {
    throw new RangeError(
      "Cannot start a trace: no providers were specified to start it",
    );
  }
  return {
    providers: [...providers.values()],
    ...planRundown(profiles, request.rundown),
    notes,
  };
}

/**
 * Finds a preset.
 *
 * @param name Its name in any case.
 * @returns The preset.
 * @throws {RangeError} When there is none of this name.
 */
export function findTraceProfile(name: string): TraceProfile {
  const wanted = name.trim().toLowerCase();
  const found = TRACE_PROFILES.find((profile) => profile.name === wanted);
  if (found !== undefined) return found;
  const names = TRACE_PROFILES.map((profile) => profile.name);
  if (wanted === "cpu-sampling") {
    throw new RangeError(
      `Cannot use profile cpu-sampling: it does not apply to streams of events, its successors are ${
        DEFAULT_TRACE_PROFILES.join(" and ")
      }`,
    );
  }
  const near = nearestWord(wanted, names);
  throw new RangeError(
    `Cannot use profile "${name}": known are ${names.join(", ")}${
      near === undefined ? "" : `; the nearest is ${near}`
    }`,
  );
}

function isGuid(text: string): boolean {
  try {
    parseGuid(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function unite(a: ParsedProvider, b: ParsedProvider): ParsedProvider {
  if (a.arguments !== "" && b.arguments !== "") {
    throw new RangeError(
      `Cannot start a trace: provider "${a.name}" is declared multiple times with filter arguments`,
    );
  }
  return {
    name: a.name,
    keywords: a.keywords | b.keywords,
    level: a.level === 0 || b.level === 0 ? 0 : Math.max(a.level, b.level),
    arguments: a.arguments || b.arguments,
  };
}

function planRundown(
  profiles: readonly TraceProfile[],
  rundown: boolean | undefined,
): Pick<TracePlan, "rundownKeyword" | "retry"> {
  if (rundown === false) return { rundownKeyword: 0n, retry: "none" };
  // A preset without a wish of its own adds nothing to the wishes of others.
  let keyword = 0n;
  for (const each of profiles) keyword |= each.rundownKeyword ?? 0n;
  if (rundown === true) {
    const united = keyword | DEFAULT_RUNDOWN_KEYWORD;
    return {
      rundownKeyword: united,
      retry: united === DEFAULT_RUNDOWN_KEYWORD ? "none" : "keepRundown",
    };
  }
  const retry = profiles.map((each) =>
    RETRY_ORDER.indexOf(each.retry ?? "none")
  )
    .reduce((a, b) => Math.max(a, b), 0);
  const usesDefault = keyword === 0n ||
    profiles.some((each) => each.rundownKeyword === undefined);
  return {
    rundownKeyword: usesDefault && keyword !== 0n
      ? keyword | DEFAULT_RUNDOWN_KEYWORD
      : keyword || DEFAULT_RUNDOWN_KEYWORD,
    retry: RETRY_ORDER[retry]!,
  };
}

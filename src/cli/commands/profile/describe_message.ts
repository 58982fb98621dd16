import type {
  OtlpAnyValue,
  OtlpProfiles,
  OtlpResourceProfiles,
} from "../../../profile/otlp_types.ts";

/** What one resource of a message holds. */
export interface ResourceSummary {
  /** Attributes of the resource that are texts or numbers. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly profiles: readonly ProfileSummary[];
}

/** What one profile holds. */
export interface ProfileSummary {
  readonly type: string;
  readonly unit: string;
  /** Samples of different stack, attributes or link. */
  readonly samples: number;
  /** Sum of their values in `unit`; a moment without value counts 1. */
  readonly total: number;
  /** In ns since 1970. */
  readonly start: bigint;
  readonly durationNs: bigint;
}

/**
 * Tells what is in a message.
 *
 * @param message The message.
 * @returns Its resources.
 */
export function describeMessage(message: OtlpProfiles): ResourceSummary[] {
  const { stringTable } = message.dictionary;
  const text = (index: number | undefined) => stringTable[index ?? 0] ?? "";
  return message.resourceProfiles.map((resource) => ({
    attributes: attributesOf(resource, text),
    profiles: resource.scopeProfiles.flatMap(({ profiles }) =>
      profiles.map((profile) => {
        let total = 0;
        for (const { values, timestampsUnixNano } of profile.samples) {
          if (values.length === 0) total += timestampsUnixNano.length;
          for (const value of values) total += Number(value);
        }
        return {
          type: text(profile.sampleType?.typeStrindex),
          unit: text(profile.sampleType?.unitStrindex),
          samples: profile.samples.length,
          total,
          start: profile.timeUnixNano,
          durationNs: profile.durationNano,
        };
      })
    ),
  }));
}

function attributesOf(
  { attributes }: OtlpResourceProfiles,
  text: (index: number) => string,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { key, keyStrindex, value } of attributes) {
    const shown = value === undefined ? undefined : textOf(value, text);
    if (shown !== undefined) result[key || text(keyStrindex)] = shown;
  }
  return result;
}

function textOf(
  value: OtlpAnyValue,
  text: (index: number) => string,
): string | undefined {
  switch (value.type) {
    case "string":
      return value.value;
    case "int":
    case "double":
    case "bool":
      return String(value.value);
    case "strindex":
      return text(value.value);
    default:
      return undefined;
  }
}

import { FORMATS } from "../../formats/format_table.ts";
import type { OptionSpec, OptionValues } from "../../formats/option_spec.ts";
import { TARGETS } from "../../formats/target_table.ts";
import type { FormatEntry, TargetEntry, Verb } from "../../formats/types.ts";
import { UsageError } from "../usage_error.ts";

/**
 * Gathers the options that a verb takes for any of the formats. Formats that
 * share an option declare it alike.
 *
 * @param verb The verb.
 * @returns Options in the order of the format table, each once.
 */
export function formatOptions(verb: Verb): readonly OptionSpec[] {
  const options = new Map<string, OptionSpec>();
  for (const entry of FORMATS) {
    for (const option of optionsOf(entry, verb)) {
      options.set(option.name, option);
    }
  }
  if (verb === "convert") {
    for (const target of TARGETS) {
      for (const option of target.options) options.set(option.name, option);
    }
  }
  return [...options.values()];
}

/**
 * Refuses options that none of the formats at hand takes, so that a filter is
 * never ignored silently.
 *
 * @param values What was typed.
 * @param verb The verb.
 * @param entries Formats of the inputs.
 * @param target Target of the conversion.
 * @throws {UsageError} When an option belongs to another format.
 */
export function checkFormatOptions(
  values: OptionValues,
  verb: Verb,
  entries: readonly FormatEntry[],
  target?: TargetEntry,
): void {
  const allowed = new Set<string>();
  for (const entry of entries) {
    for (const { name } of optionsOf(entry, verb)) allowed.add(name);
  }
  for (const { name } of target?.options ?? []) allowed.add(name);
  for (const option of formatOptions(verb)) {
    const value = values[option.name];
    if (
      value === undefined || value === option.default ||
      allowed.has(option.name)
    ) continue;
    const owners = [
      ...FORMATS.filter((entry) =>
        optionsOf(entry, verb).some(({ name }) => name === option.name)
      ),
      ...TARGETS.filter((entry) =>
        entry.options.some(({ name }) => name === option.name)
      ),
    ].map(({ name }) => name);
    throw new UsageError(
      `Option --${option.name} does not apply here: it belongs to ${
        owners.join(", ")
      }`,
    );
  }
}

function optionsOf(entry: FormatEntry, verb: Verb): readonly OptionSpec[] {
  return entry.options.filter(({ verbs }) => verbs.includes(verb));
}

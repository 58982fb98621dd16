import {
  DEFAULT_TRACE_PROFILES,
  TRACE_PROFILES,
} from "../../../eventpipe/ipc/trace_profile_table.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";

/**
 * Prints the presets of `collect --profile`.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function listTraceProfiles(
  { console, options }: CommandContext,
): Promise<number> {
  const hex = (value: bigint) =>
    `0x${value.toString(16).toUpperCase().padStart(16, "0")}`;
  if (options["json"] === true) {
    const list = TRACE_PROFILES.map(({ name, summary, providers }) => ({
      name,
      summary,
      isDefault: DEFAULT_TRACE_PROFILES.includes(name),
      providers: providers.map((each) => ({
        name: each.name,
        keywords: hex(each.keywords),
        level: each.level,
        arguments: each.arguments,
      })),
    }));
    await console.print(JSON.stringify(list, undefined, 2));
    return EXIT_CODE.done;
  }
  const width = Math.max(...TRACE_PROFILES.map(({ name }) => name.length));
  for (const { name, summary, providers } of TRACE_PROFILES) {
    const isDefault = DEFAULT_TRACE_PROFILES.includes(name);
    await console.print(
      `${name.padEnd(width)}  ${summary}${isDefault ? " (default)" : ""}`,
    );
    for (const { name: provider, keywords, level } of providers) {
      await console.print(
        `${" ".repeat(width)}  ${provider}:${hex(keywords)}:${level}`,
      );
    }
  }
  return EXIT_CODE.done;
}

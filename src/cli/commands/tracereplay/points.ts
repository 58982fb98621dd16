import { compilePattern } from "../../../base/text_pattern.ts";
import { listPoints, renderPoint } from "../../../tracereplay/points.ts";
import type { Architecture } from "../../../tracereplay/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";

const SINKS = ["remote", "null"];

/**
 * Lists trace points.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { options, positionals, console } = context;
  const isWanted = compilePattern(positionals[0] ?? "*");
  const points = listPoints(options["arch"] as Architecture).filter((
    { name },
  ) => isWanted(name));
  if (options["json"] === true) {
    for (const point of points) await console.print(JSON.stringify(point));
    return EXIT_CODE.done;
  }
  await console.print(`POINTS (${points.length})`);
  for (const point of points) {
    const since = options["release"] === true ? `, since: ${point.since}` : "";
    await console.print(`${renderPoint(point)}${since}`);
  }
  await console.print("");
  await console.print(`SINKS (${SINKS.length})`);
  for (const sink of SINKS) await console.print(`Name: ${sink}`);
  return EXIT_CODE.done;
}

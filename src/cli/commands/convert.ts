import { formatBytes } from "../../base/byte_size.ts";
import { DecodeStats } from "../../base/decode_stats.ts";
import {
  convertInputs,
  findTarget,
  guessTarget,
} from "../../formats/plan_conversion.ts";
import type { TargetEntry } from "../../formats/types.ts";
import type { CommandContext } from "../command.ts";
import { reportDamage } from "../report_damage.ts";
import { UsageError } from "../usage_error.ts";
import { checkFormatOptions } from "../verbs/format_options.ts";
import { openFile } from "../verbs/open_file.ts";
import type { OpenedFile } from "../verbs/open_file.ts";
import { compileSelection } from "../verbs/profile_filter.ts";
import { refuseBinaryToTerminal, writeOutput } from "../write_output.ts";

/**
 * Converts files.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { positionals, console, options } = context;
  const output = options["output"] as string | undefined;
  const target = chooseTarget(options["to"] as string | undefined, output);
  const selection = compileSelection(options);
  const isFile = output !== undefined && output !== "-";
  if (!isFile) refuseBinaryToTerminal(console, target.binary);

  const stats = new DecodeStats();
  const inputs: OpenedFile[] = [];
  let size: number;
  {
    await using opened = new AsyncDisposableStack();
    for (const path of positionals) {
      inputs.push(opened.use(await openFile(path, context)));
    }
    checkFormatOptions(
      options,
      "convert",
      inputs.map(({ entry }) => entry),
      target,
    );
    const stream = await convertInputs(inputs, {
      target,
      options,
      selection,
      outputName: isFile ? output.split(/[\\/]/).at(-1) : undefined,
      stats,
      signal: context.signal,
    });
    size = await writeOutput(console, stream, {
      path: output,
      binary: target.binary,
      keepsPartial: options["keep-partial"] === true,
    });
  }
  if (isFile) {
    console.note(`wrote ${output} (${formatBytes(size)}, ${target.title})`);
  }

  const accept = options["accept-damage"] === true;
  const codes = [
    ...inputs.map(({ input }) =>
      reportDamage(console, input.name, input.stats, { accept })
    ),
    reportDamage(console, isFile ? output : "output", stats, { accept }),
  ];
  return Math.max(...codes);
}

function chooseTarget(
  name: string | undefined,
  output: string | undefined,
): TargetEntry {
  if (name !== undefined) return findTarget(name);
  const guessed = output === undefined ? undefined : guessTarget(output);
  if (guessed !== undefined) return guessed;
  throw new UsageError(
    output === undefined
      ? "Cannot convert: neither a target nor an output file is named"
      : `Cannot convert to ${output}: its ending tells no target`,
    "name a target with --to",
  );
}

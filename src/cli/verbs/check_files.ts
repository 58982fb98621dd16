import { toJsonText } from "../../base/json_text.ts";
import type { CommandContext } from "../command.ts";
import { EXIT_CODE } from "../exit_code.ts";

/** What every check of a file tells. */
export interface FileVerdict {
  readonly file: string;
  readonly isOk: boolean;
  /** Why it could not be read at all. */
  readonly error: string | undefined;
}

/** How {@linkcode checkFiles} checks. */
export interface FileCheck<Result extends FileVerdict> {
  /** Checks one file. */
  check(path: string, context: CommandContext): Promise<Result>;
  /** Lines for people. */
  describe(result: Result): Iterable<string>;
}

/**
 * Checks the files of a command line one after the other and prints what was
 * found, with `--json` one line each.
 *
 * @param context Arguments and the outside.
 * @param check How to check and describe.
 * @returns The exit code of the worst: 1 when a file could not be read, 3 when
 * something is wrong in it.
 */
export async function checkFiles<Result extends FileVerdict>(
  context: CommandContext,
  { check, describe }: FileCheck<Result>,
): Promise<number> {
  const { console, options, positionals } = context;
  let exitCode: number = EXIT_CODE.done;
  for (const path of positionals) {
    const result = await check(path, context);
    if (result.error !== undefined) exitCode = EXIT_CODE.failed;
    else if (!result.isOk && exitCode === EXIT_CODE.done) {
      exitCode = EXIT_CODE.damaged;
    }
    if (options["json"] === true) await console.print(toJsonText(result));
    else for (const line of describe(result)) await console.print(line);
  }
  return exitCode;
}

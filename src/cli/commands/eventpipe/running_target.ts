import { isUnknownCommand } from "../../../eventpipe/ipc/diagnostic_error.ts";
import type { CommandContext } from "../../command.ts";
import { listenForEnter } from "../../enter_key.ts";
import type { EnterKey } from "../../enter_key.ts";
import type { Target } from "./target_options.ts";

const NO_KEYS: EnterKey = {
  signal: new AbortController().signal,
  isListening: false,
  async [Symbol.asyncDispose]() {},
};
/** How long the exit code of a program is waited for. */
const EXIT_MS = 1000;

/**
 * Waits for Enter, which ends a recording as Ctrl-C does, unless the keys belong
 * to the program that was started.
 *
 * @param context The running command.
 * @returns The waiting; dispose it.
 */
export function listenForStop(
  { console, options, passthrough }: CommandContext,
): EnterKey {
  const isOfChild = passthrough.length > 0 &&
    options["show-child-io"] === true;
  return isOfChild ? NO_KEYS : listenForEnter(console);
}

/**
 * Says how a recording is ended, to people who are there.
 *
 * @param context The running command.
 * @param enter What {@linkcode listenForStop} gave.
 */
export function sayHowToStop(
  { console }: CommandContext,
  enter: EnterKey,
): void {
  if (enter.isListening) console.note("press Enter or Ctrl-C to stop");
}

/**
 * Lets a runtime go on that waits at its start, unless `--resume-runtime` says
 * otherwise. What does not work is said and no failure: the recording runs.
 *
 * @param context The running command.
 * @param target The process.
 */
export async function resumeTarget(
  { options, console, signal }: CommandContext,
  { client }: Target,
): Promise<void> {
  if (options["resume-runtime"] === "false") return;
  try {
    await client.resumeRuntime({ signal });
  } catch (error) {
    // .NET Core 3.1 cannot be suspended.
    if (isUnknownCommand(error) || signal.aborted) return;
    console.warn(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Says how a program ended that was started and ended by itself, when it failed.
 *
 * @param context The running command.
 * @param target The process.
 */
export async function sayChild(
  { console, signal }: CommandContext,
  { launched, name }: Target,
): Promise<void> {
  if (launched === undefined || signal.aborted) return;
  const pause = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => pause.resolve(undefined), EXIT_MS);
  const status = await Promise.race([launched.status, pause.promise]);
  clearTimeout(timer);
  if (status !== undefined && !status.success) {
    console.warn(`${name} ended with exit code ${status.code}`);
  }
}

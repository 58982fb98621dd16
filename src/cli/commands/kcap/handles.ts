import { toJsonText } from "../../../base/json_text.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { compileWildcard } from "../../../kcap/filter/wildcard.ts";
import type { KcapOpenHandle } from "../../../kcap/types.ts";
import type { OptionValues } from "../../../formats/option_spec.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";
import { openCapture, readUpTo } from "./open_capture.ts";

const PID_WIDTH = 10;
const ID_WIDTH = 10;
const OBJECT_WIDTH = 16;
const KIND_WIDTH = 24;

/**
 * Lists open kernel objects of a capture.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const isWanted = compileChoice(options);
  await using opened = await openCapture(positionals[0]!, context);
  const { reader, faults, name } = opened;
  let handles: Iterable<KcapOpenHandle>;
  if (options["snapshot"] === true) {
    const state = await reader.recoverSnapshotters();
    handles = reader.handles.length > 0
      ? reader.handles
      : state.handles.values();
  } else {
    await readUpTo(reader, options["at"] as string | undefined);
    handles = reader.state.handles.values();
  }
  const isJson = options["json"] === true;
  if (!isJson) {
    await console.print(line("PID", "HANDLE", "OBJECT", "KIND", "NAME"));
  }
  let count = 0;
  for (const handle of handles) {
    if (!isWanted(handle)) continue;
    count++;
    await console.print(
      isJson ? toJsonText(toJson(handle)) : line(
        String(handle.pid),
        handle.id.toString(16),
        handle.object.toString(16),
        show(handle.kind),
        show(handle.name),
      ),
    );
  }
  if (count === 0) console.note(`${name}: no such handle`);
  const code = faults.finish();
  return options["accept-damage"] === true ? EXIT_CODE.done : code;
}

function compileChoice(
  options: OptionValues,
): (handle: KcapOpenHandle) => boolean {
  const pids = options["pid"] as readonly string[] | undefined;
  for (const pid of pids ?? []) {
    if (!/^\d+$/.test(pid)) {
      throw new UsageError(`Cannot use "${pid}" for --pid: expected a number`);
    }
  }
  const pidSet = pids === undefined ? undefined : new Set(pids.map(Number));
  const kinds = patterns(options["kind"]);
  const names = patterns(options["name"]);
  return ({ pid, kind, name }) =>
    (pidSet === undefined || pidSet.has(pid)) &&
    (kinds === undefined || kinds.some((matches) => matches(kind))) &&
    (names === undefined || names.some((matches) => matches(name)));
}

function patterns(
  value: OptionValues[string],
): readonly ((text: string) => boolean)[] | undefined {
  return (value as readonly string[] | undefined)?.map((pattern) =>
    compileWildcard(pattern, { ignoreCase: true })
  );
}

function line(
  pid: string,
  id: string,
  object: string,
  kind: string,
  name: string,
): string {
  return `${pid.padStart(PID_WIDTH)}  ${id.padStart(ID_WIDTH)}  ${
    object.padStart(OBJECT_WIDTH)
  }  ${kind.padEnd(KIND_WIDTH)}  ${name}`.trimEnd();
}

function show(text: string): string {
  return escapeForTerminal(text.toWellFormed());
}

function toJson(handle: KcapOpenHandle): Record<string, unknown> {
  return {
    pid: handle.pid,
    id: handle.id,
    object: handle.object.toString(16),
    kind: handle.kind.toWellFormed(),
    name: handle.name.toWellFormed(),
    meta: handle.meta,
  };
}

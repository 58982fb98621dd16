import { toJsonText } from "../../../base/json_text.ts";
import { escapeForTerminal } from "../../../base/terminal_text.ts";
import { ancestorsOf } from "../../../kcap/ancestors.ts";
import type { KcapProcess } from "../../../kcap/types.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { countOf } from "./count_of.ts";
import { openCapture, readUpTo } from "./open_capture.ts";

/**
 * Shows the processes of a capture.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  await using opened = await openCapture(positionals[0]!, context, {
    tracksHandles: false,
  });
  const { reader, faults, name } = opened;
  await readUpTo(reader, options["at"] as string | undefined);
  const processes = wantedProcesses(
    reader.state.processes,
    options["pid"] as number | undefined,
  );
  if (options["json"] === true) {
    for (const process of processes) {
      await console.print(toJsonText(toJson(process)));
    }
  } else {
    for (const line of treeLines(processes, options["long"] === true)) {
      await console.print(line);
    }
  }
  if (reader.state.processes.size === 0) {
    console.note(
      `${name}: no process is known; the capture has no events that list them`,
    );
  }
  const code = faults.finish();
  return options["accept-damage"] === true ? EXIT_CODE.done : code;
}

/** In order of process id; with a process its ancestors and descendants. */
function wantedProcesses(
  all: ReadonlyMap<number, KcapProcess>,
  pid: number | undefined,
): readonly KcapProcess[] {
  const sorted = [...all.values()].sort((a, b) => a.pid - b.pid);
  if (pid === undefined) return sorted;
  const chosen = all.get(pid);
  if (chosen === undefined) {
    throw new RangeError(
      `Cannot show process ${pid}: the capture does not know it at this point`,
    );
  }
  const above = new Set<KcapProcess>([chosen, ...ancestorsOf(chosen)]);
  return sorted.filter((process) =>
    above.has(process) || ancestorsOf(process).includes(chosen)
  );
}

function* treeLines(
  processes: readonly KcapProcess[],
  isLong: boolean,
): Generator<string, void, undefined> {
  const shown = new Set(processes);
  const children = new Map<KcapProcess | undefined, KcapProcess[]>();
  for (const process of processes) {
    const parent = process.parent !== undefined && shown.has(process.parent)
      ? process.parent
      : undefined;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [process]);
    else siblings.push(process);
  }
  const pidWidth = Math.max(
    0,
    ...processes.map(({ pid }) => String(pid).length),
  );
  // A stack instead of recursion: a damaged capture can nest without end.
  const stack = (children.get(undefined) ?? []).toReversed().map((process) => ({
    process,
    indent: "",
    branch: "",
    below: "",
  }));
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { process, indent, branch, below } = next;
    const pid = String(process.pid).padStart(pidWidth);
    yield `${pid}  ${indent}${branch}${describe(process, isLong)}`;
    const own = children.get(process) ?? [];
    for (const [index, child] of own.toReversed().entries()) {
      const isLast = index === 0;
      stack.push({
        process: child,
        indent: indent + below,
        branch: isLast ? "└─ " : "├─ ",
        below: isLast ? "   " : "│  ",
      });
    }
  }
}

function describe(process: KcapProcess, isLong: boolean): string {
  const name = escapeForTerminal(process.name.toWellFormed()) || "?";
  const command = escapeForTerminal(
    (process.cmdline || process.exe).toWellFormed(),
  );
  if (!isLong) return command === "" ? name : `${name}  ${command}`;
  const user = process.username === ""
    ? process.sid
    : [process.domain, process.username].filter((part) => part !== "").join(
      "\\",
    );
  const facts = [
    user === "" ? "" : escapeForTerminal(user.toWellFormed()),
    `session ${process.sessionId}`,
    process.startTime === undefined ? "" : `since ${process.startTime}`,
    countOf(process.threads.size, "thread"),
    countOf(process.modules.size, "module"),
    process.integrityLevel,
    process.isWow64 ? "WOW64" : "",
    process.isPackaged ? "packaged" : "",
    process.isProtected ? "protected" : "",
  ].filter((fact) => fact !== "");
  return `${name}  [${facts.join(", ")}]  ${command}`.trimEnd();
}

function toJson(process: KcapProcess): Record<string, unknown> {
  return {
    pid: process.pid,
    ppid: process.ppid,
    parent: process.parent?.pid,
    name: process.name.toWellFormed(),
    cmdline: process.cmdline.toWellFormed(),
    exe: process.exe.toWellFormed(),
    cwd: process.cwd.toWellFormed(),
    sid: process.sid,
    username: process.username,
    domain: process.domain,
    sessionId: process.sessionId,
    startTime: process.startTime,
    uuid: process.uuid,
    integrityLevel: process.integrityLevel,
    isWow64: process.isWow64,
    isPackaged: process.isPackaged,
    isProtected: process.isProtected,
    threads: process.threads.size,
    modules: process.modules.size,
    mappings: process.mappings.size,
    handles: process.handles.length,
    ancestors: ancestorsOf(process).map(({ pid }) => pid),
  };
}

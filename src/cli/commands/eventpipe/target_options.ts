import { DiagnosticClient } from "../../../eventpipe/ipc/diagnostic_client.ts";
import { parseEndpoint } from "../../../eventpipe/ipc/endpoint_text.ts";
import { launchTarget } from "../../../eventpipe/ipc/launched_target.ts";
import type { LaunchedTarget } from "../../../eventpipe/ipc/launched_target.ts";
import { publishedProcesses } from "../../../eventpipe/ipc/published_processes.ts";
import type { PublishedProcess } from "../../../eventpipe/ipc/published_processes.ts";
import { resumeOthers } from "../../../eventpipe/ipc/resume_others.ts";
import { ReversedServer } from "../../../eventpipe/ipc/reversed_server.ts";
import type { OptionSpec } from "../../../formats/option_spec.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";

/** Options that choose a process. */
export const TARGET_OPTIONS: readonly OptionSpec[] = [
  {
    name: "process-id",
    aliases: ["pid"],
    short: "p",
    type: "number",
    min: 1,
    valueName: "PID",
    help: "the process",
    conflicts: ["name", "diagnostic-port"],
  },
  {
    name: "name",
    short: "n",
    type: "string",
    valueName: "NAME",
    help: "the process by the name of its program or of its assembly",
    conflicts: ["diagnostic-port"],
  },
  {
    name: "diagnostic-port",
    aliases: ["dport"],
    type: "string",
    valueName: "ADDRESS[,connect]",
    help:
      "wait there for a runtime that dials (DOTNET_DiagnosticPorts), or connect to one",
  },
];

/** Options of commands that can start a program or meet one that waits at its start. */
export const START_OPTIONS: readonly OptionSpec[] = [
  {
    name: "resume-runtime",
    type: "string",
    choices: ["true", "false"],
    default: "true",
    help: "let a runtime go on that waits at its start",
  },
  {
    name: "show-child-io",
    type: "boolean",
    help: "let the program that is started use this terminal",
  },
];

/** The process that a command is about. */
export interface Target extends AsyncDisposable {
  /** Talks to its runtime. */
  readonly client: DiagnosticClient;
  /** Name for files and messages. */
  readonly name: string;
  /** Process id, where known. */
  readonly pid: number | undefined;
  /** The program that was started, where one was. */
  readonly launched: LaunchedTarget | undefined;
}

/**
 * Finds the process that the options choose, waits for it, or starts it.
 *
 * @param context The running command.
 * @returns The target; dispose it.
 * @throws {UsageError} When none or several are chosen.
 */
export async function openTarget(context: CommandContext): Promise<Target> {
  const { options, passthrough, signal, console } = context;
  const pid = options["process-id"] as number | undefined;
  const name = options["name"] as string | undefined;
  const port = options["diagnostic-port"] as string | undefined;
  const isChosen = pid !== undefined || name !== undefined ||
    port !== undefined;
  if (passthrough.length > 0) {
    if (isChosen) {
      throw new UsageError(
        "Cannot start a program and attach to a process at once",
      );
    }
    return await launch(context);
  }
  if (pid !== undefined) return processTarget(pid, undefined);
  if (name !== undefined) {
    const found = findByName(name);
    return processTarget(found.pid, found);
  }
  if (port === undefined) {
    throw new UsageError(
      "Cannot tell which process is meant: specify --process-id, --name or --diagnostic-port",
      `run "tracedeck eventpipe ps" for a list`,
    );
  }
  const { address, mode } = readEndpoint(port);
  const base = port.split(",")[0]!.split(/[\\/:]/).at(-1)!;
  if (mode === "connect") {
    return {
      client: DiagnosticClient.forPort(port),
      name: base,
      pid: undefined,
      launched: undefined,
      async [Symbol.asyncDispose]() {},
    };
  }
  const server = await ReversedServer.listen(address);
  try {
    console.note(`waiting for a runtime at ${port.split(",")[0]}`);
    const runtime = await server.accept(signal);
    if (runtime === undefined) throw new Error("Cannot wait: server is closed");
    const closing = new AbortController();
    const others = options["resume-runtime"] !== "true"
      ? undefined
      : resumeOthers(server, {
        signal: closing.signal,
        onRuntime: ({ processId }) =>
          console.note(
            `process ${processId} dials too: it is let go on and left out`,
          ),
      });
    return {
      client: runtime.client,
      name: base,
      pid: Number(runtime.processId),
      launched: undefined,
      async [Symbol.asyncDispose]() {
        closing.abort();
        await server.close();
        await others;
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function launch(context: CommandContext): Promise<Target> {
  const { options, passthrough, signal } = context;
  const [program = ""] = passthrough;
  const launched = await launchTarget(passthrough, {
    showOutput: options["show-child-io"] === true,
    signal,
  });
  return {
    client: launched.client,
    name: program.split(/[\\/]/).at(-1)!,
    pid: launched.pid,
    launched,
    [Symbol.asyncDispose]: () => launched[Symbol.asyncDispose](),
  };
}

function readEndpoint(text: string): ReturnType<typeof parseEndpoint> {
  try {
    return parseEndpoint(text, { windows: Deno.build.os === "windows" });
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message);
    throw error;
  }
}

function processTarget(
  pid: number,
  found: PublishedProcess | undefined,
): Target {
  const known = found ??
    publishedProcesses().processes.find((each) => each.pid === pid);
  return {
    client: DiagnosticClient.forPid(pid),
    name: known === undefined ? `Process${pid}` : programName(known),
    pid,
    launched: undefined,
    async [Symbol.asyncDispose]() {},
  };
}

function findByName(name: string): PublishedProcess {
  const found = publishedProcesses().processes.filter((each) =>
    programName(each) === name || assemblyName(each) === name
  );
  const [first] = found;
  if (first === undefined) {
    throw new Error(
      `Cannot find a .NET process with the name ${name}: there is none that can be attached to`,
    );
  }
  if (found.length > 1) {
    throw new Error(
      `Cannot choose a process by the name ${name}: ${
        found.map(({ pid }) => pid).join(", ")
      } have it; use --process-id`,
    );
  }
  return first;
}

/**
 * @param process A process.
 * @returns Name of its program, `?` when unknown.
 */
export function programName({ executable }: PublishedProcess): string {
  return executable?.split("/").at(-1) ?? "?";
}

/** Name of the assembly that `dotnet` runs. */
function assemblyName({ args }: PublishedProcess): string | undefined {
  return args?.find((each) => each.endsWith(".dll"))?.split("/").at(-1)
    ?.slice(0, -".dll".length);
}

const PIPE_REGEXP = /^dotnet-diagnostic-(dsrouter-)?(\d+)$/;
const PIPE_FOLDER = "\\\\.\\pipe\\";

/** A named pipe at which a process waits for diagnostic tools. */
export interface PipePort {
  /** The process. */
  readonly pid: number;
  /** Name of the pipe, without the folder of pipes. */
  readonly name: string;
  /** Whether it is a router's. */
  readonly isRouter: boolean;
}

/**
 * Lists the names of all pipes of this machine.
 *
 * @returns The names.
 * @throws {Error} When they cannot be listed, as everywhere but on Windows.
 */
export function listPipeNames(): string[] {
  return Array.from(Deno.readDirSync(PIPE_FOLDER), ({ name }) => name);
}

/**
 * Finds the diagnostic ports among names of pipes.
 *
 * @param names The names.
 * @returns The ports, one for each process; a router's counts before its own.
 */
export function pipePorts(names: Iterable<string>): PipePort[] {
  const ports = new Map<number, PipePort>();
  for (const name of names) {
    const match = PIPE_REGEXP.exec(name);
    if (match === null) continue;
    const port = {
      pid: Number(match[2]),
      name,
      isRouter: match[1] !== undefined,
    };
    if (port.isRouter || !ports.has(port.pid)) ports.set(port.pid, port);
  }
  return [...ports.values()].sort((a, b) => a.pid - b.pid);
}

/**
 * Tells the pipe of a process.
 *
 * @param pid The process.
 * @param names Names of pipes.
 * @returns Name of its router's pipe if there is one, else of its own, whether there or not.
 */
export function pipeNameOf(pid: number, names: Iterable<string>): string {
  return pipePorts(names).find((port) => port.pid === pid)?.name ??
    `dotnet-diagnostic-${pid}`;
}

/**
 * @param name Name of a pipe.
 * @returns Its path.
 */
export function pipePath(name: string): string {
  return `${PIPE_FOLDER}${name}`;
}

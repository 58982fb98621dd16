import { readProcFile } from "../../platform/proc_file.ts";
import { runTool } from "../../platform/run_tool.ts";
import type { RunToolOptions, ToolRun } from "../../platform/run_tool.ts";
import type { DumpEntry } from "../dump_entry.ts";

/** Most of a copied file. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Most of what a program says. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const TOOL_TIMEOUT_MS = 10_000;
const ALL_TOOLS_MS = 60_000;
/** Programs that run at the same time. */
const MAX_RUNNING = 4;

/** How a {@linkcode CollectKit} works. */
export interface CollectKitOptions {
  /** Ends the work. */
  readonly signal: AbortSignal;
  /** Put in front of all names, for example `linux/netns/blue/`. @default {"linux/"} */
  readonly folder?: string | undefined;
  /** Does something within another namespace. */
  readonly within?: (<T>(run: () => T) => T) | undefined;
  /** Time for one program. @default {10000} */
  readonly toolTimeoutMs?: number | undefined;
  /** Time for all programs together. @default {60000} */
  readonly allToolsMs?: number | undefined;
}

/** How {@linkcode CollectKit.tool} takes the output of a program. */
export interface ToolOptions extends
  Pick<
    RunToolOptions,
    "timeoutMs" | "maxBytes" | "mixed"
  > {
  /** Whether output of a program that fails is taken too. @default {false} */
  readonly acceptFailure?: boolean | undefined;
}

/** What collectors have in common: programs, files and texts become entries. */
export class CollectKit {
  readonly #options: CollectKitOptions;
  readonly #deadline: number;
  readonly #waiting: (() => void)[] = [];
  readonly #missing: Set<string>;
  #running = 0;

  /** @param options Signal, place and limits. */
  constructor(options: CollectKitOptions) {
    this.#options = options;
    this.#deadline = performance.now() + (options.allToolsMs ?? ALL_TOOLS_MS);
    this.#missing = new Set();
  }

  /** Ends the work. */
  get signal(): AbortSignal {
    return this.#options.signal;
  }

  /** What is put in front of all names. */
  get folder(): string {
    return this.#options.folder ?? "linux/";
  }

  /**
   * Does something within the namespace that is looked at.
   *
   * @param run A function that is done when it returns.
   * @returns What it returned.
   */
  within<T>(run: () => T): T {
    return this.#options.within === undefined
      ? run()
      : this.#options.within(run);
  }

  /**
   * Makes an entry of what a program says.
   *
   * @param name Name of the entry below the folder.
   * @param command The program and its arguments.
   * @param options Limits.
   * @returns The entry, without content when the program is missing, fails or
   * is killed before it said anything.
   */
  async tool(
    name: string,
    command: readonly string[],
    options: ToolOptions = {},
  ): Promise<DumpEntry> {
    const run = await this.run(command, options);
    const { status, exit, stdout, stderr, durationMs } = run;
    const entry = {
      name: `${this.folder}${name}`,
      source: "command" as const,
      command: command.join(" "),
      exit,
      durationMs,
    };
    const isFailed = status === "done" && exit !== 0 && !options.acceptFailure;
    const isCut = status !== "done" && stdout.length > 0;
    if (isFailed || (status !== "done" && !isCut)) {
      return { ...entry, skippedReason: reasonOf(run, stderr) };
    }
    return {
      ...entry,
      content: stdout,
      ...(isCut ? { truncated: true } : {}),
    };
  }

  /**
   * Runs a program within the time that is left.
   *
   * @param command The program and its arguments.
   * @param options Limits.
   * @returns What became of it.
   */
  async run(
    command: readonly string[],
    options: ToolOptions = {},
  ): Promise<ToolRun> {
    const [name = "", ...args] = command;
    if (this.#missing.has(name)) return notRun("missing", "");
    await this.#acquire();
    try {
      const left = this.#deadline - performance.now();
      if (left <= 0) return notRun("timeout", "time for all programs is up");
      const own = options.timeoutMs ?? this.#options.toolTimeoutMs ??
        TOOL_TIMEOUT_MS;
      const run = await runTool(name, args, {
        timeoutMs: Math.min(own, left),
        maxBytes: options.maxBytes ?? MAX_OUTPUT_BYTES,
        mixed: options.mixed,
        within: this.#options.within,
        signal: this.signal,
      });
      if (run.status === "missing") this.#missing.add(name);
      return run;
    } finally {
      this.#release();
    }
  }

  /**
   * Makes an entry of a file, with its rights, owner and time.
   *
   * @param name Name of the entry, as it is.
   * @param path The file.
   * @returns The entry, without content when there is no such file, or when it
   * is a folder, a pipe or a device.
   */
  async file(name: string, path: string): Promise<DumpEntry> {
    const entry = { name, source: "file" as const, command: path };
    try {
      const info = await Deno.stat(path);
      if (!info.isFile) return { ...entry, skippedReason: "it is no file" };
      // Files of RAM can have a size of 0 and content all the same.
      const { bytes, truncated } = readProcFile(path, {
        maxBytes: MAX_FILE_BYTES,
      });
      return {
        ...entry,
        content: bytes,
        mode: info.mode ?? undefined,
        mtimeMs: info.mtime?.getTime(),
        uid: info.uid ?? undefined,
        gid: info.gid ?? undefined,
        ...(truncated ? { truncated } : {}),
      };
    } catch (error) {
      return { ...entry, skippedReason: fileReason(error) };
    }
  }

  /**
   * Makes an entry of a file of `/proc` or `/sys`.
   *
   * @param name Name of the entry below the folder.
   * @param path The file; `/proc/net` is that of the namespace.
   * @returns The entry.
   */
  proc(name: string, path: string): DumpEntry {
    const entry = {
      name: `${this.folder}${name}`,
      source: "proc" as const,
      command: path,
    };
    try {
      const { bytes, truncated } = this.within(() =>
        readProcFile(ownProcPath(path), { maxBytes: MAX_FILE_BYTES })
      );
      return { ...entry, content: bytes, ...(truncated ? { truncated } : {}) };
    } catch (error) {
      return { ...entry, skippedReason: fileReason(error) };
    }
  }

  /**
   * Reads a file of `/proc` or `/sys` as text.
   *
   * @param path The file; `/proc/net` is that of the namespace.
   * @returns The text, `undefined` when it cannot be read.
   */
  procText(path: string): string | undefined {
    try {
      const { bytes } = this.within(() => readProcFile(ownProcPath(path)));
      return new TextDecoder().decode(bytes);
    } catch {
      return undefined;
    }
  }

  /**
   * Makes an entry of a text.
   *
   * @param name Name of the entry below the folder.
   * @param text The text.
   * @param source Where it comes from. @default {"generated"}
   * @returns The entry.
   */
  text(
    name: string,
    text: string,
    source: DumpEntry["source"] = "generated",
  ): DumpEntry {
    return {
      name: `${this.folder}${name}`,
      source,
      content: new TextEncoder().encode(text),
    };
  }

  /**
   * Makes an entry for something that cannot be had.
   *
   * @param name Name of the entry below the folder.
   * @param skippedReason Why.
   * @param source Where it would come from. @default {"generated"}
   * @returns The entry.
   */
  absent(
    name: string,
    skippedReason: string,
    source: DumpEntry["source"] = "generated",
  ): DumpEntry {
    return { name: `${this.folder}${name}`, source, skippedReason };
  }

  async #acquire(): Promise<void> {
    while (this.#running >= MAX_RUNNING) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }

  #release(): void {
    this.#running--;
    this.#waiting.shift()?.();
  }
}

/** `/proc/net` is that of the process; a thread may be elsewhere for a moment. */
function ownProcPath(path: string): string {
  return path.replace(/^\/proc\/net\//, "/proc/thread-self/net/");
}

function notRun(status: ToolRun["status"], stderr: string): ToolRun {
  return {
    status,
    exit: undefined,
    stdout: new Uint8Array(0),
    stderr,
    durationMs: 0,
  };
}

function reasonOf(run: ToolRun, stderr: string): string {
  const said = stderr.trim().split("\n")[0]?.slice(0, 200) ?? "";
  switch (run.status) {
    case "missing":
      return "program is missing";
    case "denied":
      return "program may not be started";
    case "timeout":
      return said === "" ? "program took too long and was killed" : said;
    case "flood":
      return "program wrote too much and was killed";
    case "aborted":
      return "interrupted";
    case "done":
      return `program failed with exit code ${run.exit}${
        said === "" ? "" : `: ${said}`
      }`;
  }
}

function fileReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "file is missing";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "permission is denied";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "deno has no permission to read it";
  }
  return error instanceof Error ? error.message : String(error);
}

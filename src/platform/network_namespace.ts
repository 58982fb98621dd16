import { openLibc } from "./libc.ts";

const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
/** Where `ip netns` keeps its namespaces. */
const NAMED_FOLDER = "/run/netns";

/** A network namespace that this process can enter for a moment. */
export interface NetworkNamespace extends Disposable {
  /** Name, or path where it has none. */
  readonly name: string;
  /** Path of the file that stands for it. */
  readonly path: string;
  /**
   * Runs a function within the namespace: what it opens and starts belongs
   * there, also afterwards. It must be done when it returns.
   *
   * @param run A function that is not asynchronous.
   * @returns What it returned.
   * @throws {OsError} When the namespace cannot be entered.
   * @throws {Error} When the process could not come back; it must not go on then.
   */
  within<T>(run: () => T): T;
}

/**
 * Opens a network namespace.
 *
 * @param target Name as of `ip netns`, number of a process in it, or path.
 * @returns The namespace; dispose it.
 * @throws {Deno.errors.NotFound} When there is none of that name.
 * @throws {OsError} When it may not be opened.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 */
export function openNetworkNamespace(target: string): NetworkNamespace {
  const path = namespacePath(target);
  const libc = openLibc();
  const { open, close } = libc.symbols;
  const setns = libc.linuxSymbol("setns");
  const openFile = (file: string): number => {
    const fd = open(
      new TextEncoder().encode(`${file}\0`),
      O_RDONLY | O_CLOEXEC,
    );
    if (fd >= 0) return fd;
    const error = libc.errorOf("open", libc.errno(), `open ${file}`);
    if (error.code !== "ENOENT") throw error;
    throw new Deno.errors.NotFound(
      `Cannot open network namespace ${target}: there is none`,
    );
  };
  const there = openFile(path);
  let here: number;
  try {
    here = openFile("/proc/thread-self/ns/net");
  } catch (error) {
    close(there);
    throw error;
  }
  let isOpen = true;
  return {
    name: path.startsWith(`${NAMED_FOLDER}/`)
      ? path.slice(NAMED_FOLDER.length + 1)
      : path,
    path,
    within: (run) => {
      if (!isOpen) {
        throw new Error(`Cannot enter network namespace ${target}: closed`);
      }
      libc.check(
        setns(there, CLONE_NEWNET),
        "setns",
        `enter network namespace ${target}`,
      );
      try {
        return run();
      } finally {
        libc.check(
          setns(here, CLONE_NEWNET),
          "setns",
          "return from a network namespace",
        );
      }
    },
    [Symbol.dispose]: () => {
      if (!isOpen) return;
      isOpen = false;
      close(there);
      close(here);
    },
  };
}

/**
 * Moves this process into a network namespace for good. Threads that exist
 * already stay where they are; so this is for the start of a program.
 *
 * @param target Name as of `ip netns`, number of a process in it, or path.
 * @throws {Deno.errors.NotFound} When there is none of that name.
 * @throws {OsError} When it may not be entered.
 */
export function enterNetworkNamespace(target: string): void {
  using namespace = openNetworkNamespace(target);
  const libc = openLibc();
  const setns = libc.linuxSymbol("setns");
  const fd = libc.symbols.open(
    new TextEncoder().encode(`${namespace.path}\0`),
    O_RDONLY | O_CLOEXEC,
  );
  const result = setns(fd, CLONE_NEWNET);
  const errno = result < 0 ? libc.errno() : 0;
  libc.symbols.close(fd);
  if (result >= 0) return;
  throw libc.errorOf("setns", errno, `enter network namespace ${target}`);
}

/**
 * @param target Name as of `ip netns`, number of a process, or path.
 * @returns Path of the file that stands for the namespace.
 * @throws {Deno.errors.NotFound} When it is neither.
 */
function namespacePath(target: string): string {
  if (target.startsWith("/")) return target;
  if (/^[1-9]\d*$/.test(target) && !exists(`${NAMED_FOLDER}/${target}`)) {
    return `/proc/${target}/ns/net`;
  }
  if (target === "" || target.includes("/") || /^\.+$/.test(target)) {
    throw new Deno.errors.NotFound(
      `Cannot open network namespace "${target}": it is no name`,
    );
  }
  return `${NAMED_FOLDER}/${target}`;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Bits of a folder's mode: anybody may write, and only owners may delete. */
const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;

/** What {@linkcode claimSocketPath} may replace. */
export interface ClaimSocketPathOptions {
  /**
   * Whether a socket somebody listens on is replaced, and a folder accepted in
   * which everybody can replace ours. Files of other types are never replaced.
   *
   * @default {false}
   */
  readonly force?: boolean | undefined;
  /** Tells whether somebody listens on the socket at the path. */
  readonly isLive: (path: string) => boolean;
}

/**
 * Makes room for a socket: removes one that nobody listens on.
 *
 * @param path Where the socket is to be.
 * @param options What may be replaced.
 * @throws {Deno.errors.NotFound} When the folder does not exist.
 * @throws {Deno.errors.AlreadyExists} When something else is there.
 * @throws {Deno.errors.AddrInUse} When somebody listens there.
 * @throws {Deno.errors.PermissionDenied} When everybody can replace what is in the folder.
 */
export function claimSocketPath(
  path: string,
  options: ClaimSocketPathOptions,
): void {
  const { force = false, isLive } = options;
  checkFolder(path, force);
  const info = statOf(path);
  if (info === undefined) return;
  if (info.isSocket !== true) {
    throw new Deno.errors.AlreadyExists(
      `Cannot listen on "${path}": path is ${kindOf(info)}, not a socket`,
    );
  }
  if (!force && isLive(path)) {
    throw new Deno.errors.AddrInUse(
      `Cannot listen on "${path}": another process listens there`,
    );
  }
  Deno.removeSync(path);
}

/** The file of a socket of ours. */
export interface SocketFile {
  /** Removes it, unless another file has taken its place. */
  remove(): void;
}

/**
 * Remembers which file a socket has just been bound to.
 *
 * @param path Where it was bound.
 * @param mode Permission bits it gets.
 * @returns The file.
 */
export function holdSocketFile(path: string, mode: number): SocketFile {
  Deno.chmodSync(path, mode);
  const own = Deno.lstatSync(path);
  return {
    remove() {
      const now = statOf(path);
      if (now?.dev === own.dev && now.ino === own.ino) Deno.removeSync(path);
    },
  };
}

function checkFolder(path: string, force: boolean): void {
  const slash = path.lastIndexOf("/");
  const folder = slash < 0 ? "." : path.slice(0, slash) || "/";
  const info = statOf(folder, Deno.statSync);
  if (info === undefined) {
    throw new Deno.errors.NotFound(
      `Cannot listen on "${path}": folder "${folder}" does not exist`,
    );
  }
  if (!info.isDirectory) {
    throw new Deno.errors.NotADirectory(
      `Cannot listen on "${path}": "${folder}" is ${kindOf(info)}`,
    );
  }
  const mode = info.mode ?? 0;
  if (!force && (mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) {
    throw new Deno.errors.PermissionDenied(
      `Cannot listen on "${path}": everybody can replace files in "${folder}", its mode is ${
        (mode & 0o7777).toString(8)
      }`,
    );
  }
}

function statOf(
  path: string,
  stat: (path: string) => Deno.FileInfo = Deno.lstatSync,
): Deno.FileInfo | undefined {
  try {
    return stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function kindOf(info: Deno.FileInfo): string {
  if (info.isDirectory) return "a folder";
  if (info.isSymlink) return "a symbolic link";
  if (info.isFile) return "a regular file";
  return info.isFifo ? "a pipe" : "a device";
}

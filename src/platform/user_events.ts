import type { OsError } from "../base/errors.ts";
import { openLibc } from "./libc.ts";

/** Where tracefs usually is, best first. */
const PATHS = [
  "/sys/kernel/tracing/user_events_data",
  "/sys/kernel/debug/tracing/user_events_data",
];
/** `O_RDWR | O_CLOEXEC`. */
const OPEN_FLAGS = 0x80002;

/** The open file through which programs write to tracepoints of their own. */
export interface UserEventsData extends Disposable {
  /** Its descriptor. */
  readonly fd: number;
}

/**
 * Opens the kernel's file for events of programs.
 *
 * @param path The file. @default {where tracefs usually is}
 * @returns The open file; dispose it.
 * @throws {Deno.errors.NotSupported} When the kernel has none, or this is not Linux.
 * @throws {Deno.errors.PermissionDenied} When it is for root alone.
 */
export function openUserEventsData(path?: string): UserEventsData {
  const action = "open user_events_data";
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot ${action}: ${Deno.build.os} has no user_events, Linux has`,
    );
  }
  const libc = openLibc();
  let last: OsError | undefined;
  for (const each of path === undefined ? PATHS : [path]) {
    const fd = libc.symbols.open(
      new TextEncoder().encode(`${each}\0`),
      OPEN_FLAGS,
    );
    if (fd >= 0) {
      let isOpen = true;
      return {
        fd,
        [Symbol.dispose]() {
          if (isOpen) libc.symbols.close(fd);
          isOpen = false;
        },
      };
    }
    last = libc.errorOf("open", libc.errno(), action);
    if (last.code === "EACCES" || last.code === "EPERM") {
      throw new Deno.errors.PermissionDenied(
        `Cannot ${action}: ${each} may be opened by root alone`,
        { cause: last },
      );
    }
  }
  throw new Deno.errors.NotSupported(
    `Cannot ${action}: there is no ${
      path ?? PATHS[0]
    } (${last?.code}); the kernel needs CONFIG_USER_EVENTS (Linux 6.4), and tracefs must be mounted`,
    { cause: last },
  );
}

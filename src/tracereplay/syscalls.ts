import { SCHEMATIZED_SYSCALLS } from "./schematized_syscall_table.ts";
import {
  SYSCALLS_AMD64,
  SYSCALLS_AMD64_NOT_IN_GVISOR,
} from "./syscall_amd64_table.ts";
import {
  SYSCALLS_ARM64,
  SYSCALLS_ARM64_NOT_IN_GVISOR,
} from "./syscall_arm64_table.ts";
import type { Architecture, PayloadName } from "./types.ts";

/** One system call of an architecture. */
export interface SyscallEntry {
  /** Its number. */
  readonly sysno: number;
  /** Its name. */
  readonly name: string;
  /** Whether gVisor's table has it; otherwise its raw points never fire. */
  readonly isInGvisor: boolean;
  /** Name of the message that has its arguments by name, where there is one. */
  readonly message: PayloadName | undefined;
}

const TABLES = { amd64: SYSCALLS_AMD64, arm64: SYSCALLS_ARM64 } as const;
const MISSING = {
  amd64: SYSCALLS_AMD64_NOT_IN_GVISOR,
  arm64: SYSCALLS_ARM64_NOT_IN_GVISOR,
} as const;

/**
 * Names a system call.
 *
 * @param architecture Of the sandbox.
 * @param sysno Its number.
 * @returns Its name, `undefined` for a number that no call has.
 *
 * @example Numbers mean different calls
 * ```ts
 * import { syscallName } from "../../src/tracereplay/syscalls.ts";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(syscallName("amd64", 1n), "write");
 * assertEquals(syscallName("arm64", 1n), "io_destroy");
 * ```
 */
export function syscallName(
  architecture: Architecture,
  sysno: bigint,
): string | undefined {
  return TABLES[architecture][Number(sysno)];
}

/**
 * Lists the system calls of an architecture.
 *
 * @param architecture The architecture.
 * @returns The calls, ascending by number.
 */
export function listSyscalls(
  architecture: Architecture,
): readonly SyscallEntry[] {
  const missing = new Set(MISSING[architecture]);
  const messages = new Map(
    SCHEMATIZED_SYSCALLS.map((call) => [call[architecture], call.message]),
  );
  return Object.entries(TABLES[architecture]).map(([key, name]) => {
    const sysno = Number(key);
    return {
      sysno,
      name,
      isInGvisor: !missing.has(sysno),
      message: messages.get(sysno),
    };
  });
}

import { takeBuildIds } from "../container/elf.ts";
import { readProcFile } from "../platform/proc_file.ts";

/** @returns Build id of the kernel that runs here in hexadecimal, empty where it cannot be read. */
export function readKernelBuildId(): string {
  const ids = { gnu: "", go: "" };
  try {
    takeBuildIds(readProcFile("/sys/kernel/notes").bytes, 4, ids);
  } catch {
    // Containers may hide it, and other systems have none.
  }
  return ids.gnu;
}

import type { Mapping } from "../profile/types.ts";

/** Name under which tools know the kernel as a mapped file. */
export const KERNEL_FILE_NAME = "[kernel.kallsyms]";

/** The kernel where nothing is known of its bounds. */
export const KERNEL_MAPPING: Mapping = {
  start: 0n,
  end: 0n,
  fileOffset: 0n,
  fileName: KERNEL_FILE_NAME,
  buildId: "",
};

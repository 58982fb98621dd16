import type { TargetEntry } from "./types.ts";

/** Everything that `convert --to` can write. */
export const TARGETS: readonly TargetEntry[] = [];

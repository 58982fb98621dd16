import { readFolded } from "../../profile/read_folded.ts";
import { profileFormat } from "../profile_format.ts";
import type { Format } from "../types.ts";

/** Reads folded stacks. */
export const foldedFormat: Format = profileFormat((input) =>
  readFolded(input.open(), {
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  })
);

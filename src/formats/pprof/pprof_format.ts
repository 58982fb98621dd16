import { readPprof } from "../../profile/read_pprof.ts";
import { profileFormat } from "../profile_format.ts";
import type { Format } from "../types.ts";

/** Reads pprof profiles. */
export const pprofFormat: Format = profileFormat((input) =>
  readPprof(input.open(), {
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  })
);

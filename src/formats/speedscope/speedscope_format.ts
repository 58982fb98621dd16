import { readSpeedscope } from "../../profile/read_speedscope.ts";
import { profileFormat } from "../profile_format.ts";
import type { Format } from "../types.ts";

/** Reads speedscope files. */
export const speedscopeFormat: Format = profileFormat((input) =>
  readSpeedscope(input.open(), {
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  })
);

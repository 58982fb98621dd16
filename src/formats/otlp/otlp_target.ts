import { encodeOtlp } from "../../profile/otlp_encoder.ts";
import { otlpFromProfile } from "../../profile/otlp_from_profile.ts";
import { encodeOtlpJson } from "../../profile/otlp_json_encoder.ts";
import type { Profile } from "../../profile/types.ts";
import type { TargetWriter, WriteRequest } from "../types.ts";

/** Writes an OTLP message. */
export const otlpWriter: TargetWriter = {
  timed: true,
  async *writeProfile(profile, request) {
    yield encodeOtlp(messageOf(profile, request), {
      layout: request.options["otlp-layout"] === "1.9" ? "1.9" : "1.10",
    });
  },
};

/** Writes an OTLP message as JSON. */
export const otlpJsonWriter: TargetWriter = {
  timed: true,
  async *writeProfile(profile, request) {
    const json = encodeOtlpJson(messageOf(profile, request));
    yield new TextEncoder().encode(`${json}\n`);
  },
};

function messageOf(profile: Profile, { stats }: WriteRequest) {
  return otlpFromProfile(profile, { stats });
}

/**
 * OTLP messages beside protobufjs, which is given its own objects: encoding and
 * decoding of the same bytes. Building the message of a profile is measured by
 * itself, since protobufjs has no such thing.
 *
 * @module
 */
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { otlpFromProfile } from "../../src/profile/otlp_from_profile.ts";
import { largeProfile, STACK_DEPTH } from "../support/large_profile.ts";
import { OTLP_PEER } from "../support/otlp_peer.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const SAMPLES = IS_SHORT ? 2_000 : 20_000;
const rounds = IS_SHORT ? { n: 5, warmup: 20 } : {};
const profile = largeProfile(SAMPLES);
const message = otlpFromProfile(profile);
const bytes = encodeOtlp(message);
const peer = OTLP_PEER.decode(bytes);
const size = `${SAMPLES} samples of ${STACK_DEPTH} frames, ${
  (bytes.length / 1e6).toFixed(1)
} MB`;
let consumed = 0;

Deno.bench(
  `otlp encode, ours: ${size}`,
  { group: "otlp encode", ...rounds },
  () => {
    consumed += encodeOtlp(message).length;
  },
);

Deno.bench(
  `otlp encode, protobufjs: ${size}`,
  { group: "otlp encode", baseline: true, ...rounds },
  () => {
    consumed += OTLP_PEER.encode(peer).finish().length;
  },
);

Deno.bench(
  `otlp decode, ours: ${size}`,
  { group: "otlp decode", ...rounds },
  () => {
    consumed += decodeOtlp(bytes).resourceProfiles.length;
  },
);

Deno.bench(
  `otlp decode, protobufjs: ${size}`,
  { group: "otlp decode", baseline: true, ...rounds },
  () => {
    const { resourceProfiles } = OTLP_PEER.decode(bytes) as unknown as {
      resourceProfiles: unknown[];
    };
    consumed += resourceProfiles.length;
  },
);

Deno.bench(
  `otlp message of a profile and its bytes: ${size}`,
  { group: "otlp profile", ...rounds },
  () => {
    consumed += encodeOtlp(otlpFromProfile(profile)).length;
  },
);

import { Profile as PeerProfile } from "pprof-format";
import { decodePprof } from "../../src/profile/pprof_decoder.ts";
import { encodePprof } from "../../src/profile/pprof_encoder.ts";
import { concatBytes } from "../support/byte_stream.ts";
import { largeProfile, STACK_DEPTH } from "../support/large_profile.ts";

const SAMPLES = 20_000;
const profile = largeProfile(SAMPLES);
const bytes = concatBytes([...encodePprof(profile)]);
const peer = PeerProfile.decode(bytes);
const size = `${SAMPLES} samples of ${STACK_DEPTH} frames, ${
  (bytes.length / 1e6).toFixed(1)
} MB`;
let consumed = 0;

Deno.bench(`pprof encode, ours: ${size}`, { group: "pprof encode" }, () => {
  for (const piece of encodePprof(profile)) consumed += piece.length;
});

Deno.bench(
  `pprof encode, pprof-format: ${size}`,
  { group: "pprof encode", baseline: true },
  () => {
    consumed += peer.encode().length;
  },
);

Deno.bench(`pprof decode, ours: ${size}`, { group: "pprof decode" }, () => {
  consumed += decodePprof(bytes).samples.length;
});

Deno.bench(
  `pprof decode, pprof-format: ${size}`,
  { group: "pprof decode", baseline: true },
  () => {
    consumed += PeerProfile.decode(bytes).sample.length;
  },
);

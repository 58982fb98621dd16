import { buildCallTree } from "../../src/profile/call_tree.ts";
import { readFolded } from "../../src/profile/read_folded.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import { writeSpeedscope } from "../../src/profile/write_speedscope.ts";
import { bytesOf, streamOf } from "../support/byte_stream.ts";
import {
  largeFunctionName,
  largeProfile,
  largeStacks,
  STACK_DEPTH,
} from "../support/large_profile.ts";

const SAMPLES = 20_000;
const profile = largeProfile(SAMPLES);
const stacks = largeStacks(SAMPLES);
const folded = await bytesOf(writeFolded(profile));
const size = `${SAMPLES} stacks of ${STACK_DEPTH} frames, ${
  (folded.length / 1e6).toFixed(1)
} MB`;
let consumed = 0;

Deno.bench(`folded write: ${size}`, { group: "folded write" }, async () => {
  for await (const piece of writeFolded(profile)) consumed += piece.length;
});

Deno.bench(
  `names joined and sorted, nothing else: ${size}`,
  { group: "folded write", baseline: true },
  () => {
    const lines = stacks.map((stack) =>
      `${[...stack].map(largeFunctionName).join(";")} 1`
    );
    consumed += new TextEncoder().encode(lines.sort().join("\n")).length;
  },
);

Deno.bench(`folded read: ${size}`, { group: "folded read" }, async () => {
  const { samples } = await readFolded(streamOf(folded, 65_536));
  consumed += samples.length;
});

Deno.bench(
  `lines split into names, nothing else: ${size}`,
  { group: "folded read", baseline: true },
  () => {
    for (const line of new TextDecoder().decode(folded).split("\n")) {
      consumed += line.split(";").length;
    }
  },
);

Deno.bench(`speedscope write: ${size}`, { group: "others" }, async () => {
  for await (const piece of writeSpeedscope(profile)) consumed += piece.length;
});

Deno.bench(`call tree: ${size}`, { group: "others" }, () => {
  consumed += buildCallTree(profile).roots.length;
});

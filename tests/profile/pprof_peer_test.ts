import { assertEquals } from "@std/assert";
import { readPprof } from "../../src/profile/read_pprof.ts";
import { writePprof } from "../../src/profile/write_pprof.ts";
import { bytesOf, streamOf } from "../support/byte_stream.ts";
import {
  type PeerProfile,
  readPprofWithPeer,
  runGoPprof,
} from "../support/pprof_peer.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

/** Everything that the other reader sees; samples may have changed their order. */
function facts({ samples, ...rest }: PeerProfile): unknown {
  const texts = samples.map((sample) =>
    JSON.stringify(
      sample,
      (_key, value) => typeof value === "bigint" ? String(value) : value,
    )
  );
  return { ...rest, samples: texts.sort() };
}

for (
  const file of ["sample.cpu.pb.gz", "large.cpu.pb.gz", "go.nomappings.crash"]
) {
  const path = `tracehandler/pprof/${file}`;
  testWith(
    `readPprof and writePprof lose nothing of ${file} that another reader sees`,
    [requireSharedData(path)],
    async () => {
      const bytes = await Deno.readFile(sharedData(path)!);
      const written = await bytesOf(
        writePprof(await readPprof(streamOf(bytes))),
      );
      assertEquals(
        facts(await readPprofWithPeer(written)),
        facts(await readPprofWithPeer(bytes)),
      );
    },
  );
}

testWith(
  "go tool pprof reads what writePprof writes",
  [requirePeers("go")],
  async () => {
    const path = await Deno.makeTempFile({ suffix: ".pb.gz" });
    try {
      await Deno.writeFile(path, await bytesOf(writePprof(exampleProfile())));
      const top = await runGoPprof(path, "-top", "-nodecount=20");
      assertEquals(/15ms 93\.75% {2}main$/m.test(top), true, top);
      assertEquals(top.includes("middle (inline)"), true, top);
    } finally {
      await Deno.remove(path);
    }
  },
);

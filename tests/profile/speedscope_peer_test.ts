import { assertEquals } from "@std/assert";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { writeChromiumProfile } from "../../src/profile/write_chromium_profile.ts";
import { writeDotnetChromium } from "../../src/profile/write_dotnet_chromium.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import { writePprof } from "../../src/profile/write_pprof.ts";
import { writeSpeedscope } from "../../src/profile/write_speedscope.ts";
import { writeSpeedscopeEvented } from "../../src/profile/write_speedscope_evented.ts";
import { bytesOf } from "../support/byte_stream.ts";
import { requireChromium, startChromium } from "../support/chromium.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";
import { openSpeedscope } from "../support/speedscope.ts";

const DOTNET = { exporter: "EXPORTER", name: "example" };

testWith(
  "speedscope opens what is written for it and shows the right functions",
  [requireChromium(), requirePeers("npm")],
  async () => {
    const profile = exampleProfile({ timed: true });
    const empty = new ProfileBuilder({
      valueTypes: [{ type: "samples", unit: "count" }],
    }).build();
    const files: Readonly<Record<string, AsyncIterable<Uint8Array>>> = {
      "sampled.speedscope.json": writeSpeedscope(profile),
      "evented.speedscope.json": writeSpeedscopeEvented(profile, DOTNET),
      "dotnet.chromium.json": writeDotnetChromium(profile, DOTNET),
      "own.chromium.json": writeChromiumProfile(profile),
      "folded.txt": writeFolded(profile),
      "example.pb.gz": writePprof(profile),
      "empty.speedscope.json": writeSpeedscope(empty),
    };
    await using browser = await startChromium();
    for (const [name, stream] of Object.entries(files)) {
      await using page = await openSpeedscope(
        browser,
        await bytesOf(stream),
        name,
      );
      assertEquals(page.page.errors, [], name);
      if (name.startsWith("empty")) continue;
      const functions = await page.functions();
      const main = functions.find((each) => /^main\b/.test(each.name));
      // Two threads: speedscope shows the first one of a file first.
      const whole = name === "folded.txt" || name === "example.pb.gz";
      assertEquals(
        main?.total.replace(/ \(.*/, ""),
        whole ? name === "folded.txt" ? "15,000,000" : "15.00ms" : "5.00ms",
        `${name}: ${JSON.stringify(functions)}`,
      );
    }
  },
);

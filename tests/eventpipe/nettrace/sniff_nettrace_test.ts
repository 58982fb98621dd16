import { assertEquals } from "@std/assert";
import { sniffNettrace } from "../../../src/eventpipe/nettrace/sniff_nettrace.ts";
import {
  OWN_CAPTURES,
  type OwnCapture,
  ownCapture,
  SHARED_CAPTURES,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";

for (const name of Object.keys(OWN_CAPTURES) as OwnCapture[]) {
  Deno.test(`sniffNettrace knows ${name} by its first bytes`, () => {
    const bytes = ownCapture(name);
    for (const length of [8, 12, 16, 40, 64]) {
      assertEquals(sniffNettrace(bytes.subarray(0, length)), true);
    }
    assertEquals(sniffNettrace(bytes.subarray(0, 7)), false);
  });
}

for (const name of ["traceLogging", "v3Linux", "objver2"] as const) {
  testWith(
    `sniffNettrace knows ${name}`,
    [requireSharedData(SHARED_CAPTURES[name])],
    async () => {
      const bytes = await sharedCapture(name);
      for (const length of [8, 30, 40, 64, 4096]) {
        assertEquals(sniffNettrace(bytes.subarray(0, length)), true);
      }
    },
  );
}

testWith(
  "sniffNettrace does not take a gcdump file for a trace",
  [requireSharedData("nettrace/perfview/test1.gcdump")],
  () => {
    const bytes = Deno.readFileSync(
      sharedData("nettrace/perfview/test1.gcdump")!,
    );
    assertEquals(sniffNettrace(bytes.subarray(0, 64)), false);
  },
);

const FOREIGN = [
  "Nettrace of my network, in words",
  "\x14\0\0\0!FastSerialization.2 and more",
  "Nettrac",
  "{}      ",
  "",
];

for (const text of FOREIGN) {
  Deno.test(`sniffNettrace refuses ${JSON.stringify(text)}`, () => {
    assertEquals(sniffNettrace(new TextEncoder().encode(text)), false);
  });
}

import { assertEquals } from "@std/assert";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { otlpFromProfile } from "../../src/profile/otlp_from_profile.ts";
import { readNettraceProfile } from "../../src/eventpipe/samples/read_nettrace_profile.ts";
import { largeProfile } from "../support/large_profile.ts";
import { OTLP_PEER } from "../support/otlp_peer.ts";

/** Messages of all kinds: with times and without, large and small. */
async function messages(): Promise<[string, Uint8Array][]> {
  const fixture = (name: string) =>
    new URL(`../fixtures/${name}`, import.meta.url);
  const { profile } = await readNettraceProfile([
    await Deno.readFile(fixture("nettrace/workload.nettrace")),
  ], { timed: true });
  return [
    ...await Promise.all(
      ["tiny", "brokenstack", "node1610"].map(async (
        name,
      ): Promise<[string, Uint8Array]> => [
        name,
        await Deno.readFile(
          fixture(`tracehandler/otlp/${name}.expected.otlp`),
        ),
      ]),
    ),
    ["large", encodeOtlp(otlpFromProfile(largeProfile(500)))],
    ["nettrace", encodeOtlp(otlpFromProfile(profile))],
  ];
}

Deno.test("encodeOtlp writes what protobufjs reads and writes in the same bytes", async () => {
  for (const [name, bytes] of await messages()) {
    const again = OTLP_PEER.encode(OTLP_PEER.decode(bytes)).finish();
    assertEquals(again.length, bytes.length, name);
    assertEquals(again.toHex() === bytes.toHex(), true, name);
  }
});

Deno.test("decodeOtlp reads what protobufjs reads", async () => {
  for (const [name, bytes] of await messages()) {
    const message = decodeOtlp(bytes);
    const peer = OTLP_PEER.toObject(OTLP_PEER.decode(bytes), {
      longs: String,
    }) as {
      resourceProfiles: {
        scopeProfiles: { profiles: { samples: unknown[] }[] }[];
      }[];
      dictionary: { stringTable: string[]; stackTable: unknown[] };
    };
    assertEquals(message.dictionary.stringTable, peer.dictionary.stringTable);
    assertEquals(
      message.dictionary.stackTable.length,
      peer.dictionary.stackTable.length,
      name,
    );
    assertEquals(
      message.resourceProfiles.map(({ scopeProfiles }) =>
        scopeProfiles.map(({ profiles }) =>
          profiles.map(({ samples }) => samples.length)
        )
      ),
      peer.resourceProfiles.map(({ scopeProfiles }) =>
        scopeProfiles.map(({ profiles }) =>
          profiles.map(({ samples }) => samples.length)
        )
      ),
      name,
    );
  }
});

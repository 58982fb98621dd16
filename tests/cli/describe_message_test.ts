import { assertEquals } from "@std/assert";
import { describeMessage } from "../../src/cli/commands/profile/describe_message.ts";
import { otlpFromProfile } from "../../src/profile/otlp_from_profile.ts";
import { exampleProfile } from "../support/example_profile.ts";

Deno.test("describeMessage adds up what samples are worth, with times and without", () => {
  for (const timed of [false, true]) {
    const [resource] = describeMessage(
      otlpFromProfile(exampleProfile({ timed })),
    );
    assertEquals(
      resource!.profiles.map((
        { type, samples, total },
      ) => [type, samples, total]),
      [["samples", 6, 16], ["managed", 6, 8e6]],
    );
  }
});

Deno.test("describeMessage counts each moment of samples without values once", () => {
  const message = otlpFromProfile(exampleProfile({ timed: true }));
  const bare = {
    ...message,
    resourceProfiles: message.resourceProfiles.map((resource) => ({
      ...resource,
      scopeProfiles: resource.scopeProfiles.map((scope) => ({
        ...scope,
        profiles: scope.profiles.map((profile) => ({
          ...profile,
          samples: profile.samples.map((sample) => ({
            ...sample,
            values: new BigInt64Array(),
            timestampsUnixNano: BigUint64Array.of(1n, 2n, 3n),
          })),
        })),
      })),
    })),
  };
  assertEquals(describeMessage(bare)[0]!.profiles[0]!.total, 18);
});

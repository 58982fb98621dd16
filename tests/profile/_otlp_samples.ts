import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import type {
  OtlpDictionary,
  OtlpProfile,
  OtlpProfiles,
  OtlpSample,
} from "../../src/profile/otlp_types.ts";

const FOLDER = new URL("../fixtures/tracehandler/otlp/", import.meta.url);

/** The bytes of an encoding that was made for the tests. */
export function otlpFixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(`${name}.expected.otlp`, FOLDER));
}

/** One resource with one scope and one profile, over the tables of `tiny`. */
export function otlpWith(
  profile: Partial<OtlpProfile> = {},
  dictionary: Partial<OtlpDictionary> = {},
): OtlpProfiles {
  const tiny = decodeOtlp(otlpFixture("tiny"));
  const [resource] = tiny.resourceProfiles;
  const [scope] = resource!.scopeProfiles;
  return {
    resourceProfiles: [{
      ...resource!,
      scopeProfiles: [{
        ...scope!,
        profiles: [{ ...scope!.profiles[0]!, ...profile }],
      }],
    }],
    dictionary: { ...tiny.dictionary, ...dictionary },
  };
}

/** A sample of the stack of `tiny` at one moment. */
export function otlpSample(fields: Partial<OtlpSample> = {}): OtlpSample {
  return {
    stackIndex: 1,
    attributeIndices: [],
    linkIndex: 0,
    values: new BigInt64Array(0),
    timestampsUnixNano: BigUint64Array.of(1700000001000000000n),
    ...fields,
  };
}

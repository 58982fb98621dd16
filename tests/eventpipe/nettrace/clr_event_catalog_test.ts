import { assertEquals } from "@std/assert";
import {
  clrKeywords,
  findClrEvent,
} from "../../../src/eventpipe/nettrace/clr_event_catalog.ts";
import { CLR_EVENT_TABLE } from "../../../src/eventpipe/nettrace/clr_event_table.ts";
import type {
  PayloadField,
  PayloadType,
} from "../../../src/eventpipe/nettrace/payload_types.ts";
import { providerGuid } from "../../../src/eventpipe/nettrace/provider_guid.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { generateClrEventTable } from "../../tools/generate_clr_event_table.ts";

const SOURCE = "nettrace/clr-events.json";
const RUNTIME = "Microsoft-Windows-DotNETRuntime";

interface SourceField {
  readonly n: string;
  readonly t: string;
  readonly count?: number | string;
  readonly f?: readonly SourceField[];
}

interface SourceProvider {
  readonly guid: string;
  readonly keywords: Readonly<Record<string, string>>;
  readonly events: readonly {
    readonly id: number;
    readonly v: number;
    readonly name: string;
    readonly op: number | null;
    readonly f: readonly SourceField[];
  }[];
}

function readSource(): Readonly<Record<string, SourceProvider>> {
  return JSON.parse(Deno.readTextFileSync(sharedData(SOURCE)!));
}

const TYPE_WORDS: Partial<Record<PayloadType["kind"], string>> = {
  uint8: "u8",
  uint16: "u16",
  uint32: "u32",
  uint64: "u64",
  int32: "i32",
  int64: "i64",
  float64: "f64",
  boolean32: "bool32",
  guid: "guid",
  pointer: "ptr",
  utf16z: "utf16z",
  utf8z: "utf8z",
};

/** Gives a field the form of the source. */
function likeSource({ name, type }: PayloadField): SourceField {
  if (type.kind === "countedArray" || type.kind === "fixedArray") {
    return {
      ...likeSource({ name, type: type.element }),
      count: type.kind === "fixedArray" ? type.count : type.countField,
    };
  }
  return type.kind === "struct"
    ? { n: name, t: "struct", f: type.fields.map(likeSource) }
    : { n: name, t: TYPE_WORDS[type.kind]! };
}

function plain({ n, t, count, f }: SourceField): SourceField {
  return {
    n,
    t,
    ...(count === undefined ? {} : { count }),
    ...(f === undefined ? {} : { f: f.map(plain) }),
  };
}

testWith(
  "findClrEvent finds all events of the source with their fields",
  [requireSharedData(SOURCE)],
  () => {
    for (const [provider, { events }] of Object.entries(readSource())) {
      for (const { id, v, name, op, f } of events) {
        const event = findClrEvent(provider, id, v);
        assertEquals(
          [event?.id, event?.version, event?.name, event?.opcode ?? null],
          [id, v, name, op],
        );
        assertEquals(event!.fields.map(likeSource), f.map(plain));
      }
    }
  },
);

testWith(
  "generateClrEventTable gives the committed table",
  [requireSharedData(SOURCE)],
  () => {
    const text = generateClrEventTable(
      Deno.readTextFileSync(sharedData(SOURCE)!),
    );
    assertEquals(text.includes(CLR_EVENT_TABLE), true);
  },
);

testWith(
  "clrKeywords and providerGuid agree with the source",
  [requireSharedData(SOURCE)],
  () => {
    for (const [provider, { guid, keywords }] of Object.entries(readSource())) {
      assertEquals(providerGuid(provider), guid);
      for (const [word, mask] of Object.entries(keywords)) {
        assertEquals(clrKeywords(provider).get(word), BigInt(mask));
      }
    }
  },
);

Deno.test("findClrEvent takes the highest known version for later ones", () => {
  assertEquals(findClrEvent(RUNTIME, 10, 99)?.version, 4);
  assertEquals(findClrEvent(RUNTIME, 10, 4)?.version, 4);
  assertEquals(findClrEvent(RUNTIME, 10, 2)?.version, 2);
});

Deno.test("findClrEvent takes the lowest known version for earlier ones", () => {
  assertEquals(findClrEvent(RUNTIME, 204, 0)?.version, 3);
});

Deno.test("findClrEvent knows nothing of other providers and ids", () => {
  assertEquals(findClrEvent("Other", 1, 0), undefined);
  assertEquals(findClrEvent(RUNTIME, 9999, 0), undefined);
  assertEquals(clrKeywords("Other").size, 0);
});

Deno.test("clrKeywords knows the words that newer runtimes added", () => {
  assertEquals(clrKeywords(RUNTIME).get("AllocationSampling"), 1n << 43n);
});

import { assertEquals, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { ProtobufWriter } from "../../src/codec/protobuf_writer.ts";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { decodeOtlpJson } from "../../src/profile/otlp_json_decoder.ts";
import { encodeOtlpJson } from "../../src/profile/otlp_json_encoder.ts";
import type { OtlpProfiles } from "../../src/profile/otlp_types.ts";
import { mutations } from "../support/mutations.ts";
import { otlpFixture, otlpSample, otlpWith } from "./_otlp_samples.ts";

const NAMES = ["tiny", "brokenstack", "node1610"] as const;

/** All that is in a message, in a form that assertions print. */
function plain(message: OtlpProfiles): unknown {
  return JSON.parse(encodeOtlpJson(message));
}

for (const name of NAMES) {
  Deno.test(`encodeOtlp gives back the bytes of ${name}`, () => {
    const bytes = otlpFixture(name);
    assertEquals(encodeOtlp(decodeOtlp(bytes)).toHex(), bytes.toHex());
  });

  Deno.test(`encodeOtlp writes ${name} in the layout of 1.9, which is recognised`, () => {
    const message = decodeOtlp(otlpFixture(name));
    const stats = new DecodeStats();
    const old = encodeOtlp(message, { layout: "1.9" });
    assertEquals(plain(decodeOtlp(old, { stats })), plain(message));
    assertEquals(stats.get("otlp_old_layout"), 1);
  });

  Deno.test(`decodeOtlpJson gives back ${name}`, () => {
    const message = decodeOtlp(otlpFixture(name));
    const json = decodeOtlpJson(encodeOtlpJson(message));
    assertEquals(encodeOtlp(json).toHex(), encodeOtlp(message).toHex());
  });
}

Deno.test("decodeOtlp finds what is in the tiny message", () => {
  const { resourceProfiles, dictionary } = decodeOtlp(otlpFixture("tiny"));
  const [resource] = resourceProfiles;
  assertEquals(resource!.attributes, [{
    key: "process.pid",
    keyStrindex: 0,
    value: { type: "int", value: 41n },
  }]);
  const { scope, profiles } = resource!.scopeProfiles[0]!;
  assertEquals([scope?.name, scope?.version], ["t", "1"]);
  const [profile] = profiles;
  assertEquals(profile!.timeUnixNano, 1700000000000000000n);
  assertEquals(profile!.durationNano, 5000000000n);
  assertEquals(profile!.period, 50000000n);
  assertEquals(profile!.samples, [
    otlpSample({
      attributeIndices: [3, 4],
      timestampsUnixNano: BigUint64Array.of(
        1700000001000000000n,
        1700000002000000000n,
      ),
    }),
  ]);
  assertEquals(dictionary.stringTable, [
    "",
    "cpu",
    "nanoseconds",
    "samples",
    "count",
    "main",
    "leaf",
    "app.c",
    "app",
    "process.executable.build_id.htlhash",
    "profile.frame.type",
    "thread.name",
    "thread.id",
  ]);
  assertEquals(dictionary.stackTable, [[], [1, 2]]);
  assertEquals(dictionary.linkTable.length, 1);
});

Deno.test("decodeOtlp takes the layout that is asked for", () => {
  const bytes = otlpFixture("tiny");
  const read = (layout: "1.9" | "1.10") =>
    decodeOtlp(bytes, { layout }).resourceProfiles[0]!.scopeProfiles[0]!
      .profiles[0]!.samples[0]!;
  assertEquals(read("1.10").attributeIndices, [3, 4]);
  assertEquals(read("1.9").attributeIndices, []);
  assertEquals([...read("1.9").values], [3n, 4n]);
});

Deno.test("decodeOtlp finds the layout by the type of one field", () => {
  const cases: [Parameters<typeof otlpSample>[0], boolean][] = [
    [{ values: BigInt64Array.of(5n) }, true],
    [{ linkIndex: 1 }, true],
    [{ attributeIndices: [1], values: BigInt64Array.of(5n) }, true],
  ];
  for (const [fields] of cases) {
    const message = otlpWith({ samples: [otlpSample(fields)] });
    for (const layout of ["1.9", "1.10"] as const) {
      const stats = new DecodeStats();
      const decoded = decodeOtlp(encodeOtlp(message, { layout }), { stats });
      // Values alone in 1.9, like attributes alone in 1.10, are guessed.
      assertEquals(plain(decoded), plain(message), `${layout}`);
    }
  }
});

Deno.test("decodeOtlp says that it guessed when only field 2 is there", () => {
  const guess = (...indices: number[][]) => {
    const stats = new DecodeStats();
    const message = otlpWith({
      samples: indices.map((attributeIndices) =>
        otlpSample({ attributeIndices })
      ),
    });
    const [sample] = decodeOtlp(encodeOtlp(message), { stats })
      .resourceProfiles[0]!.scopeProfiles[0]!.profiles[0]!.samples;
    return {
      sample: sample!,
      said: stats.entries().find(({ name }) => name === "otlp_layout_guessed")
        ?.firstDetail,
    };
  };
  const attributes = guess([1, 2]);
  assertEquals(attributes.sample.attributeIndices, [1, 2]);
  assertEquals(attributes.said?.includes("taken for attributes"), true);
  const values = guess([1, 70]);
  assertEquals([...values.sample.values], [1n, 70n]);
  assertEquals(values.said?.includes("taken for values"), true);
  // One sample that cannot have attributes tells of all.
  assertEquals([...guess([1, 70], [1, 2]).sample.values], [1n, 70n]);
});

Deno.test("decodeOtlp accepts unpacked numbers and fields in any order", () => {
  const writer = new ProtobufWriter();
  writer.message(2, () => {
    writer.message(7, () => {});
    writer.message(7, () => {
      writer.uint(1, 3);
      writer.uint(1, 4);
    });
    writer.element(5, "");
  });
  writer.message(1, () => {
    writer.string(3, "url");
    writer.message(2, () => {
      writer.message(2, () => {
        writer.message(2, () => {
          writer.fixed64(5, 7n);
          writer.fixed64(5, 8n);
          writer.packed(4, [-1, 2]);
          writer.uint(1, 1);
        });
      });
    });
  });
  const message = decodeOtlp(writer.toBytes());
  assertEquals(message.dictionary.stackTable, [[], [3, 4]]);
  const [sample] = message.resourceProfiles[0]!.scopeProfiles[0]!.profiles[0]!
    .samples;
  assertEquals([...sample!.timestampsUnixNano], [7n, 8n]);
  assertEquals([...sample!.values], [-1n, 2n]);
});

Deno.test("decodeOtlp refuses the layouts before 1.8 instead of misreading them", () => {
  const profileOf = (write: (writer: ProtobufWriter) => void) => {
    const writer = new ProtobufWriter();
    writer.message(
      1,
      () => writer.message(2, () => writer.message(2, () => write(writer))),
    );
    return writer.toBytes();
  };
  const old: Record<string, Uint8Array> = {
    "1.7": profileOf((writer) => {
      writer.uint(4, 1700000000000000000n);
      writer.uint(5, 5);
    }),
    "1.5": profileOf((writer) => writer.packed(3, [1, 2])),
    "v1experimental": profileOf((writer) => {
      writer.bytes(1, new Uint8Array(16).fill(8));
      writer.fixed64(2, 5n);
    }),
  };
  for (const [version, bytes] of Object.entries(old)) {
    const error = assertThrows(
      () => decodeOtlp(bytes),
      FormatError,
      undefined,
      version,
    );
    if (version !== "v1experimental") {
      assertEquals(error.message.includes("before 1.8"), true, error.message);
    }
  }
});

Deno.test("decodeOtlp reads the comments and the id of 1.8", () => {
  const writer = new ProtobufWriter();
  writer.message(1, () =>
    writer.message(2, () =>
      writer.message(2, () => {
        writer.packed(7, [1, 2]);
        writer.bytes(8, new Uint8Array(16).fill(9));
      })));
  writer.message(
    1,
    () =>
      writer.message(
        2,
        () => writer.message(2, () => writer.packed(7, [1, 2])),
      ),
  );
  const ids = decodeOtlp(writer.toBytes()).resourceProfiles.map((
    { scopeProfiles },
  ) => scopeProfiles[0]!.profiles[0]!.profileId.toHex());
  assertEquals(ids, ["09".repeat(16), ""]);
});

Deno.test("encodeOtlp and encodeOtlpJson keep values of every type", () => {
  const values: OtlpProfiles["dictionary"]["attributeTable"][number][] = ([
    undefined,
    { type: "none" },
    { type: "string", value: "" },
    { type: "bool", value: false },
    { type: "bool", value: true },
    { type: "int", value: 0n },
    { type: "int", value: -(2n ** 63n) },
    { type: "double", value: 0 },
    { type: "double", value: -0.5 },
    { type: "double", value: Infinity },
    { type: "bytes", value: Uint8Array.of(0, 255) },
    { type: "bytes", value: new Uint8Array(0) },
    { type: "strindex", value: 0 },
    { type: "strindex", value: 3 },
    { type: "array", value: [{ type: "int", value: 1n }, { type: "none" }] },
    {
      type: "kvlist",
      value: [{
        key: "k",
        keyStrindex: 0,
        value: { type: "string", value: "v" },
      }],
    },
  ] as const).map((value) => ({ keyStrindex: 0, value, unitStrindex: 0 }));
  const message = otlpWith({}, { attributeTable: values });
  assertEquals(
    decodeOtlp(encodeOtlp(message)).dictionary.attributeTable,
    values,
  );
  assertEquals(
    decodeOtlpJson(encodeOtlpJson(message)).dictionary.attributeTable,
    values,
  );
});

Deno.test("encodeOtlpJson writes wide numbers as text and ids in hexadecimal", () => {
  const message = otlpWith({}, {
    linkTable: [{
      traceId: new Uint8Array(16).fill(0xab),
      spanId: new Uint8Array(8).fill(0xcd),
    }],
  });
  const json = JSON.parse(encodeOtlpJson(message));
  const [profile] = json.resourceProfiles[0].scopeProfiles[0].profiles;
  assertEquals(profile.timeUnixNano, "1700000000000000000");
  assertEquals(profile.samples[0].timestampsUnixNano[0], "1700000001000000000");
  assertEquals(json.dictionary.linkTable[0], {
    traceId: "ab".repeat(16),
    spanId: "cd".repeat(8),
  });
  assertEquals(json.dictionary.mappingTable[0], {});
});

Deno.test("decodeOtlpJson accepts numbers for text and ignores what it does not know", () => {
  const message = decodeOtlpJson(JSON.stringify({
    novelty: [1],
    resourceProfiles: [{
      scopeProfiles: [{
        profiles: [{ period: 5, samples: [{ values: ["7", 8], x: {} }] }],
      }],
    }],
  }));
  const [profile] = message.resourceProfiles[0]!.scopeProfiles[0]!.profiles;
  assertEquals(profile!.period, 5n);
  assertEquals([...profile!.samples[0]!.values], [7n, 8n]);
});

Deno.test("decodeOtlpJson names the member that is wrong", () => {
  const cases: [unknown, string][] = [
    [[], "message is []"],
    [{ resourceProfiles: 5 }, "resourceProfiles is 5"],
    [{ resourceProfiles: [null] }, "resourceProfiles is null"],
    [{ dictionary: { stringTable: [1] } }, "stringTable is 1"],
    [{ dictionary: { linkTable: [{ traceId: "x" }] } }, 'traceId is "x"'],
    [
      { dictionary: { mappingTable: [{ memoryStart: "0x1" }] } },
      'memoryStart is "0x1"',
    ],
    [
      { dictionary: { stackTable: [{ locationIndices: [1.5] }] } },
      "locationIndices is 1.5",
    ],
  ];
  for (const [json, text] of cases) {
    assertThrows(() => decodeOtlpJson(JSON.stringify(json)), FormatError, text);
  }
  assertThrows(() => decodeOtlpJson("{"), FormatError);
});

Deno.test("decodeOtlp and decodeOtlpJson refuse values that are nested too deeply", () => {
  const writer = new ProtobufWriter();
  const nest = (depth: number): void => {
    if (depth === 0) return;
    writer.message(5, () => writer.message(1, () => nest(depth - 1)));
  };
  writer.message(
    2,
    () => writer.message(6, () => writer.message(2, () => nest(40))),
  );
  assertThrows(
    () => decodeOtlp(writer.toBytes()),
    LimitError,
    "nested too deeply",
  );
  let value: unknown = { intValue: "1" };
  for (let depth = 0; depth < 40; depth++) {
    value = { arrayValue: { values: [value] } };
  }
  const json = JSON.stringify({ dictionary: { attributeTable: [{ value }] } });
  assertThrows(() => decodeOtlpJson(json), LimitError, "nested too deeply");
});

Deno.test("decodeOtlp keeps to its limits", () => {
  const bytes = otlpFixture("tiny");
  assertThrows(
    () => decodeOtlp(bytes, { limits: { maxQueuedRecords: 3 } }),
    LimitError,
  );
  assertThrows(
    () => decodeOtlp(bytes, { limits: { maxStringBytes: 10 } }),
    LimitError,
  );
});

Deno.test("decodeOtlp reads every cut message without another error than ours", () => {
  const bytes = otlpFixture("brokenstack");
  for (let end = 0; end < bytes.length; end++) {
    try {
      decodeOtlp(bytes.subarray(0, end));
    } catch (error) {
      assertEquals(error instanceof TruncatedError, true, `${end} ${error}`);
    }
  }
});

Deno.test("decodeOtlp survives damage of every kind", () => {
  const corpus = [otlpFixture("tiny"), otlpFixture("brokenstack")];
  for (const bytes of mutations(corpus, 10_000, 5)) {
    try {
      encodeOtlp(decodeOtlp(bytes));
    } catch (error) {
      if (error instanceof FormatError || error instanceof LimitError) continue;
      throw error;
    }
  }
});

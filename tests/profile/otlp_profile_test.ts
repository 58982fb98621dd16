import { assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FormatError, TruncatedError } from "../../src/base/errors.ts";
import type { UnixNs } from "../../src/base/time.ts";
import { collectBytes } from "../../src/container/collect_bytes.ts";
import { writeGzip } from "../../src/container/gzip.ts";
import { checkOtlp } from "../../src/profile/check_otlp.ts";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { otlpFromProfile } from "../../src/profile/otlp_from_profile.ts";
import { encodeOtlpJson } from "../../src/profile/otlp_json_encoder.ts";
import type {
  OtlpDictionary,
  OtlpProfiles,
} from "../../src/profile/otlp_types.ts";
import { profileFromOtlp } from "../../src/profile/profile_from_otlp.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { readOtlp } from "../../src/profile/read_otlp.ts";
import { sniffOtlp } from "../../src/profile/sniff_otlp.ts";
import { sniffPprof } from "../../src/profile/sniff_pprof.ts";
import type { Profile } from "../../src/profile/types.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { otlpFixture, otlpSample, otlpWith } from "./_otlp_samples.ts";

const REAL = "tracehandler/otlp/profile-v1.9.otlp";
const needsReal = requireSharedData(REAL);

async function readReal(stats?: DecodeStats): Promise<OtlpProfiles> {
  const bytes = await Deno.readFile(sharedData(REAL)!);
  const { messages } = await readOtlp(streamOf(bytes), { stats });
  assertEquals(messages.length, 1);
  return messages[0]!;
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Lines of stack and sum of the first column, sorted by bytes. */
function fold(profile: Profile): string {
  const { samples, stacks, frames, functions, mappings, strings } = profile;
  const sums = new Map<string, number>();
  for (let row = 0; row < samples.length; row++) {
    const names: string[] = [];
    for (
      let stack = samples.stack[row]!;
      stack >= 0;
      stack = stacks.prefix[stack]!
    ) {
      const frame = stacks.frame[stack]!;
      const fn = frames.function[frame]!;
      const name = fn < 0 ? "" : strings[functions.name[fn]!]!;
      names.push(
        name ||
          `${mappings[frames.mapping[frame]!]?.fileName ?? ""}+0x${
            frames.address[frame]!.toString(16)
          }`,
      );
    }
    const key = names.reverse().join(";");
    sums.set(key, (sums.get(key) ?? 0) + samples.values[0]![row]!);
  }
  return [...sums].map(([key, sum]) => `${key} ${sum}\n`).sort().join("");
}

function sumBy(
  profile: Profile,
  key: (row: number) => string,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (let row = 0; row < profile.samples.length; row++) {
    const name = key(row);
    sums[name] = (sums[name] ?? 0) + profile.samples.values[0]![row]!;
  }
  return sums;
}

testWith(
  "readOtlp finds what a real agent wrote in the layout of 1.9",
  [needsReal],
  async () => {
    const stats = new DecodeStats();
    const { resourceProfiles, dictionary } = await readReal(stats);
    assertEquals(stats.get("otlp_old_layout"), 4);
    assertEquals(stats.hasLoss, false);
    const sizes = (Object.keys(dictionary) as (keyof OtlpDictionary)[]).map((
      table,
    ) => [table, dictionary[table].length]);
    assertEquals(Object.fromEntries(sizes), {
      mappingTable: 11,
      locationTable: 301,
      functionTable: 191,
      linkTable: 1,
      stringTable: 284,
      attributeTable: 67,
      stackTable: 50,
    });
    const profiles = resourceProfiles.flatMap(({ scopeProfiles }) =>
      scopeProfiles.flatMap(({ profiles }) => profiles)
    );
    assertEquals(
      profiles.map(({ samples }) => [
        samples.length,
        samples.reduce(
          (sum, { timestampsUnixNano }) => sum + timestampsUnixNano.length,
          0,
        ),
      ]),
      [[28, 168], [11, 11], [5, 5], [5, 5]],
    );
    for (const profile of profiles) {
      assertEquals(profile.period, 50000000n);
      assertEquals(profile.profileId.length, 0);
      assertEquals(profile.samples.every(({ values }) => !values.length), true);
    }
    assertEquals(profiles[0]!.timeUnixNano, 1761887343253558841n);
    assertEquals(profiles[0]!.durationNano, 5849910424n);
    const counts = profiles.flatMap(({ samples }) =>
      samples.map(({ attributeIndices }) => attributeIndices.length)
    );
    assertEquals(counts.filter((count) => count === 5).length, 48);
    assertEquals(counts.filter((count) => count === 6).length, 1);
  },
);

testWith(
  "profileFromOtlp makes the profile of a real agent",
  [needsReal],
  async () => {
    const profile = profileFromOtlp([await readReal()]);
    assertEquals(checkProfile(profile), []);
    const { samples, threads, frames, strings, stacks } = profile;
    assertEquals(profile.valueTypes, [
      { type: "samples", unit: "count" },
      { type: "cpu", unit: "nanoseconds" },
    ]);
    assertEquals(samples.length, 189);
    assertEquals(profile.startTime, 1761887343203491639n as UnixNs);
    assertEquals(
      profile.startTime! + BigInt(profile.durationNs),
      1761887349103469265n,
    );
    assertEquals(
      sumBy(profile, (row) => threads[samples.thread[row]!]!.name),
      {
        "Thread-1": 60,
        "Thread-2": 68,
        "Thread-0": 40,
        agent: 5,
        PerformanceTest: 5,
        "system-probe": 4,
        node: 5,
        "process-agent": 2,
      },
    );
    const kinds: Record<string, number> = {};
    let deepest = 0;
    for (let row = 0; row < samples.length; row++) {
      let depth = 0;
      for (let at = samples.stack[row]!; at >= 0; at = stacks.prefix[at]!) {
        const kind = strings[frames.kind[stacks.frame[at]!]!]!;
        kinds[kind] = (kinds[kind] ?? 0) + 1;
        depth++;
      }
      deepest = Math.max(deepest, depth);
    }
    assertEquals(kinds, {
      native: 1568,
      jvm: 1188,
      go: 144,
      kernel: 68,
      v8js: 36,
    });
    assertEquals(deepest, 52);
    const first = threads[samples.thread[0]!]!;
    assertEquals(first, {
      pid: 236982,
      tid: 237382,
      name: "Thread-1",
      processName: "java",
    });
    const path = profile.labelSets[samples.labels[0]!]!.find(({ key }) =>
      key === "process.executable.path"
    );
    assertEquals(path?.value, "/usr/local/openjdk-17/bin/java");
    const folded = fold(profile);
    assertEquals([folded.split("\n").length - 1, folded.length], [42, 22290]);
    assertEquals(
      await sha256(folded),
      "399154ef5c11a884108b70bb377ccc46b9cb2428075ccf6de72d30b59d95f3b2",
    );
  },
);

testWith(
  "checkOtlp warns of the times that lie at the end of a real agent's profiles",
  [needsReal],
  async () => {
    const { findings, errorCount, warningCount } = checkOtlp(await readReal());
    assertEquals([errorCount, warningCount], [0, 4]);
    for (const { path, message } of findings) {
      assertEquals(path.endsWith(".timestamps_unix_nano"), true);
      assertEquals(message.startsWith("1 of "), true, message);
    }
  },
);

testWith(
  "otlpFromProfile keeps all of a real agent's profile",
  [needsReal],
  async () => {
    const profile = profileFromOtlp([await readReal()]);
    const message = otlpFromProfile(profile);
    assertEquals(checkOtlp(message).findings, []);
    const again = profileFromOtlp([decodeOtlp(encodeOtlp(message))]);
    assertEquals(fold(again), fold(profile));
    assertEquals(again.valueTypes, profile.valueTypes);
    assertEquals(again.startTime, profile.startTime);
    const describe = (each: Profile) =>
      sumBy(each, (row) => {
        const labels = each.labelSets[each.samples.labels[row]!]!;
        return JSON.stringify([
          each.threads[each.samples.thread[row]!],
          labels.map(({ key, value }) => [key, value]),
        ]);
      });
    assertEquals(describe(again), describe(profile));
  },
);

function smallProfile(
  options: { timed?: boolean; startTime?: UnixNs } = {},
): ProfileBuilder {
  const builder = new ProfileBuilder({
    valueTypes: [
      { type: "samples", unit: "count" },
      { type: "cpu", unit: "nanoseconds" },
    ],
    timed: options.timed,
  });
  const { facts } = builder;
  facts.periodType = { type: "cpu", unit: "nanoseconds" };
  facts.period = 10;
  facts.startTime = options.startTime;
  return builder;
}

Deno.test("otlpFromProfile leaves out a column that is another times the period", () => {
  const builder = smallProfile();
  builder.addSample(-1, -1, [3, 30]);
  const types = (each: ProfileBuilder) => {
    const { resourceProfiles, dictionary } = otlpFromProfile(each.build());
    return resourceProfiles[0]!.scopeProfiles[0]!.profiles.map((
      { sampleType },
    ) => dictionary.stringTable[sampleType!.typeStrindex]);
  };
  assertEquals(types(builder), ["samples"]);
  builder.addSample(-1, -1, [1, 11]);
  assertEquals(types(builder), ["samples", "cpu"]);
});

Deno.test("amounts that are measured are not counted from the period as well", () => {
  const builder = smallProfile();
  builder.addSample(-1, -1, [3, 30]);
  builder.addSample(-1, -1, [1, 11]);
  const message = otlpFromProfile(builder.build());
  const profiles = message.resourceProfiles[0]!.scopeProfiles[0]!.profiles;
  assertEquals(profiles.map(({ period }) => period), [0n, 0n]);
  const sums = (each: Profile) =>
    each.samples.values.map((column) => column.reduce((a, b) => a + b, 0));
  assertEquals(sums(profileFromOtlp([message])), [4, 41]);
  // Others write the period all the same.
  const [{ sampleType }] = [profiles[1]!];
  const foreign = {
    ...message,
    resourceProfiles: message.resourceProfiles.map((resource) => ({
      ...resource,
      scopeProfiles: resource.scopeProfiles.map((scope) => ({
        ...scope,
        profiles: scope.profiles.map((each) => ({
          ...each,
          periodType: sampleType,
          period: 10n,
        })),
      })),
    })),
  };
  assertEquals(sums(profileFromOtlp([foreign])), [4, 41]);
});

Deno.test("otlpFromProfile writes sums where the start is not known", () => {
  const builder = smallProfile({ timed: true });
  builder.addSample(-1, -1, [1, 10], { timeNs: 5 });
  builder.addSample(-1, -1, [1, 10], { timeNs: 7 });
  const read = (profile: Profile) => {
    const [made] = otlpFromProfile(profile).resourceProfiles[0]!
      .scopeProfiles[0]!.profiles;
    const { values, timestampsUnixNano } = made!.samples[0]!;
    return [[...values], [...timestampsUnixNano], made!.timeUnixNano];
  };
  assertEquals(read(builder.build()), [[2n], [], 0n]);
  builder.facts.startTime = 100n as UnixNs;
  assertEquals(read(builder.build()), [[], [105n, 107n], 100n]);
});

Deno.test("otlpFromProfile covers all times with the window, the last one too", () => {
  const builder = smallProfile({ timed: true, startTime: 100n as UnixNs });
  builder.facts.durationNs = 7;
  builder.addSample(-1, -1, [1, 10], { timeNs: -3 });
  builder.addSample(-1, -1, [1, 10], { timeNs: 7 });
  const message = otlpFromProfile(builder.build());
  const [profile] = message.resourceProfiles[0]!.scopeProfiles[0]!.profiles;
  assertEquals([profile!.timeUnixNano, profile!.durationNano], [97n, 11n]);
  assertEquals(checkOtlp(message).findings, []);
});

Deno.test("otlpFromProfile pairs values with times and never sorts them apart", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "off_cpu", unit: "nanoseconds" }],
    timed: true,
  });
  builder.facts.startTime = 1000n as UnixNs;
  for (const [value, timeNs] of [[7, 50], [3, 20], [9, 40]] as const) {
    builder.addSample(-1, -1, [value], { timeNs });
  }
  const [profile] = otlpFromProfile(builder.build()).resourceProfiles[0]!
    .scopeProfiles[0]!.profiles;
  const [sample] = profile!.samples;
  assertEquals([...sample!.values], [7n, 3n, 9n]);
  assertEquals([...sample!.timestampsUnixNano], [1050n, 1020n, 1040n]);
});

Deno.test("otlpFromProfile tells processes, threads, labels and spans apart", () => {
  const builder = smallProfile();
  const label = (key: string, value: string | number) =>
    builder.internLabels([{ key, value, unit: "" }]);
  const one = builder.internThread({ pid: 1, tid: 1, name: "a" });
  const two = builder.internThread({ pid: 1, tid: 2, name: "b" });
  const other = builder.internThread({ pid: 2, tid: 1, processName: "app" });
  for (const thread of [one, two, other, one]) {
    builder.addSample(-1, thread, [1, 10]);
  }
  builder.addSample(-1, one, [1, 10], { labels: label("tenant", "acme") });
  builder.addSample(-1, one, [1, 10], { labels: label("cpu", 3) });
  builder.addSample(-1, one, [1, 10], { labels: label("container.id", "c") });
  builder.addSample(-1, one, [1, 10], {
    labels: builder.internLabels([
      { key: "trace_id", value: "1".repeat(32), unit: "" },
      { key: "span_id", value: "2".repeat(16), unit: "" },
    ]),
  });
  const message = otlpFromProfile(builder.build(), { prefixLabels: true });
  const { resourceProfiles, dictionary } = message;
  assertEquals(
    resourceProfiles.map(({ attributes }) =>
      attributes.map(({ key, value }) => [
        key,
        value !== undefined && "value" in value ? value.value : undefined,
      ])
    ),
    [
      [["process.pid", 1n]],
      [["process.pid", 2n], ["process.executable.name", "app"]],
      [["container.id", "c"], ["process.pid", 1n]],
    ],
  );
  const [first] = resourceProfiles[0]!.scopeProfiles[0]!.profiles;
  const described = first!.samples.map((sample) => [
    ...sample.attributeIndices.map((index) => {
      const { keyStrindex, value } = dictionary.attributeTable[index]!;
      return `${dictionary.stringTable[keyStrindex]}=${
        value !== undefined && "value" in value ? value.value : ""
      }`;
    }),
    sample.linkIndex,
    Number(sample.values[0]),
  ]);
  assertEquals(described, [
    ["thread.name=a", "thread.id=1", 0, 2],
    ["thread.name=b", "thread.id=2", 0, 1],
    [
      "process.context.label.tenant=acme",
      "thread.name=a",
      "thread.id=1",
      0,
      1,
    ],
    ["thread.name=a", "thread.id=1", "cpu.logical_number=3", 0, 1],
    ["thread.name=a", "thread.id=1", 1, 1],
  ]);
  assertEquals(dictionary.linkTable[1]!.spanId.toHex(), "2".repeat(16));
  assertEquals(checkOtlp(message).findings, []);
  const again = profileFromOtlp([message]);
  const labels = again.labelSets.flat().map(({ key }) => key);
  assertEquals(
    new Set(labels),
    new Set(["tenant", "cpu", "container.id", "trace_id", "span_id"]),
  );
});

Deno.test("otlpFromProfile links no sample without both trace and span", () => {
  const builder = smallProfile();
  for (const key of ["trace_id", "span_id"]) {
    builder.addSample(-1, -1, [1, 10], {
      labels: builder.internLabels([{
        key,
        value: "1".repeat(key === "trace_id" ? 32 : 16),
        unit: "",
      }]),
    });
  }
  const message = otlpFromProfile(builder.build());
  assertEquals(message.dictionary.linkTable.length, 1);
  const again = profileFromOtlp([message]);
  assertEquals(again.labelSets.flat().map(({ key }) => key), [
    "trace_id",
    "span_id",
  ]);
});

Deno.test("otlpFromProfile writes no profile of a kind that a process has none of", () => {
  const builder = new ProfileBuilder({
    valueTypes: [
      { type: "samples", unit: "count" },
      { type: "off_cpu", unit: "nanoseconds" },
    ],
  });
  builder.addSample(-1, builder.internThread({ pid: 1 }), [1, 0]);
  builder.addSample(-1, builder.internThread({ pid: 2 }), [0, 50]);
  const { resourceProfiles, dictionary } = otlpFromProfile(builder.build());
  assertEquals(
    resourceProfiles.map(({ scopeProfiles }) =>
      scopeProfiles[0]!.profiles.map(({ sampleType }) =>
        dictionary.stringTable[sampleType!.typeStrindex]
      )
    ),
    [["samples"], ["off_cpu"]],
  );
});

Deno.test("profileFromOtlp takes ids of zeros for none", () => {
  const message = otlpWith({ samples: [otlpSample({ linkIndex: 1 })] }, {
    linkTable: [
      { traceId: new Uint8Array(16), spanId: new Uint8Array(8) },
      { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8) },
    ],
  });
  const labels = profileFromOtlp([message]).labelSets.flat();
  assertEquals(
    labels.filter(({ key }) => /^(?:trace|span)_id$/.test(key)),
    [{ key: "trace_id", value: "01".repeat(16), unit: "" }],
  );
});

Deno.test("otlpFromProfile makes inlined frames lines of one location", () => {
  const builder = smallProfile();
  const frame = (name: string, inlined: boolean) =>
    builder.internFrame({
      function: builder.internFunction({ name }),
      address: 16,
      inlined,
    });
  let stack = builder.internStack(-1, frame("main", false));
  stack = builder.internStack(stack, frame("outer", false));
  stack = builder.internStack(stack, frame("middle", true));
  stack = builder.internStack(stack, frame("inner", true));
  builder.addSample(stack, -1, [1, 10]);
  const message = otlpFromProfile(builder.build());
  const { locationTable, functionTable, stringTable } = message.dictionary;
  assertEquals(
    locationTable.map(({ lines }) =>
      lines.map(({ functionIndex }) =>
        stringTable[functionTable[functionIndex]!.nameStrindex]
      )
    ),
    [[], ["inner", "middle", "outer"], ["main"]],
  );
  const again = profileFromOtlp([message]);
  assertEquals(fold(again), "main;outer;middle;inner 1\n");
  assertEquals([...again.frames.inlined], [0, 0, 1, 1]);
});

Deno.test("otlpFromProfile adds attributes to resources that lack them", () => {
  const builder = smallProfile();
  const labels = builder.internLabels([
    { key: "service.name", value: "own", unit: "" },
  ]);
  builder.addSample(-1, -1, [1, 10]);
  builder.addSample(-1, -1, [1, 10], { labels });
  const { resourceProfiles } = otlpFromProfile(builder.build(), {
    resourceAttributes: { "service.name": "given", "host.name": "h" },
  });
  const names = resourceProfiles.map(({ attributes }) =>
    attributes.map(({ value }) =>
      value !== undefined && "value" in value ? value.value : ""
    )
  );
  assertEquals(names, [["given", "h"], ["own", "h"]]);
});

Deno.test("profileFromOtlp goes on where an index leads nowhere", () => {
  const stats = new DecodeStats();
  const message = otlpWith({
    samples: [
      otlpSample({ stackIndex: 9 }),
      otlpSample({ attributeIndices: [99], linkIndex: 7 }),
      otlpSample({ stackIndex: -1 }),
    ],
  }, {
    stackTable: [[], [1, 77]],
    locationTable: [
      { mappingIndex: 0, address: 0n, lines: [], attributeIndices: [] },
      {
        mappingIndex: 5,
        address: 1n,
        lines: [{ functionIndex: 8, line: 0n, column: 0n }],
        attributeIndices: [],
      },
    ],
  });
  const profile = profileFromOtlp([message], { stats });
  assertEquals(profile.samples.length, 3);
  assertEquals(fold(profile), "[bad index] 2\n[bad index];[bad index] 1\n");
  assertEquals(stats.hasLoss, true);
  assertEquals(
    stats.entries()[0]?.firstDetail,
    "dictionary.stack_table has 2 entries, index is 9",
  );
});

Deno.test("profileFromOtlp leaves out samples whose values and times do not match", () => {
  const stats = new DecodeStats();
  const times = BigUint64Array.of(5n, 6n);
  const message = otlpWith({
    samples: [
      otlpSample({ values: BigInt64Array.of(1n), timestampsUnixNano: times }),
      otlpSample({ timestampsUnixNano: new BigUint64Array(0) }),
      otlpSample({
        values: BigInt64Array.of(1n, 2n),
        timestampsUnixNano: times,
      }),
    ],
  });
  const profile = profileFromOtlp([message], { stats });
  assertEquals(stats.get("otlp_bad_sample"), 2);
  assertEquals([...profile.samples.values[0]!], [3]);
});

Deno.test("profileFromOtlp gives kinds of profiles columns of their own", () => {
  const message = otlpWith();
  const { stringTable } = message.dictionary;
  const offCpu = {
    ...message.resourceProfiles[0]!.scopeProfiles[0]!.profiles[0]!,
    sampleType: {
      typeStrindex: stringTable.length,
      unitStrindex: 2,
    },
    periodType: undefined,
    period: 0n,
    samples: [otlpSample({ values: BigInt64Array.of(123n) })],
  };
  const [resource] = message.resourceProfiles;
  const profile = profileFromOtlp([{
    resourceProfiles: [{
      ...resource!,
      scopeProfiles: [{
        ...resource!.scopeProfiles[0]!,
        profiles: [...resource!.scopeProfiles[0]!.profiles, offCpu],
      }],
    }],
    dictionary: {
      ...message.dictionary,
      stringTable: [...stringTable, "off_cpu"],
    },
  }]);
  assertEquals(profile.valueTypes.map(({ type }) => type), [
    "samples",
    "cpu",
    "off_cpu",
  ]);
  const [counts, cpu, off] = profile.samples.values;
  assertEquals([...counts!], [1, 1, 0]);
  assertEquals([...cpu!], [50000000, 50000000, 0]);
  assertEquals([...off!], [0, 0, 123]);
});

Deno.test("profileFromOtlp makes an empty profile of no message", () => {
  assertEquals(checkProfile(profileFromOtlp([])), []);
});

Deno.test("checkOtlp finds nothing in the encodings of the tests", () => {
  for (const name of ["tiny", "brokenstack", "node1610"]) {
    assertEquals(checkOtlp(decodeOtlp(otlpFixture(name))).findings, [], name);
  }
});

Deno.test("checkOtlp finds what the specification forbids", () => {
  const found = (message: OtlpProfiles) =>
    checkOtlp(message).findings.map(({ severity, path, message }) =>
      `${severity} ${path}: ${message}`.replace(
        "resource_profiles[0].scope_profiles[0].profiles[0]",
        "P",
      )
    );
  const tiny = otlpWith();
  const { dictionary } = tiny;
  assertEquals(found({ ...tiny, resourceProfiles: [] }), [
    "error resource_profiles: is empty",
  ]);
  assertEquals(
    found(otlpWith({}, { stringTable: [] }))[0]?.split(":")[0],
    "error P.sample_type.type_strindex",
  );
  assertEquals(
    found(
      otlpWith({}, { stringTable: ["x", ...dictionary.stringTable.slice(1)] }),
    ),
    ["error dictionary.string_table[0]: is not empty"],
  );
  assertEquals(
    found(otlpWith({}, {
      stringTable: [...dictionary.stringTable, "main"],
    })),
    ["error dictionary.string_table[13]: repeats entry 5"],
  );
  assertEquals(
    found(otlpWith({}, { linkTable: [] })),
    ["error dictionary.link_table: is empty"],
  );
  assertEquals(
    found(otlpWith({}, {
      linkTable: [...dictionary.linkTable, {
        traceId: new Uint8Array(15).fill(1),
        spanId: new Uint8Array(8).fill(1),
      }],
    })),
    ["error dictionary.link_table[1].trace_id: has 15 bytes, expected 16"],
  );
  const [, mapping] = dictionary.mappingTable;
  assertEquals(
    found(otlpWith({}, {
      mappingTable: [dictionary.mappingTable[0]!, {
        ...mapping!,
        memoryLimit: mapping!.memoryStart,
      }],
    })),
    ["error dictionary.mapping_table[1]: starts at 0x1000 and ends at 0x1000"],
  );
  assertEquals(
    found(otlpWith({ samples: [otlpSample({ attributeIndices: [3, 3] })] })),
    ['error P.samples[0].attribute_indices[1]: repeats key "thread.name"'],
  );
  assertEquals(
    found(otlpWith({
      samples: [
        otlpSample(),
        otlpSample({ stackIndex: 5 }),
        otlpSample({ linkIndex: -1, values: BigInt64Array.of(1n) }),
      ],
    })),
    [
      "error P.samples[1].stack_index: is 5, stack_table has 2 entries",
      "error P.samples[2].link_index: is -1, link_table has 1 entries",
      "error P.samples: some have values or timestamps that others lack",
    ],
  );
  assertEquals(found(otlpWith({ samples: [otlpSample(), otlpSample()] })), [
    "warning P.samples: 1 repeat stack, attributes and link of another one",
  ]);
  assertEquals(found(otlpWith({ durationNano: 1000000000n })), [
    "warning P.samples[0].timestamps_unix_nano: 2 of 2 lie outside of 1700000000000000000 to 1700000000999999999, first 1700000001000000000",
  ]);
  assertEquals(
    found(otlpWith({
      profileId: new Uint8Array(16),
      originalPayloadFormat: "pprof",
      sampleType: undefined,
    })),
    [
      "error P.sample_type: is missing",
      "error P.profile_id: is all zero",
      "error P.original_payload: payload and its format must come together",
    ],
  );
});

Deno.test("checkOtlp lists no more findings than it is told to", () => {
  const samples = Array.from(
    { length: 50 },
    () => otlpSample({ stackIndex: 9 }),
  );
  const { findings, errorCount } = checkOtlp(otlpWith({ samples }), {
    maxFindings: 3,
  });
  assertEquals([findings.length, errorCount], [3, 50]);
});

Deno.test("sniffOtlp knows messages, framed messages and JSON, and no pprof", () => {
  const heads: Uint8Array[] = ["tiny", "brokenstack", "node1610"].map((name) =>
    otlpFixture(name)
  );
  const json = new TextEncoder().encode(
    encodeOtlpJson(decodeOtlp(heads[0]!)),
  );
  const dictionaryFirst = concatBytes([
    Uint8Array.of(0x12, 0x08, 0x3a, 0, 0x32, 2, 0x12, 0, 0x2a, 0),
    heads[0]!,
  ]);
  for (const head of [...heads, json, dictionaryFirst, framed(heads[0]!)]) {
    assertEquals(sniffOtlp(head.subarray(0, 4096)), true);
    assertEquals(sniffPprof(head), false);
  }
  for (const text of ["", "{}", '{"a":1}', "\n\n", "PERFILE2"]) {
    assertEquals(sniffOtlp(new TextEncoder().encode(text)), false, text);
  }
});

testWith(
  "sniffOtlp knows a real agent's file and leaves pprof alone",
  [needsReal, requireSharedData("tracehandler/pprof")],
  async () => {
    const real = await Deno.readFile(sharedData(REAL)!);
    assertEquals(sniffOtlp(real.subarray(0, 4096)), true);
    const tiny = sharedData("tracehandler/pprof/tiny.expected.pb")!;
    assertEquals(sniffOtlp(await Deno.readFile(tiny)), false);
  },
);

function framed(...messages: Uint8Array[]): Uint8Array {
  return concatBytes(messages.flatMap((message) => {
    const prefix = new Uint8Array(4);
    new DataView(prefix.buffer).setUint32(0, message.length);
    return [prefix, message];
  }));
}

Deno.test("readOtlp reads messages behind their lengths and on lines", async () => {
  const tiny = otlpFixture("tiny");
  const node = otlpFixture("node1610");
  const json = [tiny, node].map((bytes) => encodeOtlpJson(decodeOtlp(bytes)));
  const read = async (bytes: Uint8Array) => {
    const { messages, encoding, isFramed } = await readOtlp(
      streamOf(bytes, 100),
    );
    return [
      messages.map((each) => encodeOtlp(each).length),
      encoding,
      isFramed,
    ];
  };
  assertEquals(await read(tiny), [[429], "protobuf", false]);
  assertEquals(await read(framed(tiny, node)), [[429, 1935], "protobuf", true]);
  assertEquals(
    await read(new TextEncoder().encode(json.join("\n"))),
    [[429, 1935], "json", true],
  );
  const pretty = JSON.stringify(JSON.parse(json[0]!), null, 2);
  assertEquals(await read(new TextEncoder().encode(pretty)), [
    [429],
    "json",
    false,
  ]);
  const packed = await collectBytes(writeGzip([framed(tiny)]), {
    maxBytes: 1e6,
    what: "test",
  });
  assertEquals(await read(packed), [[429], "protobuf", true]);
});

Deno.test("readOtlp keeps the messages before a broken length", async () => {
  const tiny = otlpFixture("tiny");
  for (const tail of [Uint8Array.of(0, 0, 9, 9), Uint8Array.of(0)]) {
    const stats = new DecodeStats();
    const { messages } = await readOtlp(
      streamOf(concatBytes([framed(tiny), tail])),
      { stats },
    );
    assertEquals(messages.length, 1);
    const lost = stats.entries().find(({ name }) =>
      name === "otlp_framing_lost"
    );
    assertEquals(lost?.firstOffset, 433);
  }
  await assertRejects(
    () => readOtlp(streamOf(framed(tiny).subarray(0, 400))),
    TruncatedError,
  );
  await assertRejects(
    () => readOtlp(streamOf(new TextEncoder().encode("{"))),
    FormatError,
  );
});

Deno.test("readOtlp tells where messages begin and leaves out damaged ones", async () => {
  const tiny = otlpFixture("tiny");
  const bad = Uint8Array.of(0x0a, 5, 0x12);
  const line = encodeOtlpJson(decodeOtlp(tiny));
  const read = async (bytes: Uint8Array) => {
    const stats = new DecodeStats();
    const { positions } = await readOtlp(streamOf(bytes), { stats });
    const [fault] = stats.entries().filter(({ name }) =>
      name === "otlp_message_damaged"
    );
    return { positions, count: fault?.count, offset: fault?.firstOffset };
  };
  assertEquals(await read(framed(tiny, bad, tiny)), {
    positions: [4, 444],
    count: 1,
    offset: 437,
  });
  const lines = `${line}\n\n{"resourceProfiles":[]}\n{"resourceProfiles":1}`;
  assertEquals(await read(new TextEncoder().encode(lines)), {
    positions: [1, 3],
    count: 1,
    offset: undefined,
  });
  const error = await assertRejects(
    () => readOtlp(streamOf(framed(bad, bad))),
    FormatError,
  );
  assertEquals(error.offset, 6);
});

Deno.test("profileFromOtlp survives damage of every kind", () => {
  const corpus = [otlpFixture("tiny"), otlpFixture("brokenstack")];
  for (const bytes of mutations(corpus, 10_000, 17)) {
    let message: OtlpProfiles;
    try {
      message = decodeOtlp(bytes);
    } catch {
      continue;
    }
    const profile = profileFromOtlp([message], { stats: new DecodeStats() });
    assertEquals(checkProfile(profile), []);
    checkOtlp(message);
    encodeOtlp(otlpFromProfile(profile));
  }
});

import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { ProtobufWriter } from "../../src/codec/protobuf_writer.ts";
import { frameName } from "../../src/profile/frame_name.ts";
import { decodePprof } from "../../src/profile/pprof_decoder.ts";
import { encodePprof } from "../../src/profile/pprof_encoder.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import { readPprof } from "../../src/profile/read_pprof.ts";
import { sniffPprof } from "../../src/profile/sniff_pprof.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writePprof } from "../../src/profile/write_pprof.ts";
import {
  bytesOf,
  collectStream,
  concatBytes,
  streamOf,
} from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { readPprofWithPeer } from "../support/pprof_peer.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { sha256Hex } from "../support/sha256.ts";

/** The message of one sample that the description of the format gives, 205 bytes. */
const TINY = Uint8Array.fromHex(
  "0a04080110020a040803100412170a0201021205038087a70e1a04080810091a04080a18" +
    "2a1a10080110808080021880a0800228073801220d080110011890808002220208012" +
    "20f0802100118a08080022204080210072a060801100618062a060802100518053200" +
    "320773616d706c65733205636f756e743203637075320b6e616e6f7365636f6e64733" +
    "2046d61696e32046c65616632082f62696e2f61707032067468726561643202743132" +
    "03746964488080a8b1e39fe7cb17508094ebdc035a04080310046080ade204",
);

function encode(profile: Profile): Uint8Array<ArrayBuffer> {
  return concatBytes([...encodePprof(profile)]);
}

/** A message with one value type and the strings "", samples, count, then those given. */
function message(
  write: (writer: ProtobufWriter) => void,
  strings: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    writer.uint(1, 1);
    writer.uint(2, 2);
  });
  write(writer);
  for (const text of ["", "samples", "count", ...strings]) {
    writer.element(6, text);
  }
  return writer.toBytes();
}

function stackNames(profile: Profile, stack: number): string[] {
  const names: string[] = [];
  for (let at = stack; at >= 0; at = profile.stacks.prefix[at]!) {
    names.push(frameName(profile, profile.stacks.frame[at]!));
  }
  return names.reverse();
}

Deno.test("decodePprof reads all parts of the example of the format", async () => {
  assertEquals(
    await sha256Hex(TINY),
    "62d03cddee4e4bcbd91cfccb0d1268de52f2202ecbe22e5e0abfffc60431cff3",
  );
  const profile = decodePprof(TINY);
  assertEquals(profile.valueTypes, [
    { type: "samples", unit: "count" },
    { type: "cpu", unit: "nanoseconds" },
  ]);
  assertEquals(profile.defaultValueType, 1);
  assertEquals(profile.startTime, 1700000000000000000n as never);
  assertEquals(profile.durationNs, 1e9);
  assertEquals(profile.periodType, { type: "cpu", unit: "nanoseconds" });
  assertEquals(profile.period, 10_000_000);
  assertEquals(profile.mappings, [{
    start: 0x400000n,
    end: 0x401000n,
    fileOffset: 0n,
    fileName: "/bin/app",
    buildId: "",
  }]);
  assertEquals(stackNames(profile, profile.samples.stack[0]!), [
    "main",
    "leaf",
  ]);
  assertEquals(profile.samples.values.map((column) => column[0]), [
    3,
    30_000_000,
  ]);
  assertEquals(profile.labelSets[profile.samples.labels[0]!], [
    { key: "thread", value: "t1", unit: "" },
    { key: "tid", value: 42, unit: "" },
  ]);
  assertEquals(profile.threads, [
    { pid: undefined, tid: 42, name: "t1", processName: "" },
  ]);
  assertEquals(profile.frames.line[1], 7);
  assertEquals(profile.frames.address[0], 0x400010n);
});

Deno.test("encodePprof gives the bytes of the example of the format", () => {
  assertEquals(encode(decodePprof(TINY)).toHex(), TINY.toHex());
});

Deno.test("encodePprof and decodePprof keep everything that pprof can hold", () => {
  const profile = exampleProfile();
  const bytes = encode(profile);
  const again = decodePprof(bytes);
  assertEquals(encode(again), bytes, "the second round changes nothing");
  assertEquals(again.valueTypes, profile.valueTypes);
  assertEquals(again.defaultValueType, profile.defaultValueType);
  assertEquals(again.comments, profile.comments);
  assertEquals(again.startTime, profile.startTime);
  assertEquals(again.durationNs, profile.durationNs);
  assertEquals(again.periodType, profile.periodType);
  assertEquals(again.dropFrames, profile.dropFrames);
  assertEquals(again.keepFrames, profile.keepFrames);
  assertEquals(again.docUrl, profile.docUrl);
  assertEquals(again.samples.length, profile.samples.length);
  for (let row = 0; row < profile.samples.length; row++) {
    assertEquals(
      stackNames(again, again.samples.stack[row]!),
      stackNames(profile, profile.samples.stack[row]!),
    );
    assertEquals(
      again.samples.values.map((column) => column[row]),
      profile.samples.values.map((column) => column[row]),
    );
    assertEquals(
      again.threads[again.samples.thread[row]!],
      profile.threads[profile.samples.thread[row]!],
    );
  }
  assertEquals([...again.frames.inlined].filter(Boolean).length, 2);
  assertEquals(
    again.functions.startLine.includes(17),
    true,
    "start lines survive",
  );
});

Deno.test("encodePprof gives equal bytes for equal profiles", async () => {
  const first = await bytesOf(writePprof(exampleProfile()));
  const second = await bytesOf(writePprof(exampleProfile()));
  assertEquals(first, second);
});

Deno.test("writePprof leaves the message as it is where no packing is wanted", async () => {
  const bytes = await bytesOf(
    writePprof(exampleProfile(), { compress: false }),
  );
  assertEquals(bytes, encode(exampleProfile()));
});

Deno.test("decodePprof finds the thread under the names that profilers use", () => {
  const threadOf = (
    labels: readonly (readonly [string, string | number])[],
  ) => {
    const builder = new ProfileBuilder({
      valueTypes: [{ type: "samples", unit: "count" }],
    });
    const set = builder.internLabels(
      labels.map(([key, value]) => ({ key, value, unit: "" })),
    );
    builder.addSample(-1, -1, [1], { labels: set });
    const { threads } = decodePprof(encode(builder.build()));
    return threads.map(({ tid, name, pid, processName }) => [
      tid,
      name,
      pid,
      processName,
    ]);
  };
  assertEquals(threadOf([["thread_id", 5], ["thread_name", "main"]]), [
    [5, "main", undefined, ""],
  ]);
  assertEquals(threadOf([["thread id", "77"], ["process_id", 8]]), [
    [77, "", 8, ""],
  ]);
  assertEquals(threadOf([["thread", 9]]), [[9, "", undefined, ""]]);
  assertEquals(threadOf([["thread.name", "x"], ["process", "app"]]), [
    [undefined, "x", undefined, "app"],
  ]);
  assertEquals(threadOf([["tid", -1], ["bytes", 9]]), []);
});

Deno.test("writePprof is understood by an independent reader", async () => {
  const peer = await readPprofWithPeer(
    await bytesOf(writePprof(exampleProfile())),
  );
  assertEquals(peer.sampleTypes, [
    "samples/count",
    "wall/nanoseconds",
    "managed/nanoseconds",
  ]);
  assertEquals(peer.defaultSampleType, "wall");
  assertEquals(peer.periodType, "wall/nanoseconds");
  assertEquals(peer.period, 1_000_000n);
  assertEquals(peer.timeNs, 1_700_000_000_000_000_000n);
  assertEquals(peer.comments, ["made by a test"]);
  const inlined = peer.samples[2]!;
  assertEquals(inlined.frames.map(({ name }) => name), [
    "main",
    "outer",
    "middle",
    "inner",
    "leaf",
  ]);
  const { address: a, mapping: m } = inlined.frames[1]!;
  assertEquals([a, m], [0x401100n, "/bin/app"], "one address for all three");
  assertEquals(inlined.labels, [
    "endpoint=/a;b",
    "pid=7",
    "process=app",
    "size=4096 bytes",
    "thread=worker",
    "tid=71",
  ]);
});

Deno.test("encodePprof sums the samples of a timed profile", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
    timed: true,
  });
  for (let index = 0; index < 5; index++) {
    builder.addSample(-1, -1, [2], { timeNs: index });
  }
  const { samples } = decodePprof(encode(builder.build()));
  assertEquals([samples.length, samples.values[0]![0]], [1, 10]);
});

Deno.test("encodePprof says that there are no samples", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  const profile = decodePprof(encode(builder.build()));
  assertEquals(profile.samples.length, 0);
  assertEquals(profile.comments, ["no samples"]);
});

Deno.test("encodePprof writes only what samples use", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  for (const name of ["unused", "used"]) {
    const frame = builder.internFrame({
      function: builder.internFunction({ name }),
    });
    const stack = builder.internStack(-1, frame);
    if (name === "used") builder.addSample(stack, -1, [1]);
  }
  const profile = decodePprof(encode(builder.build()));
  assertEquals(profile.functions.length, 1);
  assertEquals(profile.strings.includes("unused"), false);
});

Deno.test("encodePprof rounds fractions, keeps signs and cuts what 64 bits cannot hold", () => {
  const stats = new DecodeStats();
  const builder = new ProfileBuilder({
    valueTypes: ["a", "b", "c", "d"].map((type) => ({ type, unit: "count" })),
  });
  builder.addSample(-1, -1, [1.6, -5, 1e300, Infinity]);
  const bytes = concatBytes([...encodePprof(builder.build(), { stats })]);
  const { samples } = decodePprof(bytes);
  assertEquals(samples.values.map((column) => column[0]), [
    2,
    -5,
    2 ** 63,
    2 ** 63,
  ]);
  assertEquals(stats.get("pprof_value_cut"), 1);
});

Deno.test("encodePprof names threads under the keys it is given and never twice", () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  const thread = builder.internThread({ tid: 5, name: "main" });
  const labels = builder.internLabels([
    { key: "thread name", value: "named before", unit: "" },
  ]);
  builder.addSample(-1, thread, [1], { labels });
  const bytes = concatBytes([
    ...encodePprof(builder.build(), { threadLabelKeys: { tid: "thread_id" } }),
  ]);
  const profile = decodePprof(bytes);
  assertEquals(
    profile.labelSets[1]!.map(({ key, value }) => `${key}=${value}`),
    ["thread name=named before", "thread_id=5"],
  );
});

Deno.test("decodePprof takes ids and values beyond 2^53", () => {
  const id = 2n ** 64n - 1n;
  const bytes = message((writer) => {
    writer.message(2, () => {
      writer.packed(1, [id]);
      writer.packed(2, [-7n]);
    });
    writer.message(4, () => {
      writer.uint(1, id);
      writer.message(4, () => writer.uint(1, id - 1n));
    });
    writer.message(5, () => {
      writer.uint(1, id - 1n);
      writer.uint(2, 3);
    });
  }, ["far"]);
  const profile = decodePprof(bytes);
  assertEquals(stackNames(profile, profile.samples.stack[0]!), ["far"]);
  assertEquals(profile.samples.values[0]![0], -7);
});

Deno.test("decodePprof takes unpacked numbers", () => {
  const bytes = message((writer) => {
    writer.message(2, () => {
      writer.uint(1, 1);
      writer.uint(1, 2);
      writer.uint(2, 9);
    });
    for (const id of [1, 2]) {
      writer.message(4, () => {
        writer.uint(1, id);
        writer.uint(3, id * 16);
      });
    }
  });
  const profile = decodePprof(bytes);
  assertEquals(stackNames(profile, profile.samples.stack[0]!), [
    "0x20",
    "0x10",
  ]);
});

Deno.test("decodePprof shows unknown locations and functions as ? and counts them", () => {
  const stats = new DecodeStats();
  const bytes = message((writer) => {
    writer.message(2, () => {
      writer.packed(1, [1, 99]);
      writer.packed(2, [1]);
    });
    writer.message(4, () => {
      writer.uint(1, 1);
      writer.uint(2, 5);
      writer.message(4, () => writer.uint(1, 77));
    });
    writer.message(4, () => writer.uint(3, 1));
    writer.message(5, () => {
      writer.uint(1, 3);
      writer.uint(2, 1000);
    });
    writer.message(5, () => writer.uint(1, 3));
  });
  const profile = decodePprof(bytes, { stats });
  assertEquals(stackNames(profile, profile.samples.stack[0]!), ["?", "?"]);
  assertEquals(
    stats.entries().map(({ name }) => name).sort(),
    [
      "pprof_bad_function_id",
      "pprof_bad_location_id",
      "pprof_bad_string_index",
      "pprof_unknown_function",
      "pprof_unknown_location",
      "pprof_unknown_mapping",
    ],
  );
  assertEquals(stats.hasLoss, true);
});

Deno.test("decodePprof refuses a sample with another number of values", () => {
  for (const values of [[], [1, 2]]) {
    const bytes = message((writer) => {
      writer.message(2, () => writer.packed(2, [4]));
      writer.message(2, () => writer.packed(2, values));
    });
    const error = assertThrows(
      () => decodePprof(bytes),
      FormatError,
      `sample 1 has ${values.length} values, expected 1`,
    );
    assertEquals((error as FormatError).record, "sample 1");
  }
});

Deno.test("decodePprof refuses a message without value types or empty first string", () => {
  assertThrows(
    () => decodePprof(new Uint8Array()),
    FormatError,
    "no value type",
  );
  const writer = new ProtobufWriter();
  writer.message(1, () => writer.uint(1, 0));
  assertThrows(
    () => decodePprof(writer.toBytes()),
    FormatError,
    "first string is not empty",
  );
});

Deno.test("decodePprof bounds stacks of locations with many inlined functions", () => {
  const bytes = message((writer) => {
    writer.message(2, () => {
      writer.packed(1, new Array(20_000).fill(1));
      writer.packed(2, [1]);
    });
    writer.message(4, () => {
      writer.uint(1, 1);
      for (let line = 1; line <= 2000; line++) {
        writer.message(4, () => {
          writer.uint(1, 1);
          writer.uint(2, line);
        });
      }
    });
    writer.message(5, () => writer.uint(1, 1));
  });
  const error = assertThrows(
    () => decodePprof(bytes, { limits: { maxQueuedRecords: 1_000_000 } }),
    LimitError,
  );
  assertEquals((error as LimitError).limit, "maxStacks");
});

Deno.test("decodePprof keeps its limits on tables and strings", () => {
  const bytes = encode(exampleProfile());
  assertThrows(
    () => decodePprof(bytes, { limits: { maxQueuedRecords: 3 } }),
    LimitError,
    "more than 3 entries",
  );
  assertThrows(
    () => decodePprof(bytes, { limits: { maxStringBytes: 4 } }),
    LimitError,
    "limit is 4",
  );
});

Deno.test("decodePprof tells every truncation that is one", () => {
  const bytes = encode(exampleProfile());
  for (let size = 0; size < bytes.length; size++) {
    try {
      decodePprof(bytes.subarray(0, size), { stats: new DecodeStats() });
    } catch (error) {
      assertInstanceOf(error, FormatError, `length ${size}`);
    }
  }
  assertThrows(
    () => decodePprof(bytes.subarray(0, -3)),
    TruncatedError,
  );
});

Deno.test("decodePprof survives 10,000 damaged messages with its own errors alone", () => {
  const corpus = [TINY, encode(exampleProfile())];
  for (const bytes of mutations(corpus)) {
    try {
      encode(decodePprof(bytes, { stats: new DecodeStats() }));
    } catch (error) {
      if (error instanceof LimitError) continue;
      assertInstanceOf(error, FormatError);
    }
  }
});

for (const chunkBytes of [1, 7, 4093]) {
  Deno.test(`readPprof reads gzip and plain in pieces of ${chunkBytes} bytes`, async () => {
    const plain = encode(exampleProfile());
    const packed = await bytesOf(writePprof(exampleProfile()));
    assertEquals(packed[0], 0x1f);
    for (const bytes of [plain, packed]) {
      const profile = await readPprof(streamOf(bytes, chunkBytes));
      assertEquals(encode(profile), plain);
    }
  });
}

Deno.test("readPprof refuses what unpacks to more than allowed", async () => {
  const packed = await bytesOf(writePprof(exampleProfile()));
  const { error } = await collectStream(async function* () {
    await readPprof(streamOf(packed), {
      limits: { maxDecompressedBytes: packed.length },
    });
    yield packed;
  }());
  assertInstanceOf(error, LimitError);
});

Deno.test("sniffPprof knows profiles and takes nothing else for one", () => {
  assertEquals(sniffPprof(TINY), true);
  assertEquals(sniffPprof(TINY.subarray(0, 64)), true);
  assertEquals(sniffPprof(encode(exampleProfile())), true);
  const tableFirst = new ProtobufWriter();
  tableFirst.element(6, "");
  tableFirst.element(6, "samples");
  assertEquals(
    sniffPprof(tableFirst.toBytes()),
    true,
    "strings may come first",
  );
  const others: Record<string, Uint8Array> = {
    "nothing": new Uint8Array(),
    "text": new TextEncoder().encode("2024-01-01 some text that goes on\n"),
    "JSON": new TextEncoder().encode('{"a": [1, 2]}'),
    "folded stacks": new TextEncoder().encode("main;leaf 12\nmain 3\n"),
    "gzip": Uint8Array.fromHex("1f8b0800000000000003"),
    "zstd": Uint8Array.fromHex("28b52ffd"),
    "nettrace": new TextEncoder().encode(
      "Nettrace\x14\0\0\0!FastSerialization.1",
    ),
    "OTLP": Uint8Array.fromHex(
      "0a84010a130a110a0b70726f636573732e7069641202182912440a060a0174",
    ),
    "zeros": new Uint8Array(64),
    "newlines": new TextEncoder().encode("\n\n\n\n\n\n"),
  };
  for (const [name, head] of Object.entries(others)) {
    assertEquals(sniffPprof(head), false, name);
  }
});

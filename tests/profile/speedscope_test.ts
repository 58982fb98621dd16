import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import {
  readSpeedscope,
  type ReadSpeedscopeOptions,
} from "../../src/profile/read_speedscope.ts";
import { sniffSpeedscope } from "../../src/profile/sniff_speedscope.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import { writeSpeedscope } from "../../src/profile/write_speedscope.ts";
import { writeSpeedscopeEvented } from "../../src/profile/write_speedscope_evented.ts";
import { streamOf, textOf } from "../support/byte_stream.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { assertGolden } from "../support/golden.ts";
import { mutations } from "../support/mutations.ts";
import { assertValidSpeedscope } from "../support/speedscope_validity.ts";

const encoder = new TextEncoder();

function read(
  file: unknown,
  options?: ReadSpeedscopeOptions,
): Promise<Profile> {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  return readSpeedscope(streamOf(encoder.encode(text)), options);
}

function fileOf(...profiles: readonly unknown[]): Record<string, unknown> {
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    shared: { frames: [{ name: "a", file: "a.ts", line: 4 }, { name: "b" }] },
    profiles,
  };
}

function evented(
  events: readonly (readonly [string, number, number])[],
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    type: "evented",
    name: "main",
    unit: "milliseconds",
    startValue: 0,
    endValue: 100,
    events: events.map(([type, frame, at]) => ({ type, frame, at })),
    ...more,
  };
}

function folded(profile: Profile): Promise<string> {
  return textOf(writeFolded(profile));
}

Deno.test("writeSpeedscope writes one profile per thread", async () => {
  for (const timed of [false, true]) {
    const text = await textOf(
      writeSpeedscope(exampleProfile({ timed }), { name: "example" }),
    );
    assertValidSpeedscope(text);
    await assertGolden(
      `profile/example${timed ? "_timed" : ""}.speedscope.json`,
      text,
    );
  }
});

Deno.test("writeSpeedscope gives other values their own unit", async () => {
  const file = assertValidSpeedscope(
    await textOf(writeSpeedscope(exampleProfile(), { valueType: 0 })),
  );
  assertEquals(file.profiles[0].unit, "none");
  assertEquals(file.profiles[0].weights, [3, 2]);
  await assertRejects(
    () => textOf(writeSpeedscope(exampleProfile(), { valueType: 3 })),
    RangeError,
    "expected 0 to 2",
  );
});

Deno.test("writeSpeedscope writes one empty profile where there are no samples", async () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  const file = assertValidSpeedscope(
    await textOf(writeSpeedscope(builder.build(), { name: "none" })),
  );
  assertEquals(file.profiles.length, 1);
  assertEquals(file.profiles[0].samples, []);
});

Deno.test("writeSpeedscope leaves out weights that are not above 0", async () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  for (const [thread, value] of [[0, 5], [1, 0], [2, -3]] as const) {
    builder.addSample(-1, builder.internThread({ tid: thread }), [value]);
  }
  const file = assertValidSpeedscope(
    await textOf(writeSpeedscope(builder.build())),
  );
  assertEquals(file.profiles.length, 1);
});

Deno.test("readSpeedscope reads what writeSpeedscope wrote", async () => {
  const original = exampleProfile({ timed: true });
  const text = await textOf(writeSpeedscope(original, { name: "example" }));
  for (const chunkBytes of [1, 7, 4093]) {
    const profile = await readSpeedscope(
      streamOf(encoder.encode(text), chunkBytes),
    );
    assertEquals(checkProfile(profile), []);
    assertEquals(await folded(profile), await folded(original));
    assertEquals(
      await textOf(writeSpeedscope(profile, { name: "example" })),
      text,
    );
    assertEquals(profile.comments, ["written by tracedeck"]);
    assertEquals(profile.threads.map(({ tid }) => tid), [7, 71]);
  }
});

Deno.test("readSpeedscope reads what writeSpeedscopeEvented wrote", async () => {
  const original = exampleProfile({ timed: true });
  const text = await textOf(writeSpeedscopeEvented(original, {
    exporter: "E",
    name: "n",
  }));
  const profile = await read(text);
  assertEquals(checkProfile(profile), []);
  assertEquals(
    await folded(profile),
    (await folded(original)).replace(/^ .*\n/, ""),
    "all but the sample without stack, which has no events",
  );
  assertEquals(
    await textOf(
      writeSpeedscopeEvented(profile, { exporter: "E", name: "n" }),
    ),
    text,
  );
});

Deno.test("readSpeedscope turns events into samples with times", async () => {
  const profile = await read(fileOf(
    evented([["O", 0, 1], ["O", 1, 3], ["C", 1, 7], ["C", 0, 8]]),
  ));
  assertEquals(profile.valueTypes, [{ type: "wall", unit: "nanoseconds" }]);
  assertEquals([...profile.samples.timeNs!], [1e6, 3e6, 7e6]);
  assertEquals([...profile.samples.values[0]!], [2e6, 4e6, 1e6]);
  assertEquals(await folded(profile), "a 3000000\na;b 4000000\n");
  assertEquals(profile.durationNs, 100e6);
  assertEquals(profile.strings.includes("a.ts"), true);
  assertEquals(profile.functions.startLine[0], 4);
});

Deno.test("readSpeedscope reads all profiles and unites their units", async () => {
  const profile = await read({
    ...fileOf(
      evented([["O", 0, 0], ["C", 0, 1]], { name: "T (5)", unit: "seconds" }),
      {
        type: "sampled",
        name: "heap",
        unit: "bytes",
        startValue: 0,
        endValue: 30,
        samples: [[0], [0, 1], []],
        weights: [10, 20, 5],
      },
      { ...evented([]), unit: "none" },
    ),
    activeProfileIndex: 1,
  });
  assertEquals(profile.valueTypes.map(({ unit }) => unit), [
    "nanoseconds",
    "bytes",
    "count",
  ]);
  assertEquals(profile.defaultValueType, 1);
  assertEquals(profile.samples.timeNs, undefined, "bytes are no time");
  assertEquals([...profile.samples.values[1]!], [0, 10, 20, 5]);
  assertEquals(profile.samples.values[0]![0], 1e9);
  assertEquals(profile.threads.map(({ name, tid }) => [name, tid]), [
    ["T", 5],
    ["heap", undefined],
    ["main", undefined],
  ]);
});

Deno.test("readSpeedscope puts unbalanced events right and counts them", async () => {
  const stats = new DecodeStats();
  const profile = await read(
    fileOf(evented([
      ["C", 1, 0],
      ["O", 0, 0],
      ["O", 1, 2],
      ["C", 0, 5],
      ["O", 1, 4],
      ["O", 0, 6],
    ], { endValue: 9 })),
    { stats },
  );
  assertEquals(
    Object.fromEntries(
      stats.entries().map(({ name, count }) => [name, count]),
    ),
    {
      speedscope_unbalanced_close: 2,
      speedscope_time_steps_back: 1,
      speedscope_frames_left_open: 2,
    },
  );
  assertEquals(
    await folded(profile),
    "a 2000000\na;b 3000000\nb 1000000\nb;a 3000000\n",
  );
});

Deno.test("readSpeedscope counts samples without weights", async () => {
  const stats = new DecodeStats();
  const profile = await read(
    fileOf({
      type: "sampled",
      name: "",
      unit: "none",
      startValue: 0,
      endValue: 1,
      samples: [[0], [1]],
      weights: [1],
    }),
    { stats },
  );
  assertEquals(await folded(profile), "a 1\n");
  assertEquals(stats.get("speedscope_weights_missing"), 1);
});

const REFUSED: Readonly<Record<string, unknown>> = {
  "file: it is a list, expected an object": [],
  "profiles: it is missing, expected a list": { shared: { frames: [] } },
  "shared: it is missing, expected an object": { profiles: [] },
  "profile 0: it is null, expected an object": fileOf(null),
  'profile 0: type is "x", expected evented or sampled': fileOf({ type: "x" }),
  'profile 0: unit is "constructor", expected nanoseconds': fileOf(
    evented([], { unit: "constructor" }),
  ),
  "profile 0 startValue: it is an object, expected a number": fileOf(
    evented([], { startValue: {} }),
  ),
  "profile 0 event 0: frame is 2, expected 0 to 1": fileOf(
    evented([["O", 2, 0]]),
  ),
  "profile 0 event 0: frame is 0.5, expected 0 to 1": fileOf(
    evented([["O", 0.5, 0]]),
  ),
  'profile 0 event 0: type is "X", expected O or C': fileOf(
    evented([["X", 0, 0]]),
  ),
  "frame 0: name is 5, expected text": {
    ...fileOf(),
    shared: { frames: [{ name: 5 }] },
  },
};

for (const [message, file] of Object.entries(REFUSED)) {
  Deno.test(`readSpeedscope refuses ${message}`, async () => {
    await assertRejects(
      () => read(file),
      FormatError,
      `Cannot read speedscope ${message}`,
    );
  });
}

Deno.test("readSpeedscope tells damage from truncation", async () => {
  const text = JSON.stringify(fileOf(evented([["O", 0, 0], ["C", 0, 1]])));
  for (let size = 0; size < text.length; size++) {
    await assertRejects(() => read(text.slice(0, size)), TruncatedError);
  }
  const error = await assertRejects(
    () => read(text.replace('"shared"', "shared")),
    FormatError,
    "it is not JSON",
  );
  assertEquals(error.offset, text.indexOf('"shared"'));
});

Deno.test("readSpeedscope keeps its limits", async () => {
  const file = fileOf(evented([["O", 0, 0], ["O", 1, 1]]));
  await assertRejects(
    () => read(file, { limits: { maxDecompressedBytes: 50 } }),
    LimitError,
  );
  await assertRejects(
    () => read(file, { limits: { maxQueuedRecords: 1 } }),
    LimitError,
  );
});

Deno.test("readSpeedscope survives 10,000 damaged files with its own errors alone", async () => {
  const corpus = [
    encoder.encode(
      await textOf(writeSpeedscope(exampleProfile({ timed: true }))),
    ),
    encoder.encode(JSON.stringify(fileOf(
      evented([["O", 0, 0], ["O", 1, 1], ["C", 1, 2], ["C", 0, 3]]),
    ))),
  ];
  for (const damaged of mutations(corpus)) {
    try {
      const profile = await readSpeedscope(streamOf(damaged), {
        stats: new DecodeStats(),
      });
      assertEquals(checkProfile(profile), []);
    } catch (error) {
      if (!(error instanceof LimitError)) assertInstanceOf(error, FormatError);
    }
  }
});

Deno.test("sniffSpeedscope knows the format with and without schema", () => {
  for (
    const text of [
      '{"$schema":"https://www.speedscope.app/file-format-schema.json"',
      ' {\n "version": "0.0.1", "shared": { "frames" : [',
    ]
  ) {
    assertEquals(sniffSpeedscope(encoder.encode(text)), true, text);
  }
  for (
    const text of [
      "",
      "[]",
      '{"traceEvents":[]}',
      "speedscope.app/file-format-schema.json",
    ]
  ) {
    assertEquals(sniffSpeedscope(encoder.encode(text)), false, text);
  }
});

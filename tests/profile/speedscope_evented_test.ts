import { assertEquals, assertRejects } from "@std/assert";
import {
  escapeDotnetJson,
  formatDotnetNumber,
} from "../../src/profile/dotnet_text.ts";
import { OpenCloseMerger } from "../../src/profile/_open_close_merger.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writeDotnetChromium } from "../../src/profile/write_dotnet_chromium.ts";
import { writeSpeedscopeEvented } from "../../src/profile/write_speedscope_evented.ts";
import { textOf } from "../support/byte_stream.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { assertGolden } from "../support/golden.ts";
import { seededRandom } from "../support/mutations.ts";
import { assertValidSpeedscope } from "../support/speedscope_validity.ts";

const HEADER = { exporter: "EXPORTER", name: "x.speedscope" };

interface DotnetSample {
  readonly thread: string;
  readonly at: number;
  readonly length: number;
  readonly frames: readonly string[];
}

/** A profile with the frames that dotnet-trace puts around a thread's stacks. */
function dotnetProfile(
  samples: readonly DotnetSample[],
): { profile: Profile; timesMs: number[]; lengthsMs: number[] } {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "wall", unit: "nanoseconds" }],
    timed: true,
  });
  for (const { thread, at, length, frames } of samples) {
    let stack = -1;
    const names = [
      "Process64 app (42) Args: ",
      "(Non-Activities)",
      "Threads",
      thread,
      ...frames,
    ];
    for (const name of names) {
      const frame = builder.internFrame({
        function: builder.internFunction({ name }),
      });
      stack = builder.internStack(stack, frame);
    }
    builder.addSample(stack, -1, [length * 1e6], { timeNs: at * 1e6 });
  }
  return {
    profile: builder.build(),
    timesMs: samples.map(({ at }) => at),
    lengthsMs: samples.map(({ length }) => length),
  };
}

const SAMPLES: readonly DotnetSample[] = [
  {
    thread: "Thread (7) (.NET ThreadPool)",
    at: 5,
    length: 1,
    frames: ["a!N.Pool(int32)", "CPU_TIME"],
  },
  {
    thread: "Thread (1)",
    at: 2.25,
    length: 1.1,
    frames: ["a!N.Main()", "a!N.Work<T>()", "CPU_TIME"],
  },
  {
    thread: "Thread (1)",
    at: 3.35,
    length: 1,
    frames: ["a!N.Main()", "?!?", "UNMANAGED_CODE_TIME"],
  },
  {
    thread: "Thread (1)",
    at: 100,
    length: 0.5,
    frames: ["a!N.Main()", "CPU_TIME"],
  },
];

function merge(
  samples: readonly (readonly [number, number, readonly number[]])[],
  round: (length: number) => number = (length) => length,
): string[] {
  const events: string[] = [];
  const merger = new OpenCloseMerger({
    open: (frame, at) => events.push(`O${frame}@${at}`),
    close: (frame, at) => events.push(`C${frame}@${at}`),
  }, round);
  for (const [time, length, frames] of samples) {
    merger.add(time, length, frames.map((_, depth) => depth), frames);
  }
  merger.finish();
  return events;
}

Deno.test("OpenCloseMerger keeps open what the next sample shares", () => {
  assertEquals(merge([[0, 10, [1, 2]], [10, 5, [1, 3]]]), [
    "O1@0",
    "O2@0",
    "C2@10",
    "O3@10",
    "C3@15",
    "C1@15",
  ]);
});

Deno.test("OpenCloseMerger bridges a gap of a thousandth of the length and no more", () => {
  assertEquals(merge([[0, 10, [1]], [10.009, 1, [1]]]), ["O1@0", "C1@11"]);
  assertEquals(merge([[0, 10, [1]], [10.02, 1, [1]]]), [
    "O1@0",
    "C1@10",
    "O1@10.02",
    "C1@11.02",
  ]);
});

Deno.test("OpenCloseMerger never goes back in time where samples overlap", () => {
  assertEquals(merge([[0, 10, [1]], [4, 1, [2]], [5, 1, [3]]]), [
    "O1@0",
    "C1@10",
    "O2@10",
    "C2@10",
    "O3@10",
    "C3@10",
  ]);
});

Deno.test("OpenCloseMerger tells frames of equal name at other depths apart", () => {
  const events: string[] = [];
  const merger = new OpenCloseMerger({
    open: (frame, at) => events.push(`O${frame}@${at}`),
    close: (frame, at) => events.push(`C${frame}@${at}`),
  }, Math.fround);
  merger.add(0, 1, [0], [7]);
  merger.add(1, 1, [1], [7]);
  merger.finish();
  assertEquals(events, ["O7@0", "C7@1", "O7@1", "C7@2"]);
});

Deno.test("OpenCloseMerger rounds every sum", () => {
  const samples = [[0, 0.1, [1]], [0.1, 0.1, [1]]] as const;
  assertEquals(merge(samples, Math.fround), [
    "O1@0",
    `C1@${Math.fround(Math.fround(0.1) + Math.fround(0.1))}`,
  ]);
  assertEquals(merge(samples), ["O1@0", "C1@0.2"]);
});

Deno.test("writeSpeedscopeEvented writes what dotnet-trace writes", async () => {
  const { profile, ...times } = dotnetProfile(SAMPLES);
  const text = await textOf(
    writeSpeedscopeEvented(profile, { ...HEADER, ...times }),
  );
  assertValidSpeedscope(text);
  await assertGolden("profile/dotnet.speedscope.json", text);
});

Deno.test("writeDotnetChromium writes what dotnet-trace writes", async () => {
  const { profile, ...times } = dotnetProfile(SAMPLES);
  const text = await textOf(
    writeDotnetChromium(profile, { ...HEADER, ...times }),
  );
  assertEquals(JSON.parse(text).traceEvents[0].pid, 0);
  await assertGolden("profile/dotnet.chromium.json", text);
});

Deno.test("writeSpeedscopeEvented sorts threads by their first event and samples by time and length", async () => {
  const { profile, ...times } = dotnetProfile([
    { thread: "Thread (1)", at: 9, length: 2, frames: ["b"] },
    { thread: "Thread (1)", at: 9, length: 1, frames: ["a"] },
    { thread: "Thread (2)", at: 3, length: 1, frames: ["c"] },
    { thread: "Thread (3)", at: 3, length: 1, frames: ["d"] },
  ]);
  const file = assertValidSpeedscope(
    await textOf(writeSpeedscopeEvented(profile, { ...HEADER, ...times })),
  );
  assertEquals(
    file.profiles.map(({ name }: { name: string }) => name),
    ["Thread (2)", "Thread (3)", "Thread (1)"],
  );
  assertEquals(
    file.shared.frames.map(({ name }: { name: string }) => name),
    [
      "Process64 app (42) Args: ",
      "(Non-Activities)",
      "Threads",
      "Thread (1)",
      "a",
      "b",
      "Thread (2)",
      "c",
      "Thread (3)",
      "d",
    ],
  );
});

Deno.test("writeSpeedscopeEvented takes the profile's own times and threads", async () => {
  const profile = exampleProfile({ timed: true });
  const file = assertValidSpeedscope(
    await textOf(writeSpeedscopeEvented(profile, HEADER)),
  );
  assertEquals(
    file.profiles.map((
      { name, startValue, endValue }: {
        name: string;
        startValue: number;
        endValue: number;
      },
    ) => [name, startValue, endValue]),
    [["Thread (7)", 0, 5], ["worker (71)", 1, 13]],
  );
});

Deno.test("writeSpeedscopeEvented gives valid files for any samples", async () => {
  const random = seededRandom(3);
  for (let round = 0; round < 50; round++) {
    const { profile, ...times } = dotnetProfile(
      Array.from({ length: 40 }, () => ({
        thread: `Thread (${random(3)})`,
        at: random(1000) / 7,
        length: random(100) / 9,
        frames: Array.from({ length: random(5) }, () => `f${random(3)}`),
      })),
    );
    assertValidSpeedscope(
      await textOf(writeSpeedscopeEvented(profile, { ...HEADER, ...times })),
    );
  }
});

Deno.test("writeSpeedscopeEvented refuses a profile without times", async () => {
  await assertRejects(
    () => textOf(writeSpeedscopeEvented(exampleProfile(), HEADER)),
    RangeError,
    "profile has no times",
  );
  await assertRejects(
    () =>
      textOf(
        writeSpeedscopeEvented(exampleProfile({ timed: true }), {
          ...HEADER,
          valueType: 0,
        }),
      ),
    RangeError,
    "value type 0 is in count, expected a time",
  );
});

Deno.test("writeSpeedscopeEvented takes values in any unit of time", async () => {
  const texts = await Promise.all(
    [["nanoseconds", 2.5e6], ["milliseconds", 2.5], ["seconds", 0.0025]].map(
      ([unit, value]) => {
        const builder = new ProfileBuilder({
          valueTypes: [{ type: "wall", unit: unit as string }],
          timed: true,
        });
        const frame = builder.internFrame({ address: 1 });
        builder.addSample(builder.internStack(-1, frame), -1, [
          value as number,
        ]);
        return textOf(writeSpeedscopeEvented(builder.build(), HEADER));
      },
    ),
  );
  assertEquals(new Set(texts).size, 1);
  assertEquals(texts[0]!.includes('"endValue": 2.5,'), true);
});

Deno.test("formatDotnetNumber gives the shortest text with .NET's exponents", () => {
  const expected: readonly (readonly [number, string])[] = [
    [0, "0"],
    [-0, "-0"],
    [1, "1"],
    [0.1, "0.1"],
    [-2.5, "-2.5"],
    [0.0001, "0.0001"],
    [0.00001, "1E-05"],
    [0.000012345, "1.2345E-05"],
    [1e-10, "1E-10"],
    [1e-120, "1E-120"],
    [999999999999999, "999999999999999"],
    [1e15, "1E+15"],
    [-1.5e20, "-1.5E+20"],
    [1.7976931348623157e308, "1.7976931348623157E+308"],
    [8174.43259809375, "8174.43259809375"],
  ];
  for (const [value, text] of expected) {
    assertEquals(formatDotnetNumber(value), text);
  }
});

Deno.test("escapeDotnetJson escapes what JSON and HTML would misread", () => {
  const text = "\"\\\b\f\n\r\t\u0001<>'&\u0085\u2028\u2029ä\u007f";
  const escaped = escapeDotnetJson(text);
  assertEquals(
    escaped,
    '\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u003c\\u003e\\u0027\\u0026\\u0085\\u2028\\u2029ä\u007f',
  );
  assertEquals(JSON.parse(`"${escaped}"`), text);
});

import { assertEquals } from "@std/assert";
import {
  dotnetTop,
  renderDotnetTop,
  shortenDotnetName,
} from "../../src/profile/dotnet_top.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";
import { assertGolden } from "../support/golden.ts";

/** Stacks with the frames that dotnet-trace puts around them. */
function profileOf(
  samples: readonly (readonly [number, readonly string[]])[],
): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "wall", unit: "nanoseconds" }],
  });
  for (const [value, frames] of samples) {
    let stack = -1;
    const names = [
      "Process64 app (1) Args: ",
      "(Non-Activities)",
      "Threads",
      "Thread (1) (.NET ThreadPool)",
      ...frames,
    ];
    for (const name of names) {
      const frame = builder.internFrame({
        function: builder.internFunction({ name }),
      });
      stack = builder.internStack(stack, frame);
    }
    builder.addSample(stack, -1, [value]);
  }
  return builder.build();
}

const LONG = `app!N.Deep.Type.Method(${
  Array.from({ length: 12 }, (_, index) => `class System.Type${index}`)
    .join(",")
})`;

const PROFILE = profileOf([
  [600, [
    "app!N.Program.Main(class System.String[])",
    "app!N.Program.Work(int32)",
    "CPU_TIME",
  ]],
  [250.4, ["app!N.Program.Main(class System.String[])", "UNMANAGED_CODE_TIME"]],
  [100, ["app!N.Program.Main(class System.String[])", "?!?", "CPU_TIME"]],
  [49.6, [
    "app!N.Program.Main(class System.String[])",
    "app!N.Program.Work(int32)",
    LONG,
    "app!N.Program.Work(int32)",
    LONG,
    "CPU_TIME",
  ]],
]);

Deno.test("dotnetTop folds times and threads into callers and counts a name once per stack", () => {
  const rows = dotnetTop(PROFILE, { rows: 4 }).map((row) => ({
    ...row,
    inclusivePercent: Math.round(row.inclusivePercent * 100) / 100,
    exclusivePercent: Math.round(row.exclusivePercent * 100) / 100,
  }));
  assertEquals(rows, [
    {
      name: "Program.Work(int32)",
      inclusivePercent: 64.96,
      exclusivePercent: 60,
    },
    {
      name: "Program.Main(class System.String[])",
      inclusivePercent: 100,
      exclusivePercent: 25.04,
    },
    { name: "Missing Symbol", inclusivePercent: 10, exclusivePercent: 10 },
    {
      name: shortenDotnetName(LONG),
      inclusivePercent: 4.96,
      exclusivePercent: 4.96,
    },
  ]);
});

Deno.test("dotnetTop hides the process and orders by the inclusive share", () => {
  const names = dotnetTop(PROFILE, { inclusive: true }).map(({ name }) => name);
  assertEquals(names, [
    "Program.Main(class System.String[])",
    "Threads",
    "(Non-Activities)",
    "Program.Work(int32)",
    "Missing Symbol",
  ]);
});

Deno.test("renderDotnetTop prints what dotnet-trace prints", async () => {
  const rows = dotnetTop(PROFILE);
  const inclusive = dotnetTop(PROFILE, { rows: 12, inclusive: true });
  await assertGolden(
    "profile/dotnet_top.txt",
    [
      ...renderDotnetTop(rows),
      ...renderDotnetTop(rows, { verbose: true }),
      ...renderDotnetTop(inclusive, { inclusive: true }),
      ...renderDotnetTop([...inclusive, ...inclusive], { inclusive: true }),
    ].join("\n") + "\n",
  );
});

Deno.test("renderDotnetTop prints nothing for no samples", () => {
  assertEquals(dotnetTop(profileOf([])), []);
  assertEquals(renderDotnetTop([]), []);
});

Deno.test("shortenDotnetName keeps the last two parts and the arguments", () => {
  const expected: Readonly<Record<string, string>> = {
    "app!A.B.C.Work(int32)": "C.Work(int32)",
    "app!A.B..ctor()": ".ctor()",
    "?!?": "Missing Symbol",
    "Threads": "Threads",
    "(Non-Activities)": "(Non-Activities)",
    "app!Work(int32)": "app!Work(int32)",
    "app!T.FindByte(value class System.Numerics.Vector`1<unsigned int8>&)":
      "app!T.FindByte(value class System.Numerics.Vector`1<unsigned int8>&)",
    "app!N.T.Call(method void *(int32))": "T.Call(method void *(int32))",
    "no.brackets": "no.brackets",
  };
  for (const [name, short] of Object.entries(expected)) {
    assertEquals(shortenDotnetName(name), short, name);
  }
});

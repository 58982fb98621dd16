import type { UnixNs } from "../../src/base/time.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";

/** What {@linkcode exampleProfile} makes. */
export interface ExampleProfileOptions {
  /** Whether samples keep their times. @default {false} */
  readonly timed?: boolean | undefined;
}

/**
 * Makes a small profile with everything that the model can hold: two mappings,
 * inlined functions, unresolved and kernel frames, two threads, labels, three
 * value types, names that formats must escape.
 *
 * @param options Whether it is timed.
 * @returns The profile, equal every time.
 */
export function exampleProfile(options: ExampleProfileOptions = {}): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [
      { type: "samples", unit: "count" },
      { type: "wall", unit: "nanoseconds" },
      { type: "managed", unit: "nanoseconds" },
    ],
    defaultValueType: 1,
    timed: options.timed,
  });
  Object.assign(builder.facts, {
    startTime: 1_700_000_000_000_000_000n as UnixNs,
    durationNs: 60_000_000,
    periodType: { type: "wall", unit: "nanoseconds" },
    period: 1_000_000,
    dropFrames: "runtime\\..*",
    keepFrames: "runtime\\.main",
    docUrl: "https://example.org/wall",
  });
  builder.facts.comments.push("made by a test");
  const app = builder.internMapping({
    start: 0x400000n,
    end: 0x500000n,
    fileOffset: 0x1000n,
    fileName: "/bin/app",
    buildId: "00ff",
  });
  const lib = builder.internMapping({
    start: 0x7f00_0000_0000n,
    end: 0x7f00_0010_0000n,
    fileOffset: 0n,
    fileName: "/lib/libc.so.6",
    buildId: "",
  });
  const fn = (name: string, startLine = 0, systemName = "") =>
    builder.internFunction({
      name,
      systemName,
      fileName: "/src/app.c",
      startLine,
    });
  const code = { mapping: app, kind: "native" };
  const main = builder.internFrame({
    ...code,
    function: fn("main", 17, "_main"),
    address: 0x401000,
    line: 20,
    column: 3,
  });
  const outer = builder.internFrame({
    ...code,
    function: fn("outer"),
    address: 0x401100,
    line: 30,
  });
  const middle = builder.internFrame({
    ...code,
    function: fn("middle"),
    address: 0x401100,
    line: 31,
    inlined: true,
  });
  const inner = builder.internFrame({
    ...code,
    function: fn("inner"),
    address: 0x401100,
    line: 32,
    inlined: true,
  });
  const leaf = builder.internFrame({
    ...code,
    function: fn("leaf"),
    address: 0x401200,
    line: 40,
  });
  const odd = builder.internFrame({
    ...code,
    function: fn('std::map<int, "x">::operator[];\n<T & U>'),
    address: 0x401300,
    line: 50,
  });
  const unresolved = builder.internFrame({
    mapping: lib,
    address: 0x7f00_0000_1234,
    kind: "native",
  });
  const kernel = builder.internFrame({
    address: 0xffff_ffff_8100_0000n,
    kind: "kernel",
  });
  const worker = builder.internThread({
    pid: 7,
    tid: 71,
    name: "worker",
    processName: "app",
  });
  const first = builder.internThread({ pid: 7, tid: 7, processName: "app" });
  const labels = builder.internLabels([
    { key: "endpoint", value: "/a;b", unit: "" },
    { key: "size", value: 4096, unit: "bytes" },
  ]);
  const stackOf = (...frames: number[]) =>
    frames.reduce((prefix, frame) => builder.internStack(prefix, frame), -1);
  const add = (
    stack: number,
    thread: number,
    ms: number,
    count: number,
    set = 0,
  ) =>
    builder.addSample(stack, thread, [count, count * 1e6, count * 5e5], {
      timeNs: ms * 1e6,
      labels: set,
    });
  add(stackOf(main, leaf), first, 0, 3);
  add(stackOf(main, unresolved, kernel), first, 3, 2);
  add(stackOf(main, outer, middle, inner, leaf), worker, 1, 5, labels);
  add(stackOf(main, outer, middle), worker, 6, 4);
  add(stackOf(main, odd), worker, 12, 1);
  add(-1, worker, 20, 1);
  return builder.build();
}

import { assertEquals, assertStrictEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FRAME_TYPE } from "../../src/profile/frame_type_table.ts";
import type { RawFrame } from "../../src/profile/raw_trace.ts";
import type { TraceFrame } from "../../src/profile/trace.ts";
import { AddressSpace } from "../../src/tracehandler/address_space.ts";
import { parseKallsyms } from "../../src/tracehandler/kallsyms.ts";
import { NativeFrameConverter } from "../../src/tracehandler/native_frame_converter.ts";
import { parsePerfMap } from "../../src/tracehandler/perf_map.ts";
import {
  type FileSymbols,
  NO_SYMBOLS,
  type SymbolSource,
} from "../../src/tracehandler/symbol_source.ts";
import { rawTrace } from "./_traces.ts";

const KERNEL_START = 0xffff_ffff_8100_0000n;

/** A file whose first loaded byte, at 0x1000 of the file, has the address 0x401000. */
const APP: FileSymbols = {
  buildId: "ab12",
  goBuildId: "",
  fileId: "f".repeat(32),
  addressOf: (offset) => offset < 0x1000 ? undefined : offset + 0x400000,
  find: (address) =>
    address >= 0x401100 && address < 0x401200
      ? { name: "_ZN3app4workEv", address: 0x401100, size: 0x100 }
      : undefined,
};

function userFrame(data: number, isReturnAddress = false): RawFrame {
  return {
    type: FRAME_TYPE.native,
    isError: false,
    isReturnAddress,
    isPidSpecific: true,
    data,
    words: [0n],
  };
}

function spaceOfApp(path = "/opt/app"): AddressSpace {
  const space = new AddressSpace();
  space.map({
    start: 0x7f00_0000,
    end: 0x7f00_1000,
    fileOffset: 0x1000,
    file: { path, buildId: "" },
  });
  return space;
}

async function convert(
  frame: RawFrame,
  options: Partial<ConstructorParameters<typeof NativeFrameConverter>[0]>,
): Promise<TraceFrame> {
  const converter = new NativeFrameConverter({
    symbols: NO_SYMBOLS,
    spaceOf: () => undefined,
    ...options,
  });
  const { frames } = await converter.convertFrame(frame, rawTrace());
  return frames[0]!;
}

Deno.test("NativeFrameConverter names the function of a mapped file", async () => {
  const symbols: SymbolSource = { ...NO_SYMBOLS, symbolsOf: () => APP };
  const space = spaceOfApp();
  const frame = await convert(userFrame(0x7f00_0100), {
    symbols,
    spaceOf: () => space,
  });
  assertEquals(frame.functionName, "app::work()");
  assertEquals(frame.address, 0x401100n);
  const { mapping } = frame;
  assertEquals(
    [mapping?.start, mapping?.end, mapping?.fileName, mapping?.buildId],
    [0x401000n, 0x402000n, "/opt/app", "ab12"],
  );
});

Deno.test("NativeFrameConverter gives processes with the same file the same frame", async () => {
  const spaces = [spaceOfApp(), spaceOfApp(), spaceOfApp("/other/name")];
  const converter = new NativeFrameConverter({
    symbols: { ...NO_SYMBOLS, symbolsOf: () => APP },
    spaceOf: (pid) => spaces[pid],
  });
  const frames: TraceFrame[] = [];
  for (const pid of spaces.keys()) {
    const { frames: [frame] } = await converter.convertFrame(
      userFrame(0x7f00_0100),
      rawTrace({ pid }),
    );
    frames.push(frame!);
  }
  assertStrictEquals(frames[0], frames[1]);
  assertEquals(
    frames.map(({ mapping }) => mapping?.fileName),
    ["/opt/app", "/opt/app", "/other/name"],
  );
});

Deno.test("NativeFrameConverter looks for calls before the address that is returned to", async () => {
  const symbols: SymbolSource = {
    ...NO_SYMBOLS,
    symbolsOf: () => Promise.resolve(APP),
  };
  const space = spaceOfApp();
  const options = { symbols, spaceOf: () => space };
  const behind = await convert(userFrame(0x7f00_0200, true), options);
  assertEquals(behind.functionName, "app::work()");
  const exact = await convert(userFrame(0x7f00_0200), options);
  assertEquals(exact.functionName, "");
});

Deno.test("NativeFrameConverter keeps file and place of what has no name", async () => {
  const space = spaceOfApp();
  const frame = await convert(userFrame(0x7f00_0010), { spaceOf: () => space });
  assertEquals(
    [frame.functionName, frame.mapping?.fileName, frame.address],
    ["", "/opt/app", 0x1010n],
  );
  const stats = new DecodeStats();
  const lost = await convert(userFrame(0x1234), { stats });
  assertEquals(
    [lost.mapping?.fileName, lost.address, lost.functionName],
    ["[unknown]", 0x1234n, ""],
  );
  assertEquals(stats.get("perf_address_not_mapped"), 1);
});

Deno.test("NativeFrameConverter finds code compiled at run time, also in files without symbols", async () => {
  const map = parsePerfMap("7f000000 100 JS:*fib /app.js:3:1\n");
  const symbols: SymbolSource = { ...NO_SYMBOLS, perfMapOf: () => map };
  for (
    const path of ["", "//anon", "/memfd:doublemapper (deleted)", "/x.dll"]
  ) {
    const space = spaceOfApp(path);
    const frame = await convert(userFrame(0x7f00_0020), {
      symbols,
      spaceOf: () => space,
    });
    assertEquals(
      [frame.functionName, frame.sourceFile, frame.sourceLine, frame.type],
      ["fib", "/app.js", 3, FRAME_TYPE.v8],
      path,
    );
  }
});

Deno.test("NativeFrameConverter names the kernel and its modules", async () => {
  const kernelSpace = new AddressSpace();
  const module = 0xffff_ffff_c000_0000n;
  kernelSpace.map({
    start: Number(BigInt.asIntN(64, module)),
    end: Number(BigInt.asIntN(64, module)) + 0x1000,
    fileOffset: 0,
    file: { path: "[nf_tables]", buildId: "" },
  });
  const table = parseKallsyms(
    "ffffffff81000000 T _stext\nffffffff81000100 t do_work\nffffffffc0000010 t nft_do\t[nf_tables]\n",
  );
  const kernelFrame = (address: bigint, isReturnAddress = false): RawFrame => ({
    ...userFrame(0, isReturnAddress),
    type: FRAME_TYPE.kernel,
    words: [address],
  });
  const options = { kernelSpace, kernelSymbols: () => Promise.resolve(table) };
  const inKernel = await convert(kernelFrame(KERNEL_START + 0x150n), options);
  assertEquals(
    [inKernel.functionName, inKernel.mapping?.fileName, inKernel.type],
    ["do_work", "[kernel.kallsyms]", FRAME_TYPE.kernel],
  );
  const atStart = await convert(
    kernelFrame(KERNEL_START + 0x100n, true),
    options,
  );
  assertEquals(atStart.functionName, "_stext");
  const inModule = await convert(kernelFrame(module + 0x20n), options);
  assertEquals(
    [inModule.functionName, inModule.mapping?.fileName],
    ["nft_do", "[nf_tables]"],
  );
});

Deno.test("AddressSpace lets newer mappings hide what they cover", () => {
  const space = new AddressSpace();
  const file = (path: string) => ({ path, buildId: "" });
  space.map({ start: 100, end: 200, fileOffset: 1000, file: file("a") });
  space.map({ start: 150, end: 160, fileOffset: 0, file: file("b") });
  const child = new AddressSpace(space);
  space.map({ start: 90, end: 110, fileOffset: 0, file: file("c") });
  const seen = (of: AddressSpace) =>
    of.ranges.map(({ start, end, fileOffset, file }) =>
      `${file.path} ${start}-${end} ${fileOffset}`
    );
  assertEquals(seen(space), [
    "c 90-110 0",
    "a 110-150 1010",
    "b 150-160 0",
    "a 160-200 1060",
  ]);
  assertEquals(seen(child), [
    "a 100-150 1000",
    "b 150-160 0",
    "a 160-200 1060",
  ]);
  assertEquals(space.find(159)?.file.path, "b");
  assertEquals(space.find(200), undefined);
  const before = space.generation;
  space.invalidate();
  assertEquals(space.generation === before, false);
  space.clear();
  assertEquals(space.find(159), undefined);
});

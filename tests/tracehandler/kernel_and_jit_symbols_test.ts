import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/base/errors.ts";
import { parseKallsyms } from "../../src/tracehandler/kallsyms.ts";
import { parsePerfMap, PerfMap } from "../../src/tracehandler/perf_map.ts";
import { parseProcMaps } from "../../src/tracehandler/proc_maps.ts";
import { parseProcModules } from "../../src/tracehandler/proc_modules.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { mutations } from "../support/mutations.ts";

function read(name: string): string {
  return Deno.readTextFileSync(sharedData(`tracehandler/ids/${name}`)!);
}

testWith(
  "parseKallsyms reads what the profiler reads and refuses what it refuses",
  [requireSharedData("tracehandler/ids")],
  () => {
    const symbols = parseKallsyms(read("kallsyms"));
    assertEquals(symbols.length, 13);
    assertEquals(symbols.addressOf("cpu_tss_rw"), 0x6000n);
    assertEquals(symbols.addressOf("hid_add_device"), 0xffffffffc033e550n);
    assertEquals(symbols.find(0xffffffffc033e560n), {
      name: "hid_add_device",
      address: 0xffffffffc033e550n,
      module: "hid",
    });
    assertThrows(
      () => parseKallsyms(read("kallsyms_0")),
      FormatError,
      "all addresses are zero",
    );
    assertThrows(
      () => parseKallsyms(read("kallsyms_invalid")),
      FormatError,
      "line 4: it has fewer than three fields",
    );
  },
);

const KERNEL = `ffffffff81000000 T _stext
ffffffff81000100 t second
ffffffff81000080 T first
ffffffff81000080 t alias
ffffffff81000200 D data
ffffffff82000000 B _etext
ffffffff82000000 b other
`;

Deno.test("KernelSymbols.find takes the last function before an address", () => {
  const symbols = parseKallsyms(KERNEL);
  const name = (address: bigint) => symbols.find(address)?.name;
  assertEquals(symbols.length, 5);
  assertEquals(name(0xffffffff81000080n), "first");
  assertEquals(name(0xffffffff810000ffn), "first");
  assertEquals(name(0xffffffff81000250n), "second");
  assertEquals(name(0xffffffff80ffffffn), undefined);
  assertEquals(name(0x1000n), undefined);
  assertEquals(name(2n ** 64n - 1n), "_etext");
  assertEquals(symbols.imageStart, 0xffffffff81000000n);
  assertEquals(symbols.imageEnd, 0xffffffff82000000n);
});

Deno.test("KernelSymbols.find never gives code an absolute symbol", () => {
  const symbols = parseKallsyms(
    "0000000000001000 A percpu\nffffffff81000000 T f",
  );
  assertEquals(symbols.find(0xffffffff80000000n), undefined);
  assertEquals(symbols.find(0x1010n)?.name, "percpu");
});

Deno.test("parseKallsyms refuses an address that is none", () => {
  assertThrows(
    () => parseKallsyms(`${KERNEL}zz T f`),
    FormatError,
    'line 8: address is "zz"',
  );
});

Deno.test("parseKallsyms survives damage of every kind", () => {
  const decoder = new TextDecoder();
  for (
    const bytes of mutations([new TextEncoder().encode(KERNEL)], 10_000, 4)
  ) {
    try {
      parseKallsyms(decoder.decode(bytes)).find(0xffffffff81000090n);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
});

Deno.test("parsePerfMap finds functions that were compiled at run time", () => {
  const map = parsePerfMap(
    "1000 10 LazyCompile:*fib /app.js:1\n0x1010 0x8 two words\nnonsense\n\n2000 4 last",
  );
  const name = (address: number) => map.find(address)?.name;
  assertEquals([map.length, map.badLines], [3, 1]);
  assertEquals(name(0x1000), "LazyCompile:*fib /app.js:1");
  assertEquals(name(0x100f), "LazyCompile:*fib /app.js:1");
  assertEquals(name(0x1010), "two words");
  assertEquals(name(0x1018), undefined);
  assertEquals(name(0x2003), "last");
  assertEquals(name(0xfff), undefined);
});

Deno.test("PerfMap lets later lines win, wherever they lie", () => {
  const map = parsePerfMap("1000 100 old\n1040 10 inner\n1000 20 new\n");
  const name = (address: number) => map.find(address)?.name;
  assertEquals(name(0x1000), "new");
  assertEquals(name(0x1041), "inner");
  const covered = parsePerfMap("1000 10 a\n1020 10 b\n0ff0 80 all\n");
  assertEquals(covered.length, 1);
  assertEquals(covered.find(0x1025)?.name, "all");
});

Deno.test("PerfMap takes a file as it grows", () => {
  const map = new PerfMap();
  map.push("1000 10 fi");
  assertEquals(map.find(0x1000), undefined);
  map.push("rst\n2000 10 second\n");
  assertEquals(map.find(0x1000)?.name, "first");
  map.push("1000 8 replaced");
  map.finish();
  assertEquals(map.find(0x1000)?.name, "replaced");
});

Deno.test("parseProcMaps reads ranges with code, and paths of every kind", () => {
  const text = `55aa-55bb r--p 00000000 fe:01 7   /bin/app
55bb-55cc r-xp 00001000 fe:01 7                  /bin/app
7f00-7f01 r-xp 00002000 00:00 0
7f02-7f03 r-xp 00000000 fe:01 9   /tmp/a b\\012c (deleted)
7ffd-7ffe r-xp 00000000 00:00 0   [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]
junk
`;
  const ranges = parseProcMaps(text);
  assertEquals(
    ranges.map(({ path, offset, isDeleted }) => [path, offset, isDeleted]),
    [
      ["/bin/app", 0x1000n, false],
      ["", 0x2000n, false],
      ["/tmp/a b\nc", 0n, true],
      ["[vdso]", 0n, false],
      ["[vsyscall]", 0n, false],
    ],
  );
  assertEquals(ranges[4]!.end, 0xffffffffff601000n);
  assertEquals(parseProcMaps(text, { all: true }).length, 6);
});

Deno.test("parseProcModules reads names, sizes and addresses", () => {
  assertEquals(
    parseProcModules(
      "hid 12288 1 usbhid, Live 0xffffffffc033d000\nbad line\next4 99 0 - Live 0x0000000000000000\n",
    ),
    [
      { name: "hid", size: 12288, address: 0xffffffffc033d000n },
      { name: "ext4", size: 99, address: 0n },
    ],
  );
});

import { assertEquals, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import type { MappedRange } from "../../src/tracehandler/address_space.ts";
import { readRecordedKernelSymbols } from "../../src/tracehandler/recorded_kernel_symbols.ts";
import {
  RecordedSymbolSource,
  type RecordedSymbolSourceOptions,
} from "../../src/tracehandler/recorded_symbol_source.ts";
import { readKernelBuildId } from "../../src/tracehandler/read_kernel_build_id.ts";
import { REPOSITORY } from "../support/file_url.ts";

const FOLDER = `${REPOSITORY}/tests/fixtures/tracehandler/perf`;
const BUSY_ID = "ed7680c940426f1e17fc6bb108c1c4446b49c67f";
const OTHER_ID = "00".repeat(20);
const LEAF_HOT = 0x1160;

function mapped(path: string, buildId: string): MappedRange {
  return {
    start: 0x5500_0000,
    end: 0x5500_1000,
    fileOffset: 0x1000,
    file: { path, buildId },
  };
}

/** Name of the function that `busy` has at a place, if its symbols are found. */
async function nameIn(
  range: MappedRange,
  options: RecordedSymbolSourceOptions,
): Promise<string | undefined> {
  const symbols = await new RecordedSymbolSource(options).symbolsOf(range, 7);
  return symbols?.find(symbols.addressOf(LEAF_HOT)!)?.name;
}

async function withFolder(
  use: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-symbols-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("RecordedSymbolSource finds a file by its path below a root, and by its name beside others", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/usr/bin`, { recursive: true });
    await Deno.copyFile(`${FOLDER}/busy`, `${folder}/usr/bin/busy`);
    const roots = [`${folder}/`];
    assertEquals(
      await nameIn(mapped("/usr/bin/busy", BUSY_ID), { roots }),
      "leaf_hot",
    );
    assertEquals(
      await nameIn(mapped("/mnt/busy", BUSY_ID), { roots }),
      undefined,
    );
  });
  assertEquals(
    await nameIn(mapped("/mnt/busy", ""), { roots: [FOLDER] }),
    "leaf_hot",
  );
});

Deno.test("RecordedSymbolSource does not use a file of another build, and says so", async () => {
  const stats = new DecodeStats();
  const name = await nameIn(mapped("/mnt/busy", OTHER_ID), {
    roots: [FOLDER],
    stats,
  });
  assertEquals(name, undefined);
  assertEquals(
    stats.entries().map(({ name, severity, firstDetail }) => [
      name,
      severity,
      firstDetail,
    ]),
    [[
      "symbols_of_another_build",
      "notice",
      `/mnt/busy: its build id is ${BUSY_ID}, recorded was ${OTHER_ID}`,
    ]],
  );
});

Deno.test("RecordedSymbolSource looks further when the first root has another build", async () => {
  await withFolder(async (folder) => {
    await Deno.copyFile(`${FOLDER}/busy_nopie`, `${folder}/busy`);
    assertEquals(
      await nameIn(mapped("/mnt/busy", BUSY_ID), { roots: [folder, FOLDER] }),
      "leaf_hot",
    );
  });
});

for (const place of ["", "/elf", ".debug"]) {
  Deno.test(`RecordedSymbolSource finds programs by build id as "ab/cdef${place}"`, async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/.build-id/${BUSY_ID.slice(0, 2)}/${
        BUSY_ID.slice(2)
      }${place}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.copyFile(`${FOLDER}/busy`, path);
      assertEquals(
        await nameIn(mapped("/gone/busy", BUSY_ID), {
          roots: [folder],
          debugFolders: [folder],
        }),
        "leaf_hot",
      );
    });
  });
}

Deno.test("RecordedSymbolSource finds what a process compiled at run time", async () => {
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/tmp`);
    await Deno.writeTextFile(
      `${folder}/tmp/perf-7.map`,
      "1000 20 LazyCompile:~fib\n",
    );
    const source = new RecordedSymbolSource({ roots: [folder] });
    const map = await source.perfMapOf(7);
    assertEquals(map?.find(0x1010)?.name, "LazyCompile:~fib");
    assertEquals(await source.perfMapOf(8), undefined);
    // Known from now on.
    assertEquals(source.perfMapOf(7), map);
  });
});

const KALLSYMS = `ffffffff81000000 T _text
ffffffff81000000 T _stext
ffffffff81000010 T do_idle
ffffffff82000000 T _etext
`;

Deno.test("readRecordedKernelSymbols reads a copy, and says when its addresses are others", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/kallsyms`;
    await Deno.writeTextFile(path, KALLSYMS);
    const read = async (address: bigint) => {
      const stats = new DecodeStats();
      const symbols = await readRecordedKernelSymbols({
        buildId: "",
        osRelease: undefined,
        reference: { name: "_text", address },
      }, { path, stats });
      return [
        symbols?.find(0xffffffff81000011n)?.name,
        stats.entries().map(({ name }) => name),
      ];
    };
    assertEquals(await read(0xffffffff81000000n), ["do_idle", []]);
    assertEquals(await read(0xffffffff9a000000n), [
      "do_idle",
      ["kernel_symbols_of_another_start"],
    ]);
  });
  await assertRejects(
    () =>
      readRecordedKernelSymbols({
        buildId: "",
        osRelease: undefined,
        reference: undefined,
      }, { path: `${FOLDER}/no_such_file` }),
    Deno.errors.NotFound,
  );
});

Deno.test("readRecordedKernelSymbols leaves this machine's names to its own kernel", async () => {
  const kernel = {
    osRelease: "0.0.0-none",
    reference: { name: "_text", address: 1n },
  };
  assertEquals(
    await readRecordedKernelSymbols({ ...kernel, buildId: OTHER_ID }),
    undefined,
  );
  assertEquals(
    await readRecordedKernelSymbols({ ...kernel, buildId: "" }),
    undefined,
  );
  // The same build, but started at another address.
  assertEquals(
    await readRecordedKernelSymbols({
      ...kernel,
      buildId: readKernelBuildId(),
    }),
    undefined,
  );
});

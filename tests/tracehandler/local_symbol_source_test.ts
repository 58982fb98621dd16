import { assert, assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { readElf } from "../../src/container/elf.ts";
import { readElfSymbols } from "../../src/container/elf_symbols.ts";
import { openRandomAccess } from "../../src/platform/random_access_file.ts";
import { processTable } from "../../src/platform/running_process.ts";
import type { MappedRange } from "../../src/tracehandler/address_space.ts";
import { LocalSymbolSource } from "../../src/tracehandler/local_symbol_source.ts";
import { ProcessPerfMaps } from "../../src/tracehandler/process_perf_maps.ts";
import { readOwnVdso } from "../../src/tracehandler/vdso.ts";
import { requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const COMPILER = [
  requirePeers("gcc"),
  requirePeers("strip"),
  requirePeers("objcopy"),
  requireThat(Deno.build.os === "linux", "needs ELF"),
];
const LINUX = [requireThat(Deno.build.os === "linux", "needs /proc")];

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args })
    .output();
  assert(success, new TextDecoder().decode(stderr));
}

async function compile(folder: string): Promise<string> {
  const source = `${folder}/app.c`;
  await Deno.writeTextFile(
    source,
    "int hidden_work(int x) { return x * 3; }\nint main(void) { return hidden_work(0); }\n",
  );
  const program = `${folder}/app`;
  await run("gcc", "-O0", "-g", "-Wl,--build-id", "-o", program, source);
  return program;
}

/** Where a function lies in the file. */
async function offsetOf(program: string, name: string): Promise<number> {
  using source = await openRandomAccess(program);
  const elf = await readElf(source);
  const symbols = [...(await readElfSymbols(elf)).symbols()];
  const { address } = symbols.find((symbol) => symbol.name === name)!;
  const segment = elf.segments.find((each) =>
    each.type === 1 && address >= each.address &&
    address < each.address + each.fileSize
  )!;
  return address - segment.address + segment.offset;
}

function rangeOf(path: string, buildId = ""): MappedRange {
  return {
    start: 0x1000,
    end: 0x9000,
    fileOffset: 0,
    file: { path, buildId },
  };
}

async function nameAt(
  source: LocalSymbolSource,
  range: MappedRange,
  offset: number,
): Promise<string | undefined> {
  const symbols = await source.symbolsOf(range, Deno.pid);
  const address = symbols?.addressOf(offset);
  return address === undefined ? undefined : symbols?.find(address)?.name;
}

testWith(
  "LocalSymbolSource finds names in the program and in separate debug files",
  COMPILER,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = await compile(folder);
      const offset = await offsetOf(program, "hidden_work");
      const range = () => rangeOf(program);
      assertEquals(
        await nameAt(new LocalSymbolSource(), range(), offset + 3),
        "hidden_work",
      );
      const { buildId } =
        (await new LocalSymbolSource().symbolsOf(range(), Deno.pid))!;
      assertEquals(buildId.length, 40);

      const debugFile = `${folder}/app.debug`;
      await run("objcopy", "--only-keep-debug", program, debugFile);
      await run("strip", program);
      const bare = new LocalSymbolSource({ debugFolders: [] });
      assertEquals(await nameAt(bare, range(), offset), undefined);

      // By the build id, in a folder of debug files.
      const debug = `${folder}/debug/.build-id/${buildId.slice(0, 2)}`;
      await Deno.mkdir(debug, { recursive: true });
      const byId = `${debug}/${buildId.slice(2)}.debug`;
      await Deno.copyFile(debugFile, byId);
      const options = { debugFolders: [`${folder}/debug`] };
      assertEquals(
        await nameAt(new LocalSymbolSource(options), range(), offset),
        "hidden_work",
      );
      await Deno.remove(byId);

      // By the name that the program says, beside it.
      await run("objcopy", `--add-gnu-debuglink=${debugFile}`, program);
      assertEquals(
        await nameAt(new LocalSymbolSource(options), range(), offset),
        "hidden_work",
      );

      // A file of another build says nothing.
      await Deno.writeTextFile(
        `${folder}/app.c`,
        "int other(void) { return 1; }\nint main(void) { return other(); }\n",
      );
      await run(
        "gcc",
        "-g",
        "-Wl,--build-id",
        "-o",
        debugFile,
        `${folder}/app.c`,
      );
      assertEquals(
        await nameAt(new LocalSymbolSource(options), range(), offset),
        undefined,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(
  "LocalSymbolSource takes no file of another build",
  COMPILER,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const program = await compile(folder);
      const symbols = await new LocalSymbolSource().symbolsOf(
        rangeOf(program, "00".repeat(20)),
        Deno.pid,
      );
      assertEquals(symbols, undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(
  "LocalSymbolSource reads no pipes, no damaged and no missing files",
  LINUX,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const stats = new DecodeStats();
      const source = new LocalSymbolSource({ stats });
      const damaged = `${folder}/damaged`;
      await Deno.writeFile(
        damaged,
        Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1),
      );
      for (
        const path of [damaged, `${folder}/none`, "/dev/zero", "[heap]", ""]
      ) {
        assertEquals(
          await source.symbolsOf(rangeOf(path), Deno.pid),
          undefined,
          path,
        );
      }
      assertEquals(stats.get("symbols_not_read"), 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(
  "LocalSymbolSource names the library that the kernel maps into processes",
  LINUX,
  async () => {
    const image = await readOwnVdso();
    assert(image !== undefined);
    const range = { ...rangeOf("[vdso]"), end: 0x1000 + image.length };
    const symbols = await new LocalSymbolSource().symbolsOf(range, Deno.pid);
    assert(symbols !== undefined);
    const names = new Set<string>();
    for (let offset = 0; offset < image.length; offset += 16) {
      const address = symbols.addressOf(offset);
      const name = address === undefined
        ? undefined
        : symbols.find(address)?.name;
      if (name !== undefined) names.add(name);
    }
    assert([...names].some((name) => name.includes("clock_gettime")));
  },
);

testWith(
  "ProcessPerfMaps reads lists as they grow, are begun anew and end",
  LINUX,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/tmp`);
      const path = `${folder}/tmp/perf-5.map`;
      // In its container the process has number 5.
      const pid = 0x3fff_ff01;
      const maps = new ProcessPerfMaps({
        ...processTable(),
        rootPath: () => folder,
        namespacePids: () => [pid, 5],
      });
      assertEquals(maps.mapOf(pid), undefined);
      await Deno.writeTextFile(path, "1000 10 one\n2000 1");
      assertEquals(maps.refresh(), [pid]);
      assertEquals(maps.mapOf(pid)?.find(0x1004)?.name, "one");
      assertEquals(maps.refresh(), []);
      await Deno.writeTextFile(path, "0 two\n", { append: true });
      assertEquals(maps.refresh(), [pid]);
      assertEquals(maps.mapOf(pid)?.find(0x200f)?.name, "two");

      await Deno.remove(path);
      assertEquals(maps.refresh(), []);
      assertEquals(maps.mapOf(pid)?.find(0x1004)?.name, "one");
      await Deno.writeTextFile(path, "1000 10 three\n");
      assertEquals(maps.refresh(), [pid]);
      assertEquals(maps.mapOf(pid)?.find(0x1004)?.name, "three");
      maps.forget(pid);
      assertEquals(maps.refresh(), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(
  "ProcessPerfMaps reads no list that another process left behind",
  LINUX,
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.mkdir(`${folder}/tmp`);
      const pid = 0x3fff_ff02;
      const path = `${folder}/tmp/perf-${pid}.map`;
      await Deno.writeTextFile(path, "1000 10 old\n");
      const uptime = parseFloat(await Deno.readTextFile("/proc/uptime"));
      const startedAgo = (seconds: number) =>
        new ProcessPerfMaps({
          ...processTable(),
          rootPath: () => folder,
          namespacePids: () => [],
          startTicks: () => String(Math.round((uptime - seconds) * 100)),
        });
      assertEquals(startedAgo(60).mapOf(pid)?.length, 1);
      assertEquals(startedAgo(-60).mapOf(pid), undefined);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

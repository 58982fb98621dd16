import { assertEquals, assertRejects } from "@std/assert";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { randomAccessOf } from "../../src/base/random_access.ts";
import { sortOrder } from "../../src/container/_sort_order.ts";
import {
  elfAddressOf,
  type ElfFile,
  readElf,
  readElfBuildIds,
  readElfDebugLink,
  sniffElf,
  takeBuildIds,
} from "../../src/container/elf.ts";
import { readElfSymbols } from "../../src/container/elf_symbols.ts";
import { openRandomAccess } from "../../src/platform/random_access_file.ts";
import { mutations, seededRandom } from "../support/mutations.ts";
import { fromFileUrl } from "../support/file_url.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const FOLDER = new URL("../fixtures/tracehandler/perf/", import.meta.url);

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FOLDER));
}

async function open(name: string): Promise<ElfFile> {
  return await readElf(randomAccessOf(bytesOf(name)));
}

/** Functions of the program itself, without what the compiler adds. */
async function functionsOf(name: string): Promise<string> {
  const symbols = await readElfSymbols(await open(name));
  return [...symbols.symbols()]
    .filter(({ name }) => !/^_|@plt$|tm_clones|frame_dummy/.test(name))
    .map(({ name, address, size }) =>
      `${name} 0x${address.toString(16)}/0x${size.toString(16)}`
    )
    .join(", ");
}

Deno.test("readElfSymbols finds the functions of real programs", async () => {
  assertEquals(
    await functionsOf("workload"),
    "crunch 0x1219/0x46, layer3 0x125f/0x20, layer2 0x127f/0x36, layer1 0x12b5/0x20, cpu_thread 0x12d5/0x5a, io_step 0x132f/0x26, io_thread 0x1355/0x9a, main 0x13ef/0xd4",
  );
  assertEquals(
    await functionsOf("busy"),
    "leaf_hot 0x1159/0x35, mid_b 0x118e/0x20, mid_a 0x11ae/0x36, rec 0x11e4/0x3e, main 0x1222/0xbc",
  );
  assertEquals(
    await functionsOf("busy_nopie"),
    "leaf_hot 0x401146/0x35, mid_b 0x40117b/0x20, mid_a 0x40119b/0x36, rec 0x4011d1/0x3e, main 0x40120f/0xbc",
  );
});

Deno.test("readElf and readElfBuildIds tell what a program is", async () => {
  const facts: Record<string, [number, string]> = {
    workload: [3, "b544ef88316bd538c4c83f0162d5a96df3f818cc"],
    busy: [3, "ed7680c940426f1e17fc6bb108c1c4446b49c67f"],
    "busy_nopie": [2, "404fcc037648bb2e556c25e2f4d5d1d942d3c1e2"],
  };
  for (const [name, [type, gnu]] of Object.entries(facts)) {
    const elf = await open(name);
    assertEquals([elf.type, elf.machine], [type, 62]);
    assertEquals(await readElfBuildIds(elf), { gnu, go: "" });
    assertEquals(await readElfDebugLink(elf), undefined);
  }
});

Deno.test("elfAddressOf finds addresses by the segments", async () => {
  const elf = await open("busy_nopie");
  assertEquals(elfAddressOf(elf, 0x1146), 0x401146);
  assertEquals(elfAddressOf(elf, 10_000_000), undefined);
  assertEquals(elfAddressOf(await open("busy"), 0x1159), 0x1159);
});

Deno.test("ElfSymbolTable.find takes the function that covers an address", async () => {
  const symbols = await readElfSymbols(await open("busy"));
  const name = (address: number) => symbols.find(address)?.name;
  assertEquals(name(0x1159), "leaf_hot");
  assertEquals(name(0x1159 + 0x34), "leaf_hot");
  assertEquals(name(0x118e), "mid_b");
  assertEquals(name(0x1222 + 0xbb), "main");
  assertEquals(name(0x1222 + 0xbc), undefined, "behind the last byte");
  assertEquals(name(0x1030), "printf@plt");
  assertEquals(name(0x1045), "strtol@plt");
  assertEquals(name(0x1000), "_init");
  assertEquals(name(0x1028), undefined, "_init ends with its section");
  assertEquals(name(0), undefined);
  assertEquals(name(2 ** 52), undefined);
});

testWith(
  "readElfSymbols agrees with nm",
  [requirePeers("nm")],
  async () => {
    const fixture = fromFileUrl(new URL("workload", FOLDER));
    for (const path of [Deno.execPath(), fixture]) {
      using file = await openRandomAccess(path);
      const symbols = await readElfSymbols(await readElf(file));
      const args = symbols.origin === ".dynsym" ? ["-D"] : [];
      const { stdout } = await new Deno.Command("nm", {
        args: [...args, "--defined-only", "--print-size", path],
      }).output();
      const names = new Map<string, Set<string>>();
      for (const line of new TextDecoder().decode(stdout).split("\n")) {
        const match = /^([0-9a-f]+) [0-9a-f]+ [tTwWi] (.*)$/.exec(line);
        if (match === null) continue;
        const address = String(parseInt(match[1]!, 16));
        const name = match[2]!.replace(/@.*/, "");
        names.set(address, (names.get(address) ?? new Set()).add(name));
      }
      let compared = 0;
      for (const { name, address, size } of symbols.symbols()) {
        if (name.endsWith("@plt") || size === 0) continue;
        const known = names.get(String(address));
        if (known === undefined) continue;
        assertEquals(known.has(name.replace(/@.*/, "")), true, name);
        compared++;
      }
      assertEquals(compared > 5, true, `${path}: ${compared}`);
    }
  },
);

testWith(
  "readElf reads what gcc, strip and objcopy make",
  [requirePeers("gcc", "strip", "objcopy")],
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const run = async (command: string, ...args: string[]) => {
        const { success, stderr } = await new Deno.Command(command, {
          args,
          cwd: folder,
        }).output();
        assertEquals(success, true, new TextDecoder().decode(stderr));
      };
      await Deno.writeTextFile(
        `${folder}/a.c`,
        "#include <stdio.h>\nint twice(int x) { return x * 2; }\n" +
          'static int thrice(int x) { return puts("x") + x * 3; }\n' +
          "int main(int c, char **v) { return twice(c) + thrice(c); }\n",
      );
      await run("gcc", "-O0", "-Wl,--build-id", "-rdynamic", "-o", "a", "a.c");
      await run("objcopy", "--only-keep-debug", "a", "a.debug");
      await run("strip", "a");
      await run("objcopy", "--add-gnu-debuglink=a.debug", "a");
      using program = await openRandomAccess(`${folder}/a`);
      using debug = await openRandomAccess(`${folder}/a.debug`);
      const elf = await readElf(program);
      const link = await readElfDebugLink(elf);
      assertEquals(link?.fileName, "a.debug");
      const stripped = await readElfSymbols(elf);
      const full = await readElfSymbols(await readElf(debug));
      assertEquals([stripped.origin, full.origin], [".dynsym", ".symtab"]);
      const names = [...stripped.symbols()].map(({ name }) => name);
      assertEquals(names.includes("twice"), true);
      assertEquals(names.includes("thrice"), false);
      const thrice = [...full.symbols()].find(({ name }) => name === "thrice");
      assertEquals(thrice !== undefined && thrice.size > 0, true);
      const { gnu } = await readElfBuildIds(elf);
      assertEquals(gnu.length, 40);
      assertEquals((await readElfBuildIds(await readElf(debug))).gnu, gnu);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("takeBuildIds reads notes and stops at what cannot be right", () => {
  const note = (name: string, type: number, content: Uint8Array) => {
    const bytes = new Uint8Array(
      12 + Math.ceil(name.length / 4) * 4 + Math.ceil(content.length / 4) * 4,
    );
    const view = new DataView(bytes.buffer);
    view.setUint32(0, name.length, true);
    view.setUint32(4, content.length, true);
    view.setUint32(8, type, true);
    bytes.set(new TextEncoder().encode(name), 12);
    bytes.set(content, 12 + Math.ceil(name.length / 4) * 4);
    return [...bytes];
  };
  const ids = { gnu: "", go: "" };
  takeBuildIds(
    Uint8Array.from([
      ...note("GNU\0", 1, new Uint8Array(16)),
      ...note("Go\0\0", 4, new TextEncoder().encode("abc/def")),
      ...note("GNU\0", 3, Uint8Array.of(0xab, 0xcd)),
      ...note("GNU\0", 3, Uint8Array.of(0xff)),
    ]),
    4,
    ids,
  );
  assertEquals(ids, { gnu: "abcd", go: "abc/def" });
  const none = { gnu: "", go: "" };
  const long = Uint8Array.from(note("GNU\0", 3, Uint8Array.of(1)));
  long[4] = 200;
  takeBuildIds(long, 4, none);
  assertEquals(none.gnu, "");
});

Deno.test("readElf refuses files of other kinds and says which", async () => {
  const program = bytesOf("busy");
  const refuse = async (at: number, value: number, message: string) => {
    const copy = program.slice();
    copy[at] = value;
    await assertRejects(
      () => readElf(randomAccessOf(copy)),
      FormatError,
      message,
    );
  };
  await refuse(0, 0, "magic is 00454c46");
  await refuse(4, 1, "class is 1 and byte order 1");
  await refuse(5, 2, "class is 2 and byte order 2");
  await refuse(58, 40, "section headers have 40 bytes");
  await refuse(54, 32, "program headers have 32 bytes");
  await refuse(46, 1, "Cannot read ELF section headers");
  await assertRejects(
    () => readElf(randomAccessOf(program.subarray(0, 63))),
    TruncatedError,
  );
});

Deno.test("readElfSymbols bounds the number of symbols", async () => {
  const elf = await open("busy");
  await assertRejects(
    () => readElfSymbols(elf, { maxSymbols: 10 }),
    LimitError,
    "limit is 10",
  );
});

Deno.test("readElfSymbols finds nothing where there are no sections", async () => {
  const elf = await open("busy");
  const none = await readElfSymbols({ ...elf, sections: [] });
  assertEquals([none.length, none.origin, none.find(5)], [0, "", undefined]);
});

Deno.test("readElf and readElfSymbols survive damage of every kind", async () => {
  // The tables of a small file, close together so that damage meets them.
  const program = bytesOf("busy_nopie");
  const elf = await readElf(randomAccessOf(program));
  const symtab = elf.sections.find(({ name }) => name === ".symtab")!;
  const corpus = [
    program.slice(0, 1024),
    compact(program, symtab.offset),
  ];
  for (const bytes of mutations(corpus, 10_000, 23)) {
    try {
      const damaged = await readElf(randomAccessOf(bytes));
      await readElfBuildIds(damaged);
      await readElfDebugLink(damaged);
      const symbols = await readElfSymbols(damaged);
      symbols.find(0x401146);
    } catch (error) {
      if (error instanceof FormatError || error instanceof LimitError) continue;
      throw error;
    }
  }
});

/** Header, symbols, names and sections without the code between. */
function compact(program: Uint8Array, from: number): Uint8Array {
  const view = new DataView(program.buffer);
  const shift = from - 1024;
  const bytes = new Uint8Array(program.length - shift);
  bytes.set(program.subarray(0, 1024));
  bytes.set(program.subarray(from), 1024);
  const copy = new DataView(bytes.buffer);
  const sectionsAt = Number(view.getBigUint64(40, true)) - shift;
  copy.setBigUint64(40, BigInt(sectionsAt), true);
  for (let index = 0; index < copy.getUint16(60, true); index++) {
    const at = sectionsAt + index * 64 + 24;
    const offset = Number(copy.getBigUint64(at, true));
    if (offset >= from) copy.setBigUint64(at, BigInt(offset - shift), true);
  }
  return bytes;
}

Deno.test("sniffElf knows the magic number", () => {
  assertEquals(sniffElf(bytesOf("busy")), true);
  assertEquals(sniffElf(new Uint8Array(3)), false);
});

Deno.test("sortOrder sorts numbers up to 2^53 and keeps equal ones in order", () => {
  const random = seededRandom(9);
  const values = Float64Array.from(
    { length: 5000 },
    (_, index) =>
      index % 3 === 0
        ? random(1000)
        : random(2 ** 21) * 2 ** 32 + random(2 ** 32),
  );
  const expected = Array.from(values, (_, index) => index)
    .sort((a, b) => values[a]! - values[b]! || a - b);
  assertEquals([...sortOrder(values)], expected);
  assertEquals([...sortOrder(new Float64Array(0))], []);
});

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { readTar, writeTar } from "../../src/container/tar.ts";
import type { ReadTarOptions, TarInput } from "../../src/container/tar.ts";
import { TarDecoder } from "../../src/container/tar_decoder.ts";
import { encodeTarHeader } from "../../src/container/tar_encoder.ts";
import type { TarEntry } from "../../src/container/tar_entry.ts";
import { bytesOf, concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const encoder = new TextEncoder();

const INPUTS: readonly TarInput[] = [
  { path: "top", type: "directory", mode: 0o755, mtime: 1_795_217_690 },
  {
    path: "top/a.txt",
    type: "file",
    mode: 0o664,
    mtime: 5,
    uid: 1000,
    gid: 100,
    userName: "user",
    groupName: "group",
    content: encoder.encode("hello"),
  },
  { path: "top/empty", type: "file", mode: 0o600 },
  {
    path: "top/large",
    type: "file",
    mode: 0o600,
    content: new Uint8Array(70_000).fill(7),
  },
];

interface Read {
  readonly entry: TarEntry;
  readonly content: Uint8Array;
}

async function readAll(
  archive: Uint8Array,
  options: ReadTarOptions & { readonly chunkBytes?: number } = {},
): Promise<Read[]> {
  const all: Read[] = [];
  const source = streamOf(archive, options.chunkBytes ?? 1 << 20);
  for await (const { content, ...entry } of readTar(source, options)) {
    all.push({ entry, content: await bytesOf(content) });
  }
  return all;
}

/** A header with fields put in by hand, its checksum made right again. */
function patched(
  header: Uint8Array,
  patches: Readonly<Record<number, string | readonly number[]>>,
): Uint8Array<ArrayBuffer> {
  const block = header.slice();
  for (const [at, bytes] of Object.entries(patches)) {
    block.set(
      typeof bytes === "string" ? encoder.encode(bytes) : bytes,
      Number(at),
    );
  }
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return block;
}

const FILE_HEADER = encodeTarHeader({ path: "x", type: "file", mode: 0o644 });
const END = new Uint8Array(1024);

/** A header for long names with its content. */
function metaEntry(flag: string, text: string): Uint8Array<ArrayBuffer> {
  const content = encoder.encode(text);
  const header = encodeTarHeader({
    path: "././@LongLink",
    type: "file",
    mode: 0,
    size: content.length,
  });
  return concatBytes([
    patched(header, { 156: flag }),
    content,
    new Uint8Array(-content.length & 511),
  ]);
}

for (const form of ["plain", "go"] as const) {
  for (const chunkBytes of [1, 513, 1 << 20]) {
    Deno.test(`readTar reads what writeTar wrote as ${form} in pieces of ${chunkBytes} bytes`, async () => {
      const archive = await bytesOf(writeTar(INPUTS, { form }));
      assertEquals(archive.length, 512 * 4 + 512 + 70_144 + 1024);
      const stats = new DecodeStats();
      const all = await readAll(archive, { chunkBytes, stats });
      assertEquals(stats.entries(), []);
      assertEquals(
        all.map(({ entry, content }) => ({
          path: entry.path,
          type: entry.type,
          mode: entry.mode,
          mtime: entry.mtime,
          size: content.length,
        })),
        INPUTS.map(({ path, type, mode, mtime, content }) => ({
          path,
          type,
          mode,
          mtime: mtime ?? 0,
          size: content?.length ?? 0,
        })),
      );
      const { uid, gid, userName, groupName } = all[1]!.entry;
      assertEquals([uid, gid, userName, groupName], [
        1000,
        100,
        "user",
        "group",
      ]);
      assertEquals(all[3]!.content, INPUTS[3]!.content);
    });
  }
}

Deno.test("encodeTarHeader gives the GNU header that Go gives for a number beyond octal", async () => {
  const header = encodeTarHeader({
    path: "d",
    type: "directory",
    mode: 0o20000000755,
  });
  assertEquals(header.subarray(100, 108).toHex(), "80000000800001ed");
  assertEquals(
    new TextDecoder().decode(header.subarray(257, 265)),
    "ustar  \0",
  );
  const [read] = await readAll(concatBytes([header, END]));
  assertEquals(read!.entry.mode, 0o20000000755);
  assertEquals(read!.entry.format, "gnu");
});

Deno.test("encodeTarHeader keeps long and foreign names by prefix or PAX header", async () => {
  const paths = [
    `${"p".repeat(100)}/${"n".repeat(100)}`,
    `${"p".repeat(156)}/${"n".repeat(100)}`,
    "n".repeat(300),
    "größe/名前.txt",
  ];
  const headers = paths.map((path) =>
    encodeTarHeader({ path, type: "file", mode: 0o644, userName: "é" })
  );
  const large = paths.map((path) =>
    encodeTarHeader({ path, type: "file", mode: 0o20000000644 })
  );
  const gnu = await readAll(concatBytes([...large, END]));
  assertEquals(gnu.map(({ entry }) => entry.path), paths);
  const all = await readAll(concatBytes([...headers, END]));
  assertEquals(all.map(({ entry }) => entry.path), paths);
  assertEquals(all.map(({ entry }) => entry.userName), ["é", "é", "é", "é"]);
  assertThrows(
    () => encodeTarHeader({ path: "x", type: "file", mode: 0.5 }),
    RangeError,
    "mode is 0.5",
  );
});

Deno.test("readTar decodes base-256 in every field, negative too", async () => {
  const negative = [0xff, ...new Array(10).fill(0xff), 0xfe];
  const header = patched(FILE_HEADER, {
    108: [0x80, 0, 0, 1, 0, 0, 0, 0],
    116: [0x80, 0, 0, 0, 0, 0, 0, 9],
    124: [0x80, ...new Array(10).fill(0), 3],
    136: negative,
  });
  const [read] = await readAll(
    concatBytes([header, encoder.encode("abc"), new Uint8Array(509), END]),
  );
  const { uid, gid, size, mtime } = read!.entry;
  assertEquals([uid, gid, size, mtime], [2 ** 32, 9, 3, -2]);
});

Deno.test("readTar follows GNU long names and PAX records", async () => {
  const long = `${"d/".repeat(90)}name`;
  const archive = concatBytes([
    metaEntry("L", `${long}\0`),
    metaEntry("K", `${long}-target\0`),
    patched(FILE_HEADER, { 156: "2" }),
    metaEntry("g", "18 gname=everyone\n"),
    metaEntry("x", "13 path=f\u00f6o\n15 mtime=12.75\n9 size=2\n"),
    FILE_HEADER,
    encoder.encode("ok"),
    new Uint8Array(510),
    FILE_HEADER,
    END,
  ]);
  const all = await readAll(archive, { chunkBytes: 100 });
  assertEquals(all[0]!.entry.path, long);
  assertEquals(all[0]!.entry.linkPath, `${long}-target`);
  assertEquals(all[0]!.entry.type, "symlink");
  assertEquals(all[1]!.entry.path, "f\u00f6o");
  assertEquals(all[1]!.entry.mtime, 12);
  assertEquals(new TextDecoder().decode(all[1]!.content), "ok");
  assertEquals(all[1]!.entry.groupName, "everyone");
  assertEquals([all[2]!.entry.path, all[2]!.entry.size], ["x", 0]);
});

Deno.test("readTar counts malformed PAX records and uses those before", async () => {
  const stats = new DecodeStats();
  const archive = concatBytes([
    metaEntry("x", "10 path=ab\n99 path=cd\n"),
    FILE_HEADER,
    END,
  ]);
  // "10 path=ab\n" has 11 bytes: the length lies, so no record is whole.
  const [read] = await readAll(archive, { stats });
  assertEquals(read!.entry.path, "x");
  assertEquals(stats.get("tar_bad_pax"), 1);
});

Deno.test("readTar tells folders by flag and by a slash, and skips unknown types by size", async () => {
  const archive = concatBytes([
    patched(FILE_HEADER, { 0: "old/", 156: "\0" }),
    patched(FILE_HEADER, { 156: "5", 124: "00000001000" }),
    patched(FILE_HEADER, { 156: "Z", 124: "00000000003" }),
    new Uint8Array(512),
    FILE_HEADER,
    END,
  ]);
  const all = await readAll(archive);
  assertEquals(all.map(({ entry }) => [entry.path, entry.type]), [
    ["old", "directory"],
    ["x", "directory"],
    ["x", "other"],
    ["x", "file"],
  ]);
});

Deno.test("readTar names the header that is damaged and keeps the entries before", async () => {
  const broken = FILE_HEADER.slice();
  broken[0] = 0x79;
  const cases: readonly [Uint8Array, string][] = [
    [
      broken,
      "Cannot read tar entry 1 at byte 512: checksum is 3829, bytes add up to 3830",
    ],
    [
      patched(FILE_HEADER, { 124: "0000000zz00" }),
      "Cannot read tar entry 1 at byte 512: size is no number",
    ],
    [
      patched(FILE_HEADER, { 124: new Array(12).fill(0xff) }),
      "Cannot read tar entry 1 at byte 512: size is -1",
    ],
    [
      patched(FILE_HEADER, { 124: [0xbf, ...new Array(11).fill(0xff)] }),
      "Cannot read tar entry 1 at byte 512: size is 1.9807040628566084e+28",
    ],
  ];
  for (const [header, message] of cases) {
    const paths: string[] = [];
    const error = await assertRejects(async () => {
      const archive = concatBytes([FILE_HEADER, header, END]);
      for await (const { path } of readTar(streamOf(archive))) paths.push(path);
    }, FormatError);
    assertEquals(error.message, message);
    assertEquals(error.offset, 512);
    assertEquals(paths, ["x"]);
  }
});

Deno.test("readTar counts a missing end and junk in a field, and reads on", async () => {
  const stats = new DecodeStats();
  const junk = patched(FILE_HEADER, { 108: "junk" });
  const all = await readAll(concatBytes([junk, FILE_HEADER]), { stats });
  assertEquals(all.length, 2);
  assertEquals(all[0]!.entry.uid, 0);
  assertEquals(
    stats.entries().map(({ name, severity }) => [name, severity]),
    [["tar_bad_number", "notice"], ["tar_end_missing", "notice"]],
  );
});

Deno.test("readTar ends with an error at every cut inside an entry", async () => {
  const archive = await bytesOf(writeTar(INPUTS.slice(0, 3), { form: "go" }));
  // Of the second entry, 5 bytes are content and 507 padding.
  const isWhole = (size: number) =>
    [0, 512, 2048, 2560].includes(size) || (size >= 1029 && size <= 1536);
  for (let size = 0; size < archive.length; size++) {
    const stats = new DecodeStats();
    const cut = archive.subarray(0, size);
    if (isWhole(size)) {
      await readAll(cut, { stats });
      assertEquals(stats.get("tar_end_missing"), 1);
    } else await assertRejects(() => readAll(cut), TruncatedError, "too early");
  }
});

Deno.test("readTar delivers content up to the cut", async () => {
  const archive = await bytesOf(writeTar(INPUTS, { form: "go" }));
  let size = 0;
  await assertRejects(async () => {
    for await (const entry of readTar(streamOf(archive.subarray(0, 5000)))) {
      if (entry.path !== "top/large") continue;
      for await (const bytes of entry.content) size += bytes.length;
    }
  }, TruncatedError);
  assertEquals(size, 5000 - 5 * 512);
});

Deno.test("readTar holds each limit", async () => {
  const archive = await bytesOf(writeTar(INPUTS));
  const tooLarge = await assertRejects(
    () => readAll(archive, { limits: { maxRecordBytes: 69_999 } }),
    LimitError,
  );
  assertEquals([tooLarge.limit, tooLarge.value], ["maxRecordBytes", 70_000]);
  const tooMany = await assertRejects(
    () => readAll(archive, { limits: { maxTableEntries: 3 } }),
    LimitError,
  );
  assertEquals([tooMany.limit, tooMany.value], ["maxTableEntries", 4]);
  const header = patched(metaEntry("L", "").slice(0, 512), {
    124: "00010000000",
  });
  const names = await assertRejects(() => readAll(header), LimitError);
  assertEquals(names.limit, "maxStringBytes");
});

Deno.test("readTar skips content that is not read or half read", async () => {
  const archive = await bytesOf(writeTar(INPUTS));
  const paths: string[] = [];
  for await (const entry of readTar(streamOf(archive, 1000))) {
    paths.push(entry.path);
    if (entry.path === "top/large") {
      for await (const _ of entry.content) break;
    }
  }
  assertEquals(paths, INPUTS.map(({ path }) => path));
});

Deno.test("TarDecoder survives damage with its own errors only", async () => {
  const small = await bytesOf(writeTar(INPUTS.slice(0, 3), { form: "go" }));
  const named = concatBytes([
    metaEntry("x", "13 path=ab/c\n"),
    metaEntry("L", "long\0"),
    FILE_HEADER,
    END,
  ]);
  for (const bytes of mutations([small, named])) {
    try {
      const decoder = new TarDecoder({
        onEntry: ({ mode, uid, gid, mtime }) =>
          assertEquals(Number.isNaN(mode + uid + gid + mtime), false),
        onData: () => {},
        onEntryEnd: () => {},
      });
      decoder.push(bytes);
      decoder.finish();
    } catch (error) {
      if (error instanceof LimitError) continue;
      assertInstanceOf(error, FormatError);
    }
  }
});

testWith(
  "writeTar is read by GNU tar in both forms",
  [requirePeers("tar")],
  async () => {
    for (const form of ["plain", "go"] as const) {
      const path = await Deno.makeTempFile();
      try {
        await Deno.writeFile(
          path,
          ReadableStream.from(
            writeTar([
              ...INPUTS,
              ...(form === "go"
                ? [{
                  path: `top/${"ö".repeat(90)}`,
                  type: "file" as const,
                  mode: 0o20000000644,
                }]
                : []),
            ], { form }),
          ),
        );
        const { code, stdout, stderr } = await new Deno.Command(
          findPeer("tar")!,
          { args: ["-tvf", path], env: { LC_ALL: "C", TZ: "UTC" } },
        ).output();
        assertEquals(new TextDecoder().decode(stderr), "");
        assertEquals(code, 0);
        const lines = new TextDecoder().decode(stdout).trim().split("\n");
        assertEquals(lines.length, form === "go" ? 5 : 4);
        assertEquals(
          lines[1],
          "-rw-rw-r-- user/group        5 1970-01-01 00:00 top/a.txt",
        );
      } finally {
        await Deno.remove(path);
      }
    }
  },
);

// What is relied on of @std/tar. It holds for the package and for its stand-in.
import {
  assert,
  assertEquals,
  assertExists,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { toBytes } from "../../src/deps/streams.ts";
import {
  assertValidPath,
  TarStream,
  type TarStreamEntry,
  type TarStreamInput,
  type TarStreamOptions,
  UntarStream,
} from "../../src/deps/tar.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";

const BLOCK_BYTES = 512;

interface Unpacked {
  readonly path: string;
  readonly header: TarStreamEntry["header"];
  readonly text: string | undefined;
}

function file(
  path: string,
  text: string,
  options: TarStreamOptions = { mtime: 1 },
): TarStreamInput {
  const content = new TextEncoder().encode(text);
  return {
    type: "file",
    path,
    size: content.length,
    readable: ReadableStream.from([content]),
    options,
  };
}

function pack(...inputs: readonly TarStreamInput[]): Promise<Uint8Array> {
  return toBytes(ReadableStream.from(inputs).pipeThrough(new TarStream()));
}

function inChunks(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += size) {
      yield bytes.slice(at, at + size);
    }
  })());
}

async function unpack(
  bytes: Uint8Array,
  chunkBytes = 1_000,
): Promise<Unpacked[]> {
  const all: Unpacked[] = [];
  const entries = inChunks(bytes, chunkBytes).pipeThrough(new UntarStream());
  for await (const { path, header, readable } of entries) {
    const text = readable === undefined
      ? undefined
      : new TextDecoder().decode(await toBytes(readable));
    all.push({ path, header, text });
  }
  return all;
}

Deno.test("TarStream writes what UntarStream reads, whatever the chunks", async () => {
  const long = "x".repeat(1_500);
  const archive = await pack(
    { type: "directory", path: "a/", options: { mtime: 1 } },
    file("a/empty", ""),
    file("a/full", "f".repeat(BLOCK_BYTES)),
    file("a/long", long),
    {
      type: "symlink",
      path: "a/link",
      linkname: "long",
      options: { mtime: 1 },
    },
  );
  for (const chunkBytes of [1, 7, BLOCK_BYTES, 4_093]) {
    const entries = await unpack(archive, chunkBytes);
    assertEquals(
      entries.map(({ path, text, header }) => [path, header.typeflag, text]),
      [
        ["a/", "5", undefined],
        ["a/empty", "0", ""],
        ["a/full", "0", "f".repeat(BLOCK_BYTES)],
        ["a/long", "0", long],
        ["a/link", "2", undefined],
      ],
    );
    assertEquals(entries[4]?.header.linkname, "long");
  }
});

Deno.test("TarStream writes all that it is told about an entry", async () => {
  const archive = await pack(file("a", "text", {
    mode: 0o600,
    uid: 1_000,
    gid: 0o777777,
    mtime: 1_700_000_000,
    uname: "user",
    gname: "group",
  }));
  const [entry] = await unpack(archive);
  assertEquals(entry?.header, {
    name: "a",
    mode: 0o600,
    uid: 1_000,
    gid: 0o777777,
    size: 4,
    mtime: 1_700_000_000,
    typeflag: "0",
    linkname: "",
    magic: "ustar\0",
    version: "00",
    uname: "user",
    gname: "group",
    devmajor: "",
    devminor: "",
    prefix: "",
  });
});

Deno.test("TarStream knows the usual rights and the time", async () => {
  const before = Math.floor(Date.now() / 1000);
  const archive = await pack(
    { type: "directory", path: "d" },
    { type: "file", path: "f", size: 0, readable: ReadableStream.from([]) },
  );
  const headers = (await unpack(archive)).map((entry) => entry.header);
  assertEquals(headers.map((header) => header.mode), [0o755, 0o644]);
  for (const header of headers) {
    assert(header.mtime >= before && header.mtime <= Date.now() / 1000);
  }
});

Deno.test("TarStream writes the header byte by byte as ustar has it", async () => {
  const archive = await pack(file("a", "text", { mtime: 0o17 }));
  const field = (start: number, end: number): string =>
    String.fromCharCode(...archive.subarray(start, end));
  assertEquals(field(100, 108), "000644 \0");
  assertEquals(field(124, 136), "00000000004 ");
  assertEquals(field(136, 148), "00000000017 ");
  assertEquals(field(156, 157), "0");
  assertEquals(field(257, 265), "ustar\x0000");
  const sum = archive.subarray(0, BLOCK_BYTES)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte));
  assertEquals(field(148, 156), `${sum.toString(8).padStart(6, "0")}\0 `);
});

Deno.test("TarStream fills blocks with zeros and ends with two of them", async () => {
  const archive = await pack(file("a", "x"));
  assertEquals(archive.length, 4 * BLOCK_BYTES);
  assertEquals(archive[BLOCK_BYTES], "x".charCodeAt(0));
  assert(archive.subarray(BLOCK_BYTES + 1).every((byte) => byte === 0));
});

Deno.test("TarStream writes an archive of nothing", async () => {
  assertEquals(await pack(), new Uint8Array(2 * BLOCK_BYTES));
});

Deno.test("TarStream cuts a long path in two and UntarStream joins it", async () => {
  const path = `${"p".repeat(150)}/${"n".repeat(99)}`;
  const [entry] = await unpack(await pack(file(path, "x")));
  assertEquals(entry?.path, path);
  assertEquals(entry?.header.name, "n".repeat(99));
});

Deno.test("TarStream keeps paths that are not ASCII", async () => {
  const [entry] = await unpack(await pack(file("é/日本", "x")));
  assertEquals(entry?.path, "é/日本");
});

Deno.test("TarStream can take over the buffers of the content", async () => {
  const chunk = new Uint8Array(8 * BLOCK_BYTES);
  await pack({
    type: "file",
    path: "a",
    size: chunk.length,
    readable: ReadableStream.from([chunk]),
  });
  assertEquals(chunk.length, 0);
});

for (const size of [3, 5]) {
  Deno.test(`TarStream rejects 4 bytes where ${size} were announced`, async () => {
    const input = { ...file("a", "text"), size } as TarStreamInput;
    await assertRejects(() => pack(input), RangeError);
  });
}

const BAD_OPTIONS: readonly TarStreamOptions[] = [
  { mode: -1 },
  { mode: 0o1000000 },
  { uid: 0o1000000 },
  { gid: NaN },
  { mtime: -1 },
  { uname: "u".repeat(32) },
  { gname: "é" },
];

for (const options of BAD_OPTIONS) {
  Deno.test(`TarStream rejects ${Deno.inspect(options)}`, async () => {
    await assertRejects(() => pack(file("a", "", options)), TypeError);
  });
}

Deno.test("TarStream rejects the target of a link that is too long", async () => {
  const linkname = "l".repeat(101);
  await assertRejects(
    () => pack({ type: "symlink", path: "a", linkname }),
    TypeError,
  );
});

Deno.test("TarStream passes on the error of a content", async () => {
  const readable = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new SyntaxError("broken"));
    },
  });
  await assertRejects(
    () => pack({ type: "file", path: "a", size: 1, readable }),
    SyntaxError,
    "broken",
  );
});

testWith("TarStream writes what tar reads", [requirePeers("tar")], async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, await pack(file("d/a", "text"), file("b", "")));
    const { code, stdout } = await new Deno.Command("tar", {
      args: ["-tf", path],
    }).output();
    assertEquals(code, 0);
    assertEquals(new TextDecoder().decode(stdout), "d/a\nb\n");
  } finally {
    await Deno.remove(path);
  }
});

testWith(
  "UntarStream reads what tar writes",
  [requirePeers("tar")],
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/a`, "text");
      const { stdout } = await new Deno.Command("tar", {
        args: ["-C", folder, "--format=ustar", "-cf", "-", "a"],
      }).output();
      const [entry] = await unpack(stdout);
      assertEquals([entry?.path, entry?.text], ["a", "text"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

Deno.test("assertValidPath takes what fits", () => {
  assertValidPath("p".repeat(100));
  assertValidPath(`${"p".repeat(155)}/${"n".repeat(99)}`);
});

const BAD_PATHS = [
  { path: "p".repeat(257), error: RangeError },
  { path: `p/${"n".repeat(100)}`, error: RangeError },
  { path: "p".repeat(101), error: RangeError },
  { path: `${"p".repeat(156)}/n`, error: TypeError },
] as const;

for (const { path, error } of BAD_PATHS) {
  Deno.test(`assertValidPath rejects ${path.length} bytes with ${error.name}`, async () => {
    assertThrows(() => assertValidPath(path), error);
    await assertRejects(() => pack(file(path, "")), error);
  });
}

Deno.test("UntarStream gives the next entry when a content is cancelled", async () => {
  const archive = await pack(
    file("a", "a".repeat(3 * BLOCK_BYTES)),
    file("b", "b"),
  );
  const paths: string[] = [];
  const entries = inChunks(archive, 700).pipeThrough(new UntarStream());
  for await (const { path, readable } of entries) {
    paths.push(path);
    await readable?.cancel();
  }
  assertEquals(paths, ["a", "b"]);
});

Deno.test("UntarStream waits until a content is read", async () => {
  const archive = await pack(file("a", "a"), file("b", "b"));
  const reader = inChunks(archive, 700).pipeThrough(new UntarStream())
    .getReader();
  const first = (await reader.read()).value;
  assertExists(first?.readable);
  let came = false;
  const second = reader.read().then(({ value }) => {
    came = true;
    return value;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(came, false);
  await toBytes(first.readable);
  assertEquals((await second)?.path, "b");
  await reader.cancel();
});

Deno.test("UntarStream lets a content be read into a buffer of the caller", async () => {
  const archive = await pack(file("a", "text"));
  for await (
    const { readable } of inChunks(archive, 700).pipeThrough(new UntarStream())
  ) {
    assertExists(readable);
    const reader = readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(BLOCK_BYTES));
    assertEquals(new TextDecoder().decode(value), "text");
    assertEquals((await reader.read(new Uint8Array(1))).done, true);
    reader.releaseLock();
  }
});

Deno.test("UntarStream reads no further than the end mark", async () => {
  const archive = await pack(file("a", "text"));
  const longer = new Uint8Array(archive.length + BLOCK_BYTES);
  longer.set(archive);
  longer.fill(1, archive.length);
  assertEquals((await unpack(longer)).map((entry) => entry.path), ["a"]);
});

Deno.test("UntarStream gives old headers without the fields of ustar", async () => {
  const archive = await pack(file("a", "text"));
  archive.fill(0, 257, 345);
  writeChecksum(archive);
  const [entry] = await unpack(archive);
  assertExists(entry);
  assertEquals("magic" in entry.header, false);
  assertEquals(entry.text, "text");
});

Deno.test("UntarStream leaves dangerous paths to the caller", async () => {
  const entries = await unpack(await pack(file("../../etc/x", "")));
  assertEquals(entries.map((entry) => entry.path), ["../../etc/x"]);
});

Deno.test("UntarStream rejects a wrong checksum", async () => {
  const archive = await pack(file("a", "text"));
  archive[0] = "b".charCodeAt(0);
  await assertRejects(() => unpack(archive), SyntaxError);
});

Deno.test("UntarStream rejects an archive that ends too early", async () => {
  const archive = await pack(file("a", "a".repeat(3 * BLOCK_BYTES)));
  const cut = (bytes: number): Promise<unknown> =>
    unpack(archive.subarray(0, bytes));
  await assertRejects(() => cut(0), RangeError);
  await assertRejects(() => cut(BLOCK_BYTES), RangeError);
  await assertRejects(() => cut(2 * BLOCK_BYTES), TypeError);
  await assertRejects(() => cut(3 * BLOCK_BYTES), SyntaxError);
  await assertRejects(() => cut(archive.length - 1), RangeError);
  await assertRejects(() => cut(archive.length - BLOCK_BYTES), SyntaxError);
});

/** Sums up the first header anew. */
function writeChecksum(archive: Uint8Array): void {
  archive.fill(" ".charCodeAt(0), 148, 156);
  const sum = archive.subarray(0, BLOCK_BYTES)
    .reduce((total, byte) => total + byte);
  archive.set(
    new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `),
    148,
  );
}

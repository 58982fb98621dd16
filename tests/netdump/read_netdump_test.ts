import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { gzipSync } from "node:zlib";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { writeGzip } from "../../src/container/gzip.ts";
import { PcapDecoder } from "../../src/container/pcap_decoder.ts";
import type { PcapPacket } from "../../src/container/pcap_decoder.ts";
import { writeTar } from "../../src/container/tar.ts";
import type { TarInput } from "../../src/container/tar.ts";
import { encodeTarHeader } from "../../src/container/tar_encoder.ts";
import { loadNetdump } from "../../src/netdump/netdump_archive.ts";
import { sniffNetdump } from "../../src/netdump/sniff_netdump.ts";
import { readNetdump } from "../../src/netdump/read_netdump.ts";
import { bytesOf, concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

interface ExpectedEntry {
  readonly name: string;
  readonly type: string;
  readonly mode: string;
  readonly size: number;
  readonly mtime: number;
  readonly format: "gnu" | "ustar";
  readonly sha256?: string;
  readonly pcap?: ExpectedPcap;
  readonly trace?: unknown;
}

interface ExpectedPcap {
  readonly packets: number;
  readonly linktype: number;
  readonly snaplen: number;
  readonly maxCaplen: number;
  readonly maxLen: number;
  readonly sumCaplen: number;
  readonly truncatedPackets: number;
  readonly first: unknown;
  readonly last: unknown;
}

interface ExpectedArchive {
  readonly bytes: number;
  readonly tarBytes: number;
  readonly tarSha256: string;
  readonly entries: readonly ExpectedEntry[];
}

const FIXTURES = [
  "bare-2026-11-20T23-34-49.tgz",
  "downloader-ok-2026-11-20T23-34-34.tgz",
  "nim-fail-2026-11-20T23-34-32.tgz",
  "nim-ok-2026-11-20T23-34-24.tgz",
];
const NEEDS = [requireSharedData("netdump/archives", "netdump/expected.json")];

function fixture(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(sharedData(`netdump/archives/${name}`)!);
}

async function expectedOf(name: string): Promise<ExpectedArchive> {
  const text = await Deno.readTextFile(sharedData("netdump/expected.json")!);
  return JSON.parse(text).archives[name];
}

for (const name of FIXTURES) {
  for (const chunkBytes of [1, 7, 4093]) {
    testWith(
      `readNetdump reads ${name} to its last entry in pieces of ${chunkBytes} bytes`,
      NEEDS,
      async () => {
        const expected = await expectedOf(name);
        const packed = await fixture(name);
        const stats = new DecodeStats();
        const archive = await loadNetdump(streamOf(packed, chunkBytes), {
          stats,
        });
        assertEquals(stats.entries(), []);
        assertEquals(
          archive.entries.map((entry) => ({
            name: entry.path,
            type: entry.typeFlag,
            mode: `0o${entry.mode.toString(8)}`,
            size: entry.size,
            mtime: entry.mtime,
            format: entry.format,
            ...(entry.type === "file" ? { sha256: entry.sha256 } : {}),
          })),
          expected.entries.map(({ pcap: _, trace: __, ...entry }) => entry),
        );
        assertEquals(archive.entries[0]!.path, name.replace(".tgz", ""));
        assertEquals(archive.manifest, undefined);
        assertEquals(archive.dumpName?.topic, name.replace(/-2026.*/, ""));
      },
    );
  }

  testWith(
    `writeTar makes the tar stream of ${name} again, bit for bit`,
    NEEDS,
    async () => {
      const expected = await expectedOf(name);
      const inputs: TarInput[] = [];
      for await (
        const { content, ...entry } of readNetdump(
          streamOf(await fixture(name)),
        )
      ) {
        const { path, mode, mtime, uid, gid, userName, groupName } = entry;
        assert(entry.type === "file" || entry.type === "directory");
        inputs.push({
          path,
          type: entry.type,
          mode,
          mtime,
          uid,
          gid,
          userName,
          groupName,
          content: await bytesOf(content),
        });
      }
      const tar = await bytesOf(writeTar(inputs, { form: "go" }));
      assertEquals(tar.length, expected.tarBytes);
      const hash = await crypto.subtle.digest("SHA-256", tar);
      assertEquals(new Uint8Array(hash).toHex(), expected.tarSha256);
    },
  );

  testWith(`PcapDecoder reads the captures of ${name}`, NEEDS, async () => {
    const { entries } = await expectedOf(name);
    const archive = await loadNetdump(streamOf(await fixture(name)));
    const captures = entries.filter(({ pcap }) => pcap !== undefined);
    for (const { name: path, pcap } of captures) {
      const found = archive.entries.find((entry) => entry.path === path)!;
      assertEquals(await factsOf(found.content), {
        version: "2.4",
        snaplen: pcap!.snaplen,
        linktype: pcap!.linktype,
        packets: pcap!.packets,
        sumCaplen: pcap!.sumCaplen,
        maxCaplen: pcap!.maxCaplen,
        maxLen: pcap!.maxLen,
        truncatedPackets: pcap!.truncatedPackets,
        first: pcap!.first,
        last: pcap!.last,
      });
    }
  });
}

async function factsOf(bytes: Uint8Array): Promise<Record<string, unknown>> {
  let facts: Record<string, unknown> = {};
  const packets: PcapPacket[] = [];
  const decoder = new PcapDecoder({
    onHeader: ({ version, snapLength, linkType }) =>
      facts = { version, snaplen: snapLength, linktype: linkType },
    onPacket: (packet) => packets.push(packet),
  });
  decoder.push(bytes);
  decoder.finish();
  const describe = async ({ timestamp, data, originalLength }: PcapPacket) => ({
    sec: Number(timestamp / 1_000_000_000n),
    usec: Number(timestamp % 1_000_000_000n / 1000n),
    caplen: data.length,
    len: originalLength,
    sha256: new Uint8Array(
      await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>),
    ).toHex(),
  });
  const sizes = packets.map(({ data }) => data.length);
  return {
    ...facts,
    packets: packets.length,
    sumCaplen: sizes.reduce((sum, size) => sum + size, 0),
    maxCaplen: Math.max(...sizes),
    maxLen: Math.max(...packets.map(({ originalLength }) => originalLength)),
    truncatedPackets:
      packets.filter(({ data, originalLength }) => data.length < originalLength)
        .length,
    first: await describe(packets[0]!),
    last: await describe(packets.at(-1)!),
  };
}

testWith(
  "NetdumpArchive gives both of two entries of one path, the last by default",
  NEEDS,
  async () => {
    const archive = await loadNetdump(streamOf(await fixture(FIXTURES[2]!)));
    const twice = archive.entries.filter(({ name }) =>
      name === "linux/iproute-502.txt"
    );
    assertEquals(twice.map(({ occurrence }) => occurrence), [1, 2]);
    assertEquals(archive.entry("linux/iproute-502.txt"), twice[1]);
    assertEquals(archive.text("eve/go-version.txt"), "go1.19.8");
    assertEquals(archive.requestNames, [
      "ping-controller-eth0-0",
      "ping-controller-eth1-0",
      "http-closed.example.net-eth0-0",
      "https-nx.example.net-eth0-0",
    ]);
    assertEquals(
      archive.filesIn("requests/ping-controller-eth1-0").map(({ name }) => name)
        .sort(),
      [
        "requests/ping-controller-eth1-0/eth0.pcap",
        "requests/ping-controller-eth1-0/nettrace.json",
        "requests/ping-controller-eth1-0/nope0.pcap",
      ],
    );
  },
);

const SMALL: readonly TarInput[] = [
  { path: "t-2026-01-02T03-04-05", type: "directory", mode: 0o755 },
  {
    path: "t-2026-01-02T03-04-05/linux/ps.txt",
    type: "file",
    mode: 0o664,
    content: new TextEncoder().encode("hello\n".repeat(300)),
  },
  { path: "t-2026-01-02T03-04-05/eve/x.txt", type: "file", mode: 0o664 },
];
const SMALL_PACKED = await bytesOf(writeGzip(writeTar(SMALL)));

Deno.test("readNetdump keeps what is in front of any cut, and says where", async () => {
  const whole = await loadNetdump(streamOf(SMALL_PACKED));
  assertEquals(whole.entries.length, 3);
  for (let size = 0; size < SMALL_PACKED.length; size++) {
    const stats = new DecodeStats();
    const cut = SMALL_PACKED.subarray(0, size);
    try {
      const { entries } = await loadNetdump(streamOf(cut), { stats });
      assert(entries.length <= 3);
      const losses = stats.entries().filter(({ severity }) =>
        severity !== "notice"
      );
      assertEquals(losses.length, 1, `cut at ${size}`);
    } catch (error) {
      assertInstanceOf(error, FormatError);
    }
    await assertRejects(() => loadNetdump(streamOf(cut)), FormatError);
  }
});

Deno.test("readNetdump names the offset of a wrong checksum after all entries", async () => {
  const bad = SMALL_PACKED.slice();
  bad[bad.length - 6]! ^= 1;
  const stats = new DecodeStats();
  const { entries } = await loadNetdump(streamOf(bad), { stats });
  assertEquals(entries.length, 3);
  assertEquals(stats.get("gzip_damaged"), 1);
  assertEquals(typeof stats.entries()[0]?.firstOffset, "number");
});

Deno.test("readNetdump reads plain tar, several members and names trailing bytes", async () => {
  const tar = await bytesOf(writeTar(SMALL));
  assertEquals((await loadNetdump(streamOf(tar, 3))).entries.length, 3);
  const members = concatBytes([
    gzipSync(tar.subarray(0, 700)),
    gzipSync(tar.subarray(700)),
    new TextEncoder().encode("trailing"),
  ]);
  const stats = new DecodeStats();
  const { entries } = await loadNetdump(streamOf(members, 50), { stats });
  assertEquals(entries.length, 3);
  assertEquals(
    stats.entries().map(({ name, count }) => [name, count]),
    [["gzip_trailing_bytes", 8]],
  );
});

Deno.test("readNetdump refuses what is no archive", async () => {
  const text = new TextEncoder().encode("not an archive\n".repeat(100));
  await assertRejects(
    () => loadNetdump(streamOf(text), { stats: new DecodeStats() }),
    FormatError,
    "Cannot read tar entry 0 at byte 0",
  );
  await assertRejects(
    () => loadNetdump(streamOf(new Uint8Array(0))),
    FormatError,
    "archive has no entries",
  );
});

Deno.test("readNetdump holds each limit", async () => {
  const cases = [
    ["maxDecompressedBytes", { maxDecompressedBytes: 3000 }],
    ["maxTableEntries", { maxTableEntries: 2 }],
    ["maxRecordBytes", { maxRecordBytes: 1799 }],
  ] as const;
  for (const [limit, limits] of cases) {
    const error = await assertRejects(
      () => loadNetdump(streamOf(SMALL_PACKED), { limits }),
      LimitError,
    );
    assertEquals(error.limit, limit);
  }
});

Deno.test("readNetdump stops a bomb by its ratio", async () => {
  const zeros = new Uint8Array(8 * 1024 * 1024);
  const bomb = gzipSync(
    concatBytes([
      encodeTarHeader({
        path: "t/x",
        type: "file",
        mode: 0o600,
        size: zeros.length,
      }),
      zeros,
      new Uint8Array(1024),
    ]),
    { level: 9 },
  );
  assert(zeros.length / bomb.length > 1000);
  const error = await assertRejects(
    () => loadNetdump(streamOf(bomb, 1024)),
    LimitError,
  );
  assertEquals(error.limit, "maxCompressionRatio");
  const limits = { maxCompressionRatio: 2000 };
  assertEquals(
    (await loadNetdump(streamOf(bomb, 1024), { limits })).entries.length,
    1,
  );
});

Deno.test("readNetdump tells what must not be made in the file system", async () => {
  const paths = [
    "/etc/passwd",
    "t/../../x",
    "t/a\\b",
    "C:/x",
    "t/linux/ok.txt",
    "./t/linux/ok.txt",
    "t/linux/..hidden",
  ];
  const headers = paths.map((path) =>
    encodeTarHeader({ path, type: "file", mode: 0o644 })
  );
  const link = encodeTarHeader({ path: "t/link", type: "file", mode: 0o777 });
  link[156] = "2".charCodeAt(0);
  link.set(
    new TextEncoder().encode(
      (link.reduce(
        (sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte),
        0,
      ))
        .toString(8).padStart(6, "0"),
    ),
    148,
  );
  const { entries } = await loadNetdump(
    streamOf(concatBytes([...headers, link, new Uint8Array(1024)])),
  );
  assertEquals(entries.map(({ unsafeReason }) => unsafeReason), [
    "its path is absolute",
    "its path leads upwards",
    "its path has a backslash",
    "its path names a drive",
    undefined,
    undefined,
    undefined,
    "it is a symlink",
  ]);
  assertEquals(entries[5]!.top, "t");
  assertEquals(entries[5]!.name, "linux/ok.txt");
});

Deno.test("readNetdump survives damage with its own errors only", async () => {
  const tar = await bytesOf(writeTar(SMALL));
  let round = 0;
  for (const bytes of mutations([SMALL_PACKED, tar], 4000)) {
    const stats = round++ % 2 === 0 ? new DecodeStats() : undefined;
    try {
      await loadNetdump(streamOf(bytes), { stats });
    } catch (error) {
      if (error instanceof LimitError || error instanceof TruncatedError) {
        continue;
      }
      assertInstanceOf(error, FormatError);
    }
  }
});

Deno.test("sniffNetdump wants a tar archive whose first name is a dump's", () => {
  const head = (path: string) =>
    encodeTarHeader({ path, type: "directory", mode: 0o755 });
  for (
    const path of [
      "nim-ok-2026-01-01T00-00-00",
      "./nim-ok-2026-01-01T00-00-00/eve",
      "eve/x.txt",
      "manifest.json",
    ]
  ) assertEquals(sniffNetdump(head(path)), true, path);
  assertEquals(sniffNetdump(head("home/x")), false);
  const text = head("eve/x.txt");
  text.fill(0x20, 257, 263);
  assertEquals(sniffNetdump(text), false);
  assertEquals(sniffNetdump(new Uint8Array(10)), false);
});

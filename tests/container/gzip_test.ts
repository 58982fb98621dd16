import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { readGzip, writeGzip } from "../../src/container/gzip.ts";
import { sniffGzip } from "../../src/container/sniff_gzip.ts";
import { mutations } from "../support/mutations.ts";
import {
  bytesOf,
  collectStream,
  concatBytes,
  streamOf,
} from "../support/byte_stream.ts";

const PLAIN = mixedBytes(300_000);
const PACKED = new Uint8Array(gzipSync(PLAIN));
const SMALL = mixedBytes(2000);
const SMALL_PACKED = new Uint8Array(gzipSync(SMALL));

/** Bytes that pack neither very well nor very badly. */
function mixedBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let index = 0; index < size; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = (state >>> 16) & ((index >> 9) & 1 ? 0x07 : 0x7f);
  }
  return bytes;
}

for (const chunkBytes of [1, 7, 4093, 1_000_000]) {
  Deno.test(`readGzip unpacks a stream in pieces of ${chunkBytes} bytes`, async () => {
    assertEquals(await bytesOf(readGzip(streamOf(PACKED, chunkBytes))), PLAIN);
  });
}

Deno.test("readGzip unpacks several members, also an empty one", async () => {
  const packed = concatBytes([PACKED, gzipSync(""), SMALL_PACKED]);
  const expected = concatBytes([PLAIN, SMALL]);
  for (const chunkBytes of [13, packed.length]) {
    assertEquals(
      await bytesOf(readGzip(streamOf(packed, chunkBytes))),
      expected,
    );
  }
});

Deno.test("readGzip skips extra field, name, comment and header checksum", async () => {
  const header = [0x1f, 0x8b, 8, 0x1e, 1, 2, 3, 4, 0, 3];
  const extra = [3, 0, 9, 9, 9];
  const packed = concatBytes([
    new Uint8Array([...header, ...extra]),
    new TextEncoder().encode("name\0comment\0"),
    new Uint8Array([7, 7]),
    SMALL_PACKED.subarray(10),
  ]);
  assertEquals(await bytesOf(readGzip(streamOf(packed, 3))), SMALL);
});

Deno.test("readGzip takes zeros behind the last member as padding", async () => {
  const stats = new DecodeStats();
  const packed = concatBytes([SMALL_PACKED, new Uint8Array(1000)]);
  assertEquals(await bytesOf(readGzip(streamOf(packed), { stats })), SMALL);
  assertEquals(stats.entries(), []);
});

Deno.test("readGzip counts other bytes behind the last member", async () => {
  const stats = new DecodeStats();
  const packed = concatBytes([SMALL_PACKED, new TextEncoder().encode("tail")]);
  assertEquals(await bytesOf(readGzip(streamOf(packed), { stats })), SMALL);
  assertEquals(stats.get("gzip_trailing_bytes"), 4);
  assertEquals(stats.entries()[0]!.firstOffset, SMALL_PACKED.length);
  assertEquals(stats.hasLoss, false);
});

Deno.test("readGzip delivers all that was packed before a truncation, then throws", async () => {
  const half = PACKED.subarray(0, PACKED.length >> 1);
  for (const chunkBytes of [511, half.length]) {
    const { bytes, error } = await collectStream(
      readGzip(streamOf(half, chunkBytes)),
    );
    assertInstanceOf(error, TruncatedError);
    assertEquals(error.format, "gzip");
    assertEquals(error.offset, half.length);
    assertEquals(bytes.length > PLAIN.length / 3, true, `${bytes.length}`);
    assertEquals(bytes, PLAIN.subarray(0, bytes.length));
  }
});

Deno.test("readGzip throws TruncatedError at every shorter length of a stream", async () => {
  let longest = 0;
  for (let size = 0; size < SMALL_PACKED.length; size++) {
    const { bytes, error } = await collectStream(
      readGzip(streamOf(SMALL_PACKED.subarray(0, size))),
    );
    assertInstanceOf(error, TruncatedError, `length ${size}`);
    assertEquals(bytes, SMALL.subarray(0, bytes.length));
    longest = Math.max(longest, bytes.length);
  }
  assertEquals(longest, SMALL.length, "only the trailer is missing at the end");
});

Deno.test("readGzip counts a truncation where stats are given", async () => {
  const stats = new DecodeStats();
  const { bytes, error } = await collectStream(
    readGzip(streamOf(PACKED.subarray(0, -9)), { stats }),
  );
  assertEquals(error, undefined);
  assertEquals(bytes.length > 0, true);
  assertEquals(stats.get("gzip_truncated"), 1);
  assertEquals(stats.entries()[0]!.severity, "data_loss");
});

Deno.test("readGzip tells a wrong checksum and a wrong size", async () => {
  for (const at of [-8, -4]) {
    const damaged = SMALL_PACKED.slice();
    damaged[damaged.length + at]! ^= 1;
    const { bytes, error } = await collectStream(readGzip(streamOf(damaged)));
    assertEquals(bytes, SMALL, "the data is delivered first");
    assertInstanceOf(error, FormatError);
    assertEquals(error.offset, SMALL_PACKED.length - 8);
  }
});

Deno.test("readGzip counts damaged deflate data where stats are given", async () => {
  const stats = new DecodeStats();
  const damaged = PACKED.slice();
  damaged.fill(0xff, 60_000, 60_100);
  const { bytes, error } = await collectStream(
    readGzip(streamOf(damaged), { stats }),
  );
  assertEquals(error, undefined);
  assertEquals(stats.get("gzip_damaged"), 1);
  assertEquals(bytes.length > 0, true);
});

Deno.test("readGzip refuses what is no gzip stream", async () => {
  const text = new TextEncoder().encode("this is no gzip stream at all");
  const error = await assertRejects(
    () => bytesOf(readGzip(streamOf(text))),
    FormatError,
    "magic is 746869",
  );
  assertEquals(error.offset, 0);
  const reserved = SMALL_PACKED.slice();
  reserved[3] = 0x80;
  await assertRejects(
    () => bytesOf(readGzip(streamOf(reserved))),
    FormatError,
    "flags are 0x80",
  );
});

Deno.test("readGzip keeps the limit on unpacked bytes", async () => {
  await assertRejects(
    () =>
      bytesOf(
        readGzip(streamOf(PACKED), { limits: { maxDecompressedBytes: 1000 } }),
      ),
    LimitError,
    "more than 1000 bytes",
  );
});

Deno.test("readGzip keeps the limit on the ratio beyond 64 MiB", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(80 * 1024 * 1024)));
  let delivered = 0;
  const error = await assertRejects(async () => {
    const stream = readGzip(streamOf(bomb, 4096), {
      limits: { maxCompressionRatio: 100 },
      stats: new DecodeStats(),
    });
    for await (const chunk of stream) delivered += chunk.length;
  }, LimitError);
  assertEquals(error.limit, "maxCompressionRatio");
  assertEquals(delivered >= 63 * 1024 * 1024, true, `${delivered}`);
});

Deno.test("readGzip survives 10,000 damaged streams with its own errors alone", async () => {
  const corpus = new Uint8Array(gzipSync(mixedBytes(300)));
  for (const damaged of mutations([corpus])) {
    const { error } = await collectStream(readGzip(streamOf(damaged)));
    if (error !== undefined) assertInstanceOf(error, FormatError);
  }
});

Deno.test("readGzip closes its source when the reader leaves early", async () => {
  let closed = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* streamOf(PACKED, 1000);
    } finally {
      closed = true;
    }
  }
  for await (const _ of readGzip(source())) break;
  assertEquals(closed, true);
});

Deno.test("readGzip ends with the reason of its signal", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const { error } = await collectStream(async function* () {
    const stream = readGzip(streamOf(PACKED, 100), {
      signal: controller.signal,
    });
    for await (const chunk of stream) {
      yield chunk;
      controller.abort(reason);
    }
  }());
  assertEquals(error, reason);
});

Deno.test("writeGzip gives equal bytes for equal input, without time and system", async () => {
  const first = await bytesOf(writeGzip(streamOf(PLAIN, 10_000)));
  const second = await bytesOf(writeGzip(streamOf(PLAIN, 10_000)));
  assertEquals(first, second);
  assertEquals([...first.subarray(0, 10)].toSpliced(8, 1), [
    0x1f,
    0x8b,
    8,
    0,
    0,
    0,
    0,
    0,
    255,
  ]);
  assertEquals(await bytesOf(readGzip(streamOf(first, 999))), PLAIN);
});

Deno.test("writeGzip packs nothing into a valid stream", async () => {
  const packed = await bytesOf(writeGzip([]));
  assertEquals((await bytesOf(readGzip(streamOf(packed)))).length, 0);
});

Deno.test("writeGzip packs smaller at a higher level", async () => {
  const fast = await bytesOf(writeGzip([PLAIN], { level: 1 }));
  const small = await bytesOf(writeGzip([PLAIN], { level: 9 }));
  assertEquals(small.length < fast.length, true);
  await assertRejects(
    () => bytesOf(writeGzip([PLAIN], { level: 10 })),
    RangeError,
    "expected 1 to 9",
  );
});

Deno.test("sniffGzip knows the magic", () => {
  assertEquals(sniffGzip(PACKED), true);
  assertEquals(sniffGzip(new Uint8Array([0x1f, 0x8b])), false);
  assertEquals(sniffGzip(new Uint8Array()), false);
});

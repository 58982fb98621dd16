import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { FzstdEngine } from "../../src/container/_fzstd_engine.ts";
import { LzZstdEngine } from "../../src/container/_lz_zstd_engine.ts";
import { unpackZstd } from "../../src/container/_unpack_zstd.ts";
import type { UnpackOptions } from "../../src/container/unpack_options.ts";
import { sniffZstd } from "../../src/container/sniff_zstd.ts";
import { readZstd, writeZstd } from "../../src/container/zstd.ts";
import {
  bytesOf,
  collectStream,
  concatBytes,
  streamOf,
} from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";
import { sampleText } from "../support/sample_text.ts";

const FIXTURES = new URL("../fixtures/container/", import.meta.url);
const ONE_FRAME = Deno.readFileSync(new URL("one_frame.zst", FIXTURES));
const FRAMES = Deno.readFileSync(new URL("frames_and_skippable.zst", FIXTURES));
const PLAIN = sampleText(300_000);
const SMALL = sampleText(1000);
const TWICE = concatBytes([SMALL, SMALL]);

type Reader = (
  source: AsyncIterable<Uint8Array>,
  options?: UnpackOptions,
) => AsyncIterable<Uint8Array>;

/** The engine of the runtime, and the one for runtimes without. */
const READERS: Readonly<Record<string, Reader>> = {
  "readZstd": readZstd,
  "readZstd without the runtime's zstd": (source, options = {}) =>
    unpackZstd(source, () => new FzstdEngine(), options),
};

for (const [name, read] of Object.entries(READERS)) {
  for (const chunkBytes of [1, 7, 4093, 1_000_000]) {
    Deno.test(`${name} unpacks in pieces of ${chunkBytes} bytes`, async () => {
      if (chunkBytes > 7) {
        assertEquals(
          await bytesOf(read(streamOf(ONE_FRAME, chunkBytes))),
          PLAIN,
        );
      }
      assertEquals(await bytesOf(read(streamOf(FRAMES, chunkBytes))), TWICE);
    });
  }

  Deno.test(`${name} delivers all whole blocks before a truncation`, async () => {
    const cut = ONE_FRAME.subarray(0, -10);
    for (const chunkBytes of [997, cut.length]) {
      const { bytes, error } = await collectStream(
        read(streamOf(cut, chunkBytes)),
      );
      assertInstanceOf(error, TruncatedError);
      assertEquals(error.offset, cut.length);
      assertEquals(bytes.length, 262_144, "two of three blocks are whole");
      assertEquals(bytes, PLAIN.subarray(0, bytes.length));
    }
  });

  Deno.test(`${name} tells every truncation of a small stream`, async () => {
    let whole = 0;
    for (let size = 0; size < FRAMES.length; size++) {
      const { bytes, error } = await collectStream(
        read(streamOf(FRAMES.subarray(0, size))),
      );
      assertEquals(bytes, TWICE.subarray(0, bytes.length), `length ${size}`);
      if (error === undefined) whole++;
      else {
        assertInstanceOf(error, TruncatedError, `length ${size}`);
        assertEquals(error.missingBytes > 0, true);
      }
    }
    assertEquals(whole, 4, "it may end behind each of its first four frames");
  });

  Deno.test(`${name} counts a truncation where stats are given`, async () => {
    const stats = new DecodeStats();
    const { bytes, error } = await collectStream(
      read(streamOf(ONE_FRAME.subarray(0, -1)), { stats }),
    );
    assertEquals(error, undefined);
    assertEquals(bytes, PLAIN, "only the checksum is missing");
    assertEquals(stats.get("zstd_truncated"), 1);
    assertEquals(stats.entries()[0]!.firstOffset, ONE_FRAME.length - 1);
  });

  Deno.test(`${name} tells a wrong checksum after the data`, async () => {
    const damaged = ONE_FRAME.slice();
    damaged[damaged.length - 1]! ^= 1;
    const { bytes, error } = await collectStream(read(streamOf(damaged)));
    assertInstanceOf(error, FormatError);
    assertEquals(bytes, PLAIN);
  });

  Deno.test(`${name} counts damaged data where stats are given`, async () => {
    const stats = new DecodeStats();
    const damaged = ONE_FRAME.slice();
    damaged.fill(0xaa, 60_000, 60_050);
    const { bytes, error } = await collectStream(
      read(streamOf(damaged), { stats }),
    );
    assertEquals(error, undefined);
    assertEquals(stats.get("zstd_damaged"), 1);
    assertEquals(bytes.length >= 131_072, true, "the first block is delivered");
  });

  Deno.test(`${name} keeps the limits on unpacked bytes and window`, async () => {
    const error = await assertRejects(
      () =>
        bytesOf(
          read(streamOf(ONE_FRAME), { limits: { maxDecompressedBytes: 9 } }),
        ),
      LimitError,
    );
    assertEquals(error.limit, "maxDecompressedBytes");
    const window = await assertRejects(
      () =>
        bytesOf(
          read(streamOf(ONE_FRAME), { limits: { maxWindowBytes: 299_999 } }),
        ),
      LimitError,
    );
    assertEquals(window.value, 300_000);
  });

  Deno.test(`${name} survives 10,000 damaged streams with its own errors alone`, async () => {
    for (const damaged of mutations([FRAMES, FRAMES.subarray(13)])) {
      const { error } = await collectStream(read(streamOf(damaged), {
        limits: {
          maxDecompressedBytes: 1024 * 1024,
          maxWindowBytes: 1024 * 1024,
        },
      }));
      if (error === undefined || error instanceof LimitError) continue;
      assertInstanceOf(error, FormatError);
    }
  });

  Deno.test(`${name} unpacks what writeZstd and the packer without zstd make`, async () => {
    const parts = [SMALL, new Uint8Array(300_000), PLAIN];
    const expected = concatBytes(parts);
    const packed = await bytesOf(writeZstd(parts));
    assertEquals(await bytesOf(read(streamOf(packed, 5000))), expected);
    assertEquals(await bytesOf(read(streamOf(await pack(parts)))), expected);
    assertEquals((await bytesOf(read(streamOf(await pack([]))))).length, 0);
  });
}

/** Packs as runtimes without zstd do. */
async function pack(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const engine = new LzZstdEngine();
  const output: Uint8Array[] = [];
  for (const part of parts) output.push(...(await engine.write(part)).output);
  output.push(...(await engine.end()).output);
  return concatBytes(output);
}

/** A frame without checksum: its content in a raw block, and an empty last block. */
function storedFrame(content: Uint8Array): Uint8Array {
  const word = content.length * 8;
  return concatBytes([
    Uint8Array.fromHex("28b52ffd0038"),
    new Uint8Array([word & 0xff, (word >> 8) & 0xff, word >> 16]),
    content,
    Uint8Array.fromHex("010000"),
  ]);
}

Deno.test("readZstd delivers what is there of a stored block", async () => {
  const stored = storedFrame(SMALL);
  const { bytes, error } = await collectStream(
    readZstd(streamOf(stored.subarray(0, 600))),
  );
  assertInstanceOf(error, TruncatedError);
  assertEquals(bytes, SMALL.subarray(0, 600 - 9));
  assertEquals(error.missingBytes, 409);
});

Deno.test("readZstd delivers whole blocks before a structure fault in the same piece", async () => {
  const stored = storedFrame(SMALL);
  const damaged = concatBytes([
    stored.subarray(0, -3),
    new Uint8Array([7, 0, 0]),
  ]);
  const { bytes, error } = await collectStream(readZstd(streamOf(damaged)));
  assertInstanceOf(error, FormatError);
  assertEquals(error.offset, stored.length - 3);
  assertEquals(bytes, SMALL);
});

Deno.test("readZstd names the dictionary that it needs", async () => {
  const frame = Uint8Array.fromHex("28b52ffd01382a010000");
  await assertRejects(
    () => bytesOf(readZstd(streamOf(frame))),
    FormatError,
    "needs dictionary 42",
  );
});

Deno.test("readZstd refuses a frame that is shorter than it says", async () => {
  const frame = Uint8Array.fromHex("28b52ffd2005190000616263");
  await assertRejects(
    () => bytesOf(readZstd(streamOf(frame))),
    FormatError,
  );
});

Deno.test("readZstd keeps the limit on the ratio beyond 64 MiB", async () => {
  const bomb = await pack([new Uint8Array(80 * 1024 * 1024)]);
  const error = await assertRejects(
    () => bytesOf(readZstd(streamOf(bomb))),
    LimitError,
  );
  assertEquals(error.limit, "maxCompressionRatio");
});

Deno.test("readZstd never waits for more input with whole blocks in hand", async () => {
  const stored = storedFrame(SMALL);
  let asked = 0;
  async function* live(): AsyncGenerator<Uint8Array> {
    yield stored.subarray(0, stored.length - 3);
    asked++;
    yield stored.subarray(stored.length - 3);
  }
  for await (const chunk of readZstd(live())) {
    assertEquals(chunk.length, 1000);
    assertEquals(asked, 0);
  }
});

Deno.test("readZstd says that something follows the last frame", async () => {
  const { bytes, error } = await collectStream(
    readZstd(streamOf(concatBytes([FRAMES, PLAIN.subarray(0, 40)]), 4093)),
  );
  assertEquals(bytes, TWICE);
  assertInstanceOf(error, FormatError);
  assertEquals(error.record, "trailer");
});

Deno.test("writeZstd holds nothing back after an empty chunk", async () => {
  const flushed = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<Uint8Array> {
    yield SMALL;
    yield new Uint8Array(0);
    await flushed.promise;
    yield SMALL;
  }
  const packed: Uint8Array[] = [];
  for await (const chunk of writeZstd(source())) {
    packed.push(chunk);
    const { bytes } = await collectStream(
      readZstd(streamOf(concatBytes(packed), 97)),
    );
    if (bytes.length >= SMALL.length) flushed.resolve();
  }
  assertEquals(
    await bytesOf(readZstd(streamOf(concatBytes(packed), 97))),
    TWICE,
  );
});

Deno.test("writeZstd refuses a level that does not exist", async () => {
  for (const level of [0, 23, 1.5]) {
    await assertRejects(
      () => bytesOf(writeZstd([], { level })),
      RangeError,
      "expected 1 to 22",
    );
  }
});

Deno.test("sniffZstd knows frames and skippable frames", () => {
  assertEquals(sniffZstd(ONE_FRAME), true);
  assertEquals(sniffZstd(FRAMES), true);
  assertEquals(sniffZstd(ONE_FRAME.subarray(0, 3)), false);
  assertEquals(sniffZstd(new TextEncoder().encode("text")), false);
});

testWith(
  "writeZstd makes what the zstd program reads",
  [requirePeers("zstd")],
  async () => {
    const packed = [await bytesOf(writeZstd([PLAIN])), await pack([PLAIN])];
    for (const bytes of packed) {
      const child = new Deno.Command("zstd", {
        args: ["-d", "-c"],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      const [output] = await Promise.all([
        child.output(),
        writer.write(bytes).then(() => writer.close()),
      ]);
      assertEquals(output.success, true);
      assertEquals(new Uint8Array(output.stdout), PLAIN);
    }
  },
);

import { assert, assertEquals } from "@std/assert";
import { FzstdEngine } from "../../src/container/_fzstd_engine.ts";
import { LzZstdEngine } from "../../src/container/_lz_zstd_engine.ts";
import { unpackZstd } from "../../src/container/_unpack_zstd.ts";
import { readZstd } from "../../src/container/zstd.ts";
import { bytesOf, concatBytes, streamOf } from "../support/byte_stream.ts";
import { seededRandom } from "../support/mutations.ts";
import { sampleText } from "../support/sample_text.ts";

async function pack(
  bytes: Uint8Array,
  pieceBytes = 65_536,
): Promise<Uint8Array> {
  const engine = new LzZstdEngine();
  const output: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const { output: step } = await engine.write(
      bytes.subarray(at, at + pieceBytes),
    );
    output.push(...step);
  }
  output.push(...(await engine.end()).output);
  return concatBytes(output);
}

/** Both decoders must read it: the runtime's, if it has one, and the one in JavaScript. */
async function assertUnpacks(packed: Uint8Array, expected: Uint8Array) {
  assertEquals(await bytesOf(readZstd(streamOf(packed))), expected);
  assertEquals(
    await bytesOf(unpackZstd(streamOf(packed), () => new FzstdEngine(), {})),
    expected,
  );
}

/** Copies of earlier bytes at random distances and of random lengths, between random bytes. */
function repetitiveBytes(seed: number, size: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    for (let count = random(40); count > 0 && at < size; count--) {
      bytes[at++] = random(256);
    }
    const distance = 1 + random(Math.min(at, 1 << (4 + random(16))) || 1);
    const length = 1 << random(14);
    for (let count = random(length); count > 0 && at < size; count--) {
      bytes[at] = bytes[Math.max(0, at - distance)]!;
      at++;
    }
  }
  return bytes;
}

Deno.test("LzZstdEngine packs data of every shape so that decoders read it", async () => {
  for (let seed = 1; seed <= 24; seed++) {
    const size = [0, 1, 5, 31, 100, 4095, 5000, 70_000][seed % 8]! *
      (seed > 16 ? 3 : 1);
    const bytes = repetitiveBytes(seed, size);
    await assertUnpacks(await pack(bytes, 1 + seed * 997), bytes);
  }
});

Deno.test("LzZstdEngine packs runs, long matches, long literals and noise", async () => {
  const random = seededRandom(5);
  const noise = new Uint8Array(200_000).map(() => random(256));
  const cases: readonly Uint8Array[] = [
    new Uint8Array(300_000).fill(7),
    concatBytes([noise, noise]),
    concatBytes([noise.subarray(0, 127_000), new Uint8Array(140_000), noise]),
    concatBytes([
      sampleText(1000),
      noise.subarray(0, 100_000),
      sampleText(1000),
    ]),
    sampleText(2_000_000),
  ];
  for (const bytes of cases) await assertUnpacks(await pack(bytes), bytes);
});

Deno.test("LzZstdEngine makes repeated data small and noise hardly larger", async () => {
  const random = seededRandom(5);
  const noise = new Uint8Array(300_000).map(() => random(256));
  assert((await pack(noise)).length < noise.length + 40);
  assert((await pack(concatBytes([noise, noise]))).length < 310_000);
  assert((await pack(sampleText(300_000))).length < 180_000);
});

Deno.test("LzZstdEngine gives equal bytes for equal input", async () => {
  const bytes = repetitiveBytes(9, 300_000);
  assertEquals(await pack(bytes, 1000), await pack(bytes, 300_000));
});

Deno.test("LzZstdEngine delivers everything at a flush", async () => {
  const engine = new LzZstdEngine();
  const first = await engine.write(sampleText(1000));
  const flushed = await engine.flush();
  const bytes = concatBytes([...first.output, ...flushed.output]);
  const output: Uint8Array[] = [];
  try {
    for await (const chunk of readZstd(streamOf(bytes))) output.push(chunk);
  } catch {
    // The frame is not at its end.
  }
  assertEquals(concatBytes(output), sampleText(1000));
});

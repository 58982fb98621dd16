import { assertEquals } from "@std/assert";
import { Xxh64 } from "../../src/container/_xxh64.ts";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";
import { sampleText } from "../support/sample_text.ts";

function hash(bytes: Uint8Array, pieceBytes = bytes.length): string {
  const state = new Xxh64();
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    state.update(bytes.subarray(at, at + pieceBytes));
  }
  return state.digest().toString(16).padStart(16, "0");
}

Deno.test("Xxh64 gives the known hashes", () => {
  const expected: Readonly<Record<string, string>> = {
    "": "ef46db3751d8e999",
    "a": "d24ec4f1a98c6e5b",
    "abc": "44bc2cf5ad770999",
    "Nobody inspects the spammish repetition": "fbcea83c8a378bf1",
  };
  for (const [text, digest] of Object.entries(expected)) {
    assertEquals(hash(new TextEncoder().encode(text)), digest, text);
  }
});

Deno.test("Xxh64 gives equal hashes however the bytes are cut", () => {
  for (const size of [1, 31, 32, 33, 64, 100, 1000]) {
    const bytes = sampleText(size);
    const whole = hash(bytes);
    for (const pieceBytes of [1, 3, 31, 32, 33]) {
      assertEquals(hash(bytes, pieceBytes), whole, `${size}/${pieceBytes}`);
    }
  }
});

testWith(
  "Xxh64 gives the checksum that the zstd program writes",
  [requirePeers("zstd")],
  async () => {
    for (const size of [0, 5, 31, 32, 100, 12_345, 300_000]) {
      const bytes = sampleText(size).map((byte, at) => (byte * 7 + at) & 0xff);
      const child = new Deno.Command("zstd", {
        args: ["-q", "-c", "--check"],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      const [{ stdout }] = await Promise.all([
        child.output(),
        writer.write(bytes).then(() => writer.close()),
      ]);
      const state = new Xxh64();
      state.update(bytes);
      assertEquals(
        state.checksum().toHex(),
        new Uint8Array(stdout).slice(-4).toHex(),
        `${size}`,
      );
    }
  },
);

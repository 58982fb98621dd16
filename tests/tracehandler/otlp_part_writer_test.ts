import { assertEquals, assertRejects } from "@std/assert";
import { readOtlp } from "../../src/profile/read_otlp.ts";
import {
  OtlpPartWriter,
  type OtlpPartWriterOptions,
} from "../../src/tracehandler/otlp_part_writer.ts";

const TINY = Deno.readFileSync(
  new URL("../fixtures/tracehandler/otlp/tiny.expected.otlp", import.meta.url),
);
const FRAME_BYTES = TINY.length + 4;
const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Runs with a writer into a folder of its own and gives messages by file. */
async function writeParts(
  options: OtlpPartWriterOptions,
  use: (writer: OtlpPartWriter, folder: string) => Promise<void>,
): Promise<Record<string, number>> {
  const folder = await Deno.makeTempDir();
  try {
    {
      await using writer = new OtlpPartWriter(`${folder}/parts`, {
        now: () => START_MS,
        ...options,
      });
      await use(writer, folder);
    }
    const counts: Record<string, number> = {};
    for await (const { name } of Deno.readDir(`${folder}/parts`)) {
      const file = await Deno.open(`${folder}/parts/${name}`);
      counts[name] = (await readOtlp(file.readable)).messages.length;
    }
    return counts;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("OtlpPartWriter begins a file when the last one is full", async () => {
  const counts = await writeParts(
    { maxBytes: 2 * FRAME_BYTES },
    async (writer) => {
      // At once: they stand one behind the other all the same.
      await Promise.all(Array.from({ length: 5 }, () => writer.write(TINY)));
      assertEquals(writer.partCount, 2);
    },
  );
  assertEquals(counts, {
    "profiles-20260102T030405000Z.otlp": 2,
    "profiles-20260102T030405000Z-2.otlp": 2,
    "profiles-20260102T030405000Z-3.otlp": 1,
  });
});

Deno.test("OtlpPartWriter begins a file when the last one is old", async () => {
  let now = START_MS;
  const counts = await writeParts(
    { maxAgeMs: 60_000, now: () => now },
    async (writer) => {
      await writer.write(TINY);
      now += 59_999;
      await writer.write(TINY);
      now += 1;
      await writer.write(TINY);
    },
  );
  assertEquals(counts, {
    "profiles-20260102T030405000Z.otlp": 2,
    "profiles-20260102T030505000Z.otlp": 1,
  });
});

Deno.test("OtlpPartWriter completes an old file although nothing comes any more", async () => {
  const done = Promise.withResolvers<string>();
  await writeParts({ maxAgeMs: 5, onPart: done.resolve }, async (writer) => {
    await writer.write(TINY);
    assertEquals((await done.promise).endsWith("T030405000Z.otlp"), true);
  });
});

Deno.test("OtlpPartWriter keeps so many files of its own and touches no others", async () => {
  let now = START_MS;
  const counts = await writeParts(
    { maxBytes: 1, maxParts: 2, now: () => now += 1000 },
    async (writer, folder) => {
      await Deno.mkdir(`${folder}/parts`);
      await Deno.writeFile(`${folder}/parts/mine.otlp`, TINY);
      for (let count = 0; count < 5; count++) await writer.write(TINY);
    },
  );
  const names = Object.keys(counts).sort();
  assertEquals(names[0], "mine.otlp");
  // The latest of five, a few seconds apart.
  const seconds = names.slice(1).map((name) =>
    Number(/T0304(\d\d)000Z/.exec(name)![1])
  );
  assertEquals(seconds.length, 2);
  assertEquals(seconds.every((second) => second > 5 + 3), true);
});

Deno.test("OtlpPartWriter shows no half file, and only its owner may read them", async () => {
  await writeParts({}, async (writer, folder) => {
    await writer.write(TINY);
    const [entry] = await Array.fromAsync(Deno.readDir(`${folder}/parts`));
    assertEquals(entry!.name.endsWith(".part"), true);
    if (Deno.build.os === "windows") return;
    const { mode } = await Deno.stat(`${folder}/parts/${entry!.name}`);
    assertEquals(mode! & 0o777, 0o600);
  });
});

Deno.test("OtlpPartWriter says when it cannot write, and goes on later", async () => {
  const counts = await writeParts({}, async (writer, folder) => {
    await Deno.writeTextFile(`${folder}/parts`, "in the way");
    await assertRejects(() => writer.write(TINY));
    await Deno.remove(`${folder}/parts`);
    await writer.write(TINY);
  });
  assertEquals(Object.values(counts), [1]);
});

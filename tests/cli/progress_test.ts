import { assertEquals } from "@std/assert";
import { startProgress } from "../../src/cli/progress.ts";
import type { ProgressOptions } from "../../src/cli/progress.ts";

function startWith(
  options: ProgressOptions & {
    readonly isTerminal: boolean;
    readonly shown?: boolean;
    readonly signal?: AbortSignal;
  },
) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const progress = startProgress("Reading x", {
    shown: true,
    columns: 80,
    now: () => clock.ms,
    write: (text) => written.push(text),
    onEnd: () => written.push("<end>"),
    ...options,
  });
  return { progress, written, clock };
}

Deno.test("startProgress shows nothing of work that is quickly done", async () => {
  const { progress, written, clock } = startWith({
    isTerminal: true,
    total: 100,
  });
  progress.update(50);
  clock.ms = 199;
  progress.update(100);
  await progress[Symbol.asyncDispose]();
  assertEquals(written, ["<end>"]);
});

Deno.test("startProgress gives a line at the start and one at the end without a terminal", async () => {
  const { progress, written, clock } = startWith({
    isTerminal: false,
    unit: "records",
  });
  clock.ms = 200;
  progress.update(5);
  clock.ms = 900;
  progress.update(7);
  progress.clearLine();
  await progress[Symbol.asyncDispose]();
  assertEquals(written, [
    "Reading x …\n",
    "<end>",
    "Reading x 7 records, done\n",
  ]);
});

Deno.test("startProgress writes over one line on a terminal and clears it", async () => {
  const { progress, written, clock } = startWith({
    isTerminal: true,
    total: 2048,
  });
  clock.ms = 200;
  progress.update(1024, "half way");
  progress.clearLine();
  await progress[Symbol.asyncDispose]();
  const text = written.join("");
  assertEquals(
    text.includes("Reading x [##########----------] 1 KiB of 2 KiB, half way"),
    true,
    text,
  );
  assertEquals(text.endsWith("\r\x1b[K"), true);
  assertEquals(text.includes("\n"), false);
});

Deno.test("startProgress shows nothing when it is not wanted", async () => {
  const { progress, written, clock } = startWith({
    isTerminal: false,
    shown: false,
  });
  clock.ms = 500;
  progress.update(5);
  await progress[Symbol.asyncDispose]();
  assertEquals(written, ["<end>"]);
});

Deno.test("startProgress does not say that interrupted work is done", async () => {
  for (
    const { total, read, told } of [
      { total: undefined, read: 7, told: "Reading x 7 records, stopped\n" },
      {
        total: 9,
        read: 7,
        told: "Reading x 7 records of 9 records, stopped\n",
      },
      { total: 7, read: 7, told: "Reading x 7 records of 7 records, done\n" },
    ]
  ) {
    const interruption = new AbortController();
    const { progress, written, clock } = startWith({
      isTerminal: false,
      unit: "records",
      total,
      signal: interruption.signal,
    });
    clock.ms = 200;
    progress.update(read);
    interruption.abort();
    await progress[Symbol.asyncDispose]();
    assertEquals(written.at(-1), told);
  }
});

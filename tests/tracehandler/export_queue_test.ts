import { assertEquals, assertThrows } from "@std/assert";
import {
  ExportQueue,
  type ExportQueueOptions,
  type ExportTimer,
} from "../../src/tracehandler/export_queue.ts";
import type {
  ExportOutcome,
  OtlpMessage,
  OtlpTransport,
} from "../../src/tracehandler/otlp_transport.ts";

const SENT: ExportOutcome = { type: "sent", rejected: 0, message: "" };
const BUSY: ExportOutcome = {
  type: "retry",
  reason: "busy",
  delayMs: undefined,
};
const TOO_LARGE: ExportOutcome = {
  type: "refused",
  reason: "too large",
  isTooLarge: true,
};

/** Answers as it is told to, and writes down what it was sent. */
class ScriptedTransport implements OtlpTransport {
  readonly sent: number[] = [];
  isDisposed = false;
  readonly #answer: (size: number, attempt: number) => ExportOutcome | "hang";

  constructor(
    answer: (size: number, attempt: number) => ExportOutcome | "hang" = () =>
      SENT,
  ) {
    this.#answer = answer;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(0);
  }

  async send(bytes: Uint8Array, signal: AbortSignal): Promise<ExportOutcome> {
    this.sent.push(bytes.length);
    await Promise.resolve();
    const answer = this.#answer(bytes.length, this.sent.length - 1);
    if (answer !== "hang") return answer;
    const aborted = Promise.withResolvers<ExportOutcome>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason));
    return await aborted.promise;
  }

  // deno-lint-ignore require-await
  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}

/** Waits as fast as it can and writes down for how long it should have. */
class QuickTimer implements ExportTimer {
  readonly waits: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    // The deadline of a flush only passes when nothing else does.
    const isDeadline = ms >= 1e6;
    if (!isDeadline) this.waits.push(ms);
    for (let turn = 0; turn < (isDeadline ? 500 : 1); turn++) {
      if (signal.aborted) return;
      await Promise.resolve();
    }
    this.#now += ms;
  }
}

function message(size: number, parts: readonly number[] = []): OtlpMessage {
  return {
    bytes: new Uint8Array(size),
    split: () => parts.map((part) => message(part)),
  };
}

async function run(
  sizes: readonly (number | OtlpMessage)[],
  transport: ScriptedTransport,
  options: ExportQueueOptions = {},
) {
  const timer = new QuickTimer();
  const said: string[] = [];
  const queue = new ExportQueue(transport, {
    timer,
    log: (text) => said.push(text),
    ...options,
  });
  for (const size of sizes) {
    queue.push(typeof size === "number" ? message(size) : size);
  }
  const left = await queue.flush(1e7);
  await queue[Symbol.asyncDispose]();
  const { sent, failed, retried, droppedQueue, droppedSize, rejected } =
    queue.counters;
  return {
    left,
    counts: [sent, failed, retried, droppedQueue, droppedSize, rejected],
    waits: timer.waits,
    said,
  };
}

Deno.test("ExportQueue sends in order and counts", async () => {
  const transport = new ScriptedTransport();
  const { counts, left } = await run([1, 2, 3], transport);
  assertEquals(transport.sent, [1, 2, 3]);
  assertEquals(counts, [3, 0, 0, 0, 0, 0]);
  assertEquals([left, transport.isDisposed], [0, true]);
});

Deno.test("ExportQueue tries again after longer and longer times", async () => {
  const transport = new ScriptedTransport((_, attempt) =>
    attempt < 8 ? BUSY : SENT
  );
  const { counts, waits } = await run([5], transport);
  assertEquals(waits, [
    1000,
    2000,
    4000,
    8000,
    16000,
    30000,
    30000,
    30000,
  ]);
  assertEquals(counts, [1, 0, 8, 0, 0, 0]);
});

Deno.test("ExportQueue varies delays by a fifth to either side", async () => {
  for (const [random, wait] of [[0, 800], [0.75, 1100]] as const) {
    const timer = new QuickTimer();
    timer.random = () => random;
    const transport = new ScriptedTransport((_, attempt) =>
      attempt < 1 ? BUSY : SENT
    );
    await run([5], transport, { timer });
    assertEquals(timer.waits, [wait]);
  }
});

Deno.test("ExportQueue waits as long as the collector says", async () => {
  const transport = new ScriptedTransport((_, attempt) =>
    attempt < 1 ? { type: "retry", reason: "busy", delayMs: 90_000 } : SENT
  );
  const { waits, counts } = await run([5], transport);
  assertEquals([waits, counts], [[90_000], [1, 0, 1, 0, 0, 0]]);
});

Deno.test("ExportQueue gives a message up after five minutes", async () => {
  const transport = new ScriptedTransport((size) => size === 1 ? BUSY : SENT);
  const { counts, waits, said } = await run([1, 2], transport);
  assertEquals(counts.slice(0, 2), [1, 1]);
  const total = waits.reduce((sum, ms) => sum + ms, 0);
  assertEquals(total <= 300_000 && total > 270_000, true, `${total}`);
  assertEquals(said.at(-1)?.startsWith("an export is given up"), true);
});

Deno.test("ExportQueue does not try again what is refused", async () => {
  const transport = new ScriptedTransport(() => ({
    type: "refused",
    reason: "HTTP status 400",
    isTooLarge: false,
  }));
  const { counts, said } = await run([1], transport);
  assertEquals(counts, [0, 1, 0, 0, 0, 0]);
  assertEquals(said, ["an export is refused: HTTP status 400"]);
});

Deno.test("ExportQueue counts what was rejected and does not try again", async () => {
  const transport = new ScriptedTransport(() => ({
    type: "sent",
    rejected: 3,
    message: "full",
  }));
  const { counts, said } = await run([1], transport);
  assertEquals(counts, [1, 0, 0, 0, 0, 3]);
  assertEquals(said, ["the collector rejected 3 profiles: full"]);
});

Deno.test("ExportQueue drops the messages that wait longest and counts them", async () => {
  const transport = new ScriptedTransport((_, attempt) =>
    attempt < 2 ? BUSY : SENT
  );
  // One is being sent, the rest waits.
  const { counts } = await run([1, 2, 3, 4, 5], transport, { maxMessages: 2 });
  assertEquals(counts, [2, 0, 2, 3, 0, 0]);
  assertEquals(transport.sent.filter((size) => size > 3), [4, 4, 4, 5]);
});

Deno.test("ExportQueue bounds the bytes that wait", async () => {
  const transport = new ScriptedTransport();
  const { counts } = await run([60, 50, 40], transport, { maxBytes: 100 });
  assertEquals(counts, [2, 0, 0, 1, 0, 0]);
  assertEquals(transport.sent, [50, 40]);
});

Deno.test("ExportQueue loses nothing within its bound, whatever fails", async () => {
  let attempts = 0;
  const transport = new ScriptedTransport(() =>
    ++attempts % 3 === 0 ? SENT : BUSY
  );
  const sizes = [1, 2, 3, 4, 5, 6, 7, 8];
  const { counts } = await run(sizes, transport);
  assertEquals(counts, [8, 0, 16, 0, 0, 0]);
});

Deno.test("ExportQueue drops a message that is larger than may be sent", async () => {
  const transport = new ScriptedTransport();
  const { counts } = await run([101, 100], transport, {
    maxMessageBytes: 100,
  });
  assertEquals([counts, transport.sent], [[1, 0, 0, 0, 1, 0], [100]]);
});

Deno.test("ExportQueue splits a message that the collector finds too large, once", async () => {
  const split = new ScriptedTransport((size) => size > 60 ? TOO_LARGE : SENT);
  assertEquals((await run([message(100, [50, 50]), 7], split)).counts, [
    3,
    0,
    0,
    0,
    0,
    0,
  ]);
  assertEquals(split.sent, [100, 50, 50, 7]);
  const never = new ScriptedTransport(() => TOO_LARGE);
  const halves = [message(50, [25, 25]), message(50, [25, 25])];
  const splittable = { bytes: new Uint8Array(100), split: () => halves };
  const { counts } = await run([splittable], never);
  assertEquals([counts, never.sent], [[0, 0, 0, 0, 2, 0], [100, 50, 50]]);
  const whole = new ScriptedTransport(() => TOO_LARGE);
  assertEquals((await run([100], whole)).counts, [0, 0, 0, 0, 1, 0]);
});

Deno.test("ExportQueue counts what is left at its end as failed", async () => {
  const transport = new ScriptedTransport(() => "hang");
  const queue = new ExportQueue(transport);
  queue.push(message(1));
  queue.push(message(2));
  assertEquals(await queue.flush(1), 2);
  await queue[Symbol.asyncDispose]();
  assertEquals([queue.counters.sent, queue.counters.failed], [0, 2]);
  assertThrows(() => queue.push(message(3)), Error, "queue is closed");
  await queue[Symbol.asyncDispose]();
});

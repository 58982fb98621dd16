import { assert, assertEquals, assertRejects } from "@std/assert";
import { LimitError } from "../../src/base/errors.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { compileFilter } from "../../src/kcap/filter/compile_filter.ts";
import { type KcapReader, openKcap } from "../../src/kcap/kcap_reader.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import { rewriteKcap } from "../../src/kcap/rewrite_kcap.ts";
import type { RewriteKcapOptions } from "../../src/kcap/rewrite_kcap.ts";
import type { KcapEvent, KcapHandle } from "../../src/kcap/types.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";
import { bytesOf } from "../support/byte_stream.ts";
import {
  kcapFixture,
  readKcapFile,
  upstreamKcap,
} from "../support/kcap_captures.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

/** Rewrites files as one. */
async function rewrite(
  files: readonly Uint8Array[],
  options: RewriteKcapOptions = {},
): Promise<Uint8Array> {
  await using stack = new AsyncDisposableStack();
  const readers = [];
  for (const file of files) {
    readers.push(
      stack.use(await openKcap([file], { includeState: true })),
    );
  }
  return await bytesOf(rewriteKcap(readers, options));
}

async function handlesOf(file: Uint8Array): Promise<readonly KcapHandle[]> {
  await using reader = await openKcap([file]);
  await reader.recoverSnapshotters();
  return reader.handles;
}

async function count(file: Uint8Array, expression: string): Promise<number> {
  const filter = compileFilter(expression)!;
  return (await readKcapFile(file, { filter: filter.test })).events.length;
}

Deno.test("rewriteKcap gives the bytes that it was given", async () => {
  const once = await rewrite([kcapFixture("head-v2-ps4.cap")]);
  assertEquals(await rewrite([once]), once);
});

Deno.test("rewriteKcap writes handles that captures share once", async () => {
  const file = kcapFixture("head-v2-ps4.cap");
  const alone = await handlesOf(file);
  assert(alone.length > 0);
  assertEquals(await handlesOf(await rewrite([file, file])), alone);
});

Deno.test("rewriteKcap refuses more handles than a reader takes", async () => {
  const [handle] = await handlesOf(kcapFixture("head-v2-ps4.cap"));
  const captures = [0, 1].map((part) => ({
    recoverSnapshotters: () => Promise.resolve(),
    handles: Array.from(
      { length: 600_000 },
      (_, index) => ({ ...handle!, id: BigInt(part * 600_000 + index) }),
    ),
  } as unknown as KcapReader));
  const error = await assertRejects(
    () => bytesOf(rewriteKcap(captures)),
    LimitError,
    "they have 1200000 handles",
  );
  assertEquals(error.limit, "maxTableEntries");
});

Deno.test("rewriteKcap keeps the state that a filter needs", async () => {
  const expression = "ps.parent.name = 'explorer.exe' and evt.category = 'net'";
  const file = kcapFixture("head-v2-ps4.cap");
  const filter = compileFilter(expression)!.test;
  const copy = await rewrite([file], { filter });
  assertEquals(await count(file, expression), 3);
  assertEquals(await count(copy, expression), 3);
  const { events, reader } = await readKcapFile(copy, { includeState: true });
  assertEquals(events.map(({ name }) => name), [
    "ProcessRundown",
    "CreateProcess",
    "Connect",
    "Connect",
    "ReplyDns",
    "CreateThread",
    "LoadModule",
    "TerminateProcess",
  ]);
  assertEquals(reader.handles.length, 4);
});

Deno.test("rewriteKcap leaves out state when it is told to", async () => {
  const filter = compileFilter("evt.category = 'net'")!.test;
  const copy = await rewrite([kcapFixture("head-v2-ps4.cap")], {
    filter,
    keepState: false,
  });
  const { events, reader } = await readKcapFile(copy, { includeState: true });
  assertEquals(events.map(({ name }) => name), [
    "Connect",
    "Connect",
    "ReplyDns",
  ]);
  assertEquals(reader.handles, []);
});

Deno.test("rewriteKcap leaves out environments when it is told to", async () => {
  const file = kcapFixture("head-v2-ps4.cap");
  const copy = await rewrite([file], { dropEnvs: true });
  assertEquals(await count(file, "ps.envs in ('windir:C:\\\\Windows')"), 10);
  assertEquals(await count(copy, "ps.envs in ('windir:C:\\\\Windows')"), 0);
  assertEquals(await count(copy, "ps.cwd iendswith 'bunny\\\\'"), 10);
});

Deno.test("rewriteKcap tells the faults of its inputs and goes on", async () => {
  const told: string[] = [];
  const copy = await rewrite([
    kcapFixture("head-v2-ps4.cap"),
    kcapFixture("bad-section-type-9.cap"),
  ], { onFault: ({ kind }, input) => told.push(`${input} ${kind}`) });
  assertEquals(told, ["1 section"]);
  assertEquals((await readKcapFile(copy)).events.length, 19);
});

function at(second: number, host: string): KcapEvent {
  return makeEvent({
    guid: PROVIDERS.file,
    hookId: 64,
    host,
    timestamp: `2024-10-10T08:00:0${second}Z`,
  });
}

async function capture(...events: KcapEvent[]): Promise<Uint8Array> {
  return await bytesOf(writeKcap(events));
}

Deno.test("rewriteKcap merges by time and keeps the order of each input", async () => {
  const merged = await rewrite([
    await capture(at(1, "a"), at(4, "a"), at(3, "a")),
    await capture(at(1, "b"), at(2, "b"), at(5, "b")),
    await capture(),
  ]);
  const { events } = await readKcapFile(merged);
  assertEquals(
    events.map(({ host, timestamp }) => host + timestamp.slice(18, 19)),
    ["a1", "b1", "b2", "a4", "a3", "b5"],
  );
});

testWith(
  "rewriteKcap brings the real capture into today's dialect without loss",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const copy = await rewrite([upstreamKcap("test.kcap")]);
    const { reader, faults, events } = await readKcapFile(copy);
    assertEquals(faults, []);
    assertEquals(reader.dialect?.name, "E");
    assertEquals(reader.handles.length, 20_614);
    assertEquals(events.length, 57_326);
    assertEquals(reader.state.processes.size, 110);
    assertEquals(reader.state.handles.size, 20_714);
  },
);

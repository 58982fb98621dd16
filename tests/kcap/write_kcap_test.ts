import { assertEquals, assertRejects } from "@std/assert";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import type { KcapWriteStats } from "../../src/kcap/kcap_encoder.ts";
import { createKcap } from "../../src/kcap/kcap_writer.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import { renderEventJson } from "../../src/kcap/render_json.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";
import { bytesOf, concatBytes } from "../support/byte_stream.ts";
import {
  decodeKcap,
  kcapStream,
  readKcapFile,
} from "../support/kcap_captures.ts";

const { events: EVENTS, handles: HANDLES } = decodeKcap(
  kcapStream("head-v2-ps4.cap"),
);
const BAD = makeEvent({
  guid: PROVIDERS.file,
  hookId: 64,
  params: [{ name: "a", type: "Uint8", value: 1000 }],
});

/** A sink that keeps what is written. */
function memorySink(): {
  readonly sink: WritableStream<Uint8Array>;
  readonly bytes: () => Uint8Array;
  readonly isClosed: () => boolean;
} {
  const parts: Uint8Array[] = [];
  let closed = false;
  return {
    sink: new WritableStream({
      write: (part) => void parts.push(part.slice()),
      close: () => {
        closed = true;
      },
    }),
    bytes: () => concatBytes(parts),
    isClosed: () => closed,
  };
}

function lines(events: readonly KcapEvent[]): readonly string[] {
  return events.map((event) =>
    renderEventJson(event, { envs: true, pe: true })
  );
}

Deno.test("writeKcap makes a capture that is read back to the same events", async () => {
  const file = await bytesOf(writeKcap(EVENTS, { handles: HANDLES }));
  const { events, faults, reader } = await readKcapFile(file, {
    includeState: true,
  });
  assertEquals(faults, []);
  assertEquals(reader.handles, HANDLES);
  assertEquals(
    lines(events.map((event) => ({ ...event, process: undefined }))),
    lines(EVENTS),
  );
});

Deno.test("writeKcap gives equal bytes for equal events", async () => {
  const once = await bytesOf(writeKcap(EVENTS, { handles: HANDLES }));
  const again = await bytesOf(writeKcap(EVENTS, { handles: HANDLES }));
  assertEquals(again, once);
});

Deno.test("writeKcap throws what is wrong with an event", async () => {
  await assertRejects(() => bytesOf(writeKcap([BAD])), RangeError);
});

Deno.test("writeKcap goes on after an event that cannot be written", async () => {
  const told: string[] = [];
  let stats: KcapWriteStats | undefined;
  const file = await bytesOf(writeKcap([EVENTS[2]!, BAD, EVENTS[3]!], {
    onError: (error) => told.push(error.name),
    onEnd: (found) => {
      stats = found;
    },
  }));
  assertEquals((await readKcapFile(file)).events.length, 2);
  assertEquals(told, ["RangeError"]);
  assertEquals(stats?.events, 2);
});

Deno.test("writeKcap opens when it is cut off behind the handle snapshot", async () => {
  const parts: Uint8Array[] = [];
  async function* source(): AsyncGenerator<KcapEvent> {
    yield* EVENTS;
    // What was delivered up to here is all that a killed writer leaves.
    const left = concatBytes(parts);
    const { reader, faults } = await readKcapFile(left);
    assertEquals(reader.handles.length, 4);
    assertEquals(faults.map(({ kind }) => kind), ["unclosed"]);
  }
  for await (const part of writeKcap(source(), { handles: HANDLES })) {
    parts.push(part.slice());
  }
  assertEquals((await readKcapFile(concatBytes(parts))).faults, []);
});

Deno.test("createKcap has written header and snapshot when it resolves", async () => {
  const { sink, bytes } = memorySink();
  await using writer = await createKcap(sink, {
    handles: HANDLES,
    flushPeriodMs: 0,
  });
  const { reader, faults } = await readKcapFile(bytes());
  assertEquals(reader.handles.length, 4);
  assertEquals(faults.map(({ kind }) => kind), ["unclosed"]);
  await writer.write(EVENTS[2]!);
});

Deno.test("KcapWriter makes events readable when it is flushed", async () => {
  const { sink, bytes } = memorySink();
  await using writer = await createKcap(sink, { flushPeriodMs: 0 });
  await writer.write(EVENTS[2]!);
  const before = await readKcapFile(bytes());
  assertEquals(before.events.length, 0);
  await writer.flush();
  const after = await readKcapFile(bytes());
  assertEquals(after.events.length, 1);
  assertEquals(after.faults.map(({ kind }) => kind), ["unclosed"]);
});

Deno.test("KcapWriter flushes by itself after its period", async () => {
  const { sink, bytes } = memorySink();
  await using writer = await createKcap(sink, { flushPeriodMs: 5 });
  await writer.write(EVENTS[2]!);
  let count = 0;
  while (count === 0) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    count = (await readKcapFile(bytes())).events.length;
  }
  assertEquals(count, 1);
});

Deno.test("KcapWriter closes once, with its statistics", async () => {
  const { sink, bytes, isClosed } = memorySink();
  const writer = await createKcap(sink, { handles: HANDLES });
  await writer.writeAll(EVENTS);
  const stats = await writer.close();
  assertEquals(await writer.close(), stats);
  assertEquals(stats, {
    events: 10,
    bytes: 4672,
    processes: 2,
    handles: 4,
    clipped: 0,
  });
  assertEquals(isClosed(), true);
  const { events, faults } = await readKcapFile(bytes());
  assertEquals([events.length, faults], [10, []]);
});

Deno.test("KcapWriter refuses events when it is closed", async () => {
  const { sink } = memorySink();
  const writer = await createKcap(sink);
  await writer.close();
  await assertRejects(
    () => writer.write(EVENTS[2]!),
    TypeError,
    "the writer is closed",
  );
});

Deno.test("KcapWriter goes on after an event that cannot be written", async () => {
  const { sink, bytes } = memorySink();
  const told: string[] = [];
  const writer = await createKcap(sink, {
    onError: ({ name }) => told.push(name),
  });
  await writer.writeAll([EVENTS[2]!, BAD, EVENTS[3]!]);
  assertEquals((await writer.close()).events, 2);
  assertEquals(told, ["RangeError"]);
  assertEquals((await readKcapFile(bytes())).events.length, 2);
});

Deno.test("KcapWriter tells that its sink failed", async () => {
  let count = 0;
  const sink = new WritableStream<Uint8Array>({
    write: () => {
      if (++count > 1) throw new Error("disk is full");
    },
  });
  const writer = await createKcap(sink, { flushPeriodMs: 0 });
  await writer.write(EVENTS[2]!);
  await assertRejects(
    async () => {
      await writer.flush();
      await writer.write(EVENTS[2]!);
      await writer.flush();
    },
    Error,
    "disk is full",
  );
  await assertRejects(() => writer.close(), Error, "disk is full");
});

Deno.test("createKcap refuses a negative flush period", async () => {
  await assertRejects(
    () => createKcap(memorySink().sink, { flushPeriodMs: -1 }),
    RangeError,
    "flushPeriodMs is -1",
  );
});

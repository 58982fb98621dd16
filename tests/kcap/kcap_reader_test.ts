import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { zstdCompressSync } from "node:zlib";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import { compileFilter } from "../../src/kcap/filter/compile_filter.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { openKcap } from "../../src/kcap/kcap_reader.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import type { KcapFault } from "../../src/kcap/types.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";
import { streamOf } from "../support/byte_stream.ts";
import {
  kcapFixture,
  kcapStream,
  readKcapFile,
  upstreamKcap,
} from "../support/kcap_captures.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

/** Captures that cannot be read at all. */
const REFUSED = {
  "bad-empty.cap": "invalid capture file magic number (empty file)",
  "bad-not-zstd.cap":
    "Cannot read kcap: not a zstd stream, its first bytes are 7468697320697320",
  "bad-magic.cap": "invalid capture file magic number",
  "bad-short-header.cap": "fail to read cap flags: unexpected EOF",
  "bad-major-0.cap":
    "incompatible cap version format. Required version 2.0 but 0.0 found",
  "bad-major-3.cap":
    "incompatible cap version format. Required version 2.0 but 3.0 found",
  "bad-zstd-truncated.cap": "Cannot read kcap: truncated zstd stream, no data",
} as const;

for (const [name, message] of Object.entries(REFUSED)) {
  Deno.test(`openKcap refuses ${name}: ${message}`, async () => {
    const error = await assertRejects(
      () => readKcapFile(kcapFixture(name)),
      FormatError,
    );
    assertEquals(error.message, message);
  });
}

/** Captures that are read as far as that is possible: events, and what is said. */
const DAMAGED: Readonly<
  Record<string, readonly [events: number, faults: readonly string[]]>
> = {
  "ok-minor-7.cap": [10, []],
  "ok-flags-set.cap": [10, []],
  "head-three-frames.cap": [10, []],
  "bad-cut-in-section-header.cap": [3, [
    "truncated 2966 capture is truncated: the stream ends 5 bytes into a section header",
  ]],
  "bad-cut-at-body.cap": [3, [
    "truncated 2966 capture is truncated: the stream ends 10 bytes into a record of 251 bytes",
  ]],
  "bad-cut-in-body.cap": [3, [
    "truncated 2966 capture is truncated: the stream ends 110 bytes into a record of 251 bytes",
  ]],
  "bad-trailing-garbage.cap": [10, [
    "trailing 5040 trailing data ignored: it begins at byte 2437 of the file",
  ]],
  "bad-section-version-3.cap": [9, [
    "event 2365 fail to unmarshal event: version of the event section is 3, expected 1 or 2",
  ]],
  "bad-section-type-9.cap": [9, [
    "section 2365 section of type 9 is unknown, 352 bytes are skipped",
  ]],
  "bad-section-size-zero.cap": [9, [
    "event 2365 fail to unmarshal event: expected at least 59 bytes but got 0 bytes",
  ]],
  "bad-section-size-huge.cap": [1, [
    "truncated 2365 record of 4294967295 bytes exceeds the rest of the stream",
  ]],
  "bad-param-type-200.cap": [9, [
    "event 2365 fail to unmarshal event: parameter 1 has unsupported type 200",
  ]],
  "bad-param-name-overrun.cap": [9, [
    "event 2365 fail to unmarshal event: text of 65537 bytes at byte 2515 leaves the record, of which 212 bytes are left",
  ]],
};

for (const [name, [events, faults]] of Object.entries(DAMAGED)) {
  Deno.test(`KcapReader reads ${name} as far as it goes`, async () => {
    const read = await readKcapFile(kcapFixture(name));
    assertEquals(read.events.length, events);
    assertEquals(read.faults.map(faultLine), faults);
  });
}

function faultLine({ kind, offset, message }: KcapFault): string {
  return `${kind} ${offset} ${message}`;
}

Deno.test("KcapReader stops where a handle snapshot claims billions of records", async () => {
  const { events, faults, reader } = await readKcapFile(
    kcapFixture("bad-handle-count-huge.cap"),
  );
  assertEquals(events, []);
  assertEquals(reader.handles.length, 4);
  assertStringIncludes(faults.at(-1)!.message, "handle snapshot is damaged");
});

Deno.test("KcapReader reads on through 200,000 records of zeros", async () => {
  const { events, faults } = await readKcapFile(kcapFixture("bad-bomb.cap"));
  assertEquals(events.length, 10);
  assertEquals(faults.length, 200_000);
});

Deno.test("KcapReader reads major version 3 when it is forced to", async () => {
  const { events } = await readKcapFile(kcapFixture("bad-major-3.cap"), {
    force: true,
  });
  assertEquals(events.length, 10);
});

Deno.test("KcapReader reads three frames as one", async () => {
  const three = await readKcapFile(kcapFixture("head-three-frames.cap"));
  const one = await readKcapFile(kcapFixture("head-v2-ps4.cap"));
  assertEquals(three.events, one.events);
});

Deno.test("KcapReader reads a stream without its envelope", async () => {
  const { events, faults } = await readKcapFile(kcapStream("head-v2-ps4.cap"));
  assertEquals(events.length, 10);
  assertEquals(faults, []);
});

testWith(
  "KcapReader reads all of a capture that was never closed",
  [requireSharedData("kcap/upstream/cap-unclosed.kcap")],
  async () => {
    const { events, faults } = await readKcapFile(
      upstreamKcap("cap-unclosed.kcap"),
    );
    assertEquals(events.length, 100);
    assertEquals(faults.filter(({ kind }) => kind !== "state").map(faultLine), [
      "unclosed 95127 capture was not closed: the zstd stream has no end",
    ]);
  },
);

testWith(
  "openKcap says of a stream without magic that it was not closed either",
  [requireSharedData("kcap/upstream/cap-1.0.0-headless.kcap")],
  async () => {
    const error = await assertRejects(
      () => readKcapFile(upstreamKcap("cap-1.0.0-headless.kcap")),
      FormatError,
    );
    assertEquals(
      error.message,
      "invalid capture file magic number (the zstd stream was not closed)",
    );
  },
);

testWith(
  "KcapReader reads every second event of a prerelease",
  [requireSharedData("kcap/upstream/cap1-1.0.0-prerelease.kcap")],
  async () => {
    const { reader, events, faults } = await readKcapFile(
      upstreamKcap("cap1-1.0.0-prerelease.kcap"),
    );
    assertEquals(events.map(({ seq }) => seq % 2n), Array(50).fill(0n));
    const { handleErrors, eventErrors } = reader.counters;
    assertEquals([handleErrors, eventErrors, faults.length], [2, 50, 52]);
  },
);

testWith(
  "openKcap refuses major version 1 as Fibratus does when it is strict",
  [requireSharedData("kcap/upstream/cap1.cap")],
  async () => {
    const error = await assertRejects(
      () => readKcapFile(upstreamKcap("cap1.cap"), { strict: true }),
      FormatError,
    );
    assertEquals(
      error.message,
      "incompatible cap version format. Required version 2.0 but 1.0 found",
    );
  },
);

Deno.test("KcapReader tells every truncation of a file", async () => {
  const file = kcapFixture("head-v2-ps4.cap");
  for (let length = 0; length < file.length; length++) {
    const cut = file.subarray(0, length);
    try {
      const { faults } = await readKcapFile(cut);
      assertEquals(faults.length > 0, true, `at ${length}`);
    } catch (error) {
      assertInstanceOf(error, FormatError);
    }
  }
});

Deno.test("KcapReader survives 10,000 mutations of a file with its own errors alone", async () => {
  // Stored blocks: what is changed is the capture, not the compression.
  const stream = kcapStream("head-v2-ps4.cap");
  const stored = storedFrame(stream.subarray(0, 3000));
  for (const bytes of mutations([stored], 10_000, 7)) {
    try {
      await using reader = await openKcap([bytes], {
        limits: { maxDecompressedBytes: 1024 * 1024 },
      });
      for await (const item of reader.read()) void item;
    } catch (error) {
      const isOurs = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isOurs) throw error;
    }
  }
});

/** A zstd frame with one block that is not compressed. */
function storedFrame(content: Uint8Array): Uint8Array {
  const word = content.length * 8 + 1;
  return Uint8Array.of(
    ...[0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58],
    ...[word & 0xff, (word >> 8) & 0xff, word >> 16],
    ...content,
  );
}

Deno.test("KcapReader refuses a capture that unpacks to too much", async () => {
  const bomb = new Uint8Array(4 * 1024 * 1024);
  bomb.set(kcapStream("head-v2-ps4.cap"));
  const file = new Uint8Array(zstdCompressSync(bomb));
  const error = await assertRejects(
    () => readKcapFile(file, { limits: { maxDecompressedBytes: 1024 * 1024 } }),
    LimitError,
  );
  assertEquals(error.limit, "maxDecompressedBytes");
});

Deno.test("KcapReader refuses a ratio that no capture has", async () => {
  const bomb = new Uint8Array(80 * 1024 * 1024);
  bomb.set(kcapStream("head-v2-ps4.cap"));
  const file = new Uint8Array(zstdCompressSync(bomb));
  const error = await assertRejects(() => readKcapFile(file), LimitError);
  assertEquals(error.limit, "maxCompressionRatio");
});

Deno.test("KcapReader refuses a window larger than the limit", async () => {
  const file = kcapFixture("head-v2-ps4.cap").slice();
  // Window of 2 GiB: exponent 21 above 2^10.
  file[4] = 0;
  file[5] = 21 << 3;
  const error = await assertRejects(() => readKcapFile(file), LimitError);
  assertEquals(error.limit, "maxWindowBytes");
});

Deno.test("KcapReader counts what it met", async () => {
  const { reader } = await readKcapFile(kcapFixture("head-v2-ps4.cap"), {
    filter: compileFilter("evt.category = 'net'")!.test,
  });
  assertEquals(reader.counters, {
    events: 3,
    bytes: 4672,
    stateEvents: 1,
    droppedByFilter: 7,
    eventErrors: 0,
    handleErrors: 0,
    stateWarnings: 0,
    badTimestamps: 0,
  });
});

Deno.test("KcapReader says of an event that its effect is not known, then gives the event", async () => {
  const events = [
    makeEvent({ guid: PROVIDERS.process, hookId: 2 }), // of no process
    makeEvent({ guid: PROVIDERS.file, hookId: 64 }),
  ];
  await using reader = await openKcap(writeKcap(events));
  const items: string[] = [];
  for await (const item of reader.read()) {
    items.push(item.type === "fault" ? item.kind : item.name);
  }
  assertEquals(items, ["state", "TerminateProcess", "CreateFile"]);
  const { events: delivered, stateWarnings } = reader.counters;
  assertEquals([delivered, stateWarnings], [2, 1]);
});

Deno.test("KcapReader changes its filter while it reads", async () => {
  await using reader = await openKcap([kcapFixture("head-v2-ps4.cap")]);
  const names: string[] = [];
  for await (const item of reader.read()) {
    if (item.type !== "event") continue;
    names.push(item.name);
    reader.setFilter(compileFilter("evt.category = 'thread'")?.test);
  }
  assertEquals(names, ["CreateProcess", "CreateThread"]);
});

Deno.test("KcapReader recovers the snapshot before any event", async () => {
  await using reader = await openKcap([kcapFixture("head-v2-ps4.cap")]);
  assertEquals(reader.header.major, 2);
  const state = await reader.recoverSnapshotters();
  assertEquals([...state.handles.values()].map(({ kind }) => kind), [
    "WaitCompletionPacket",
    "ALPC Port",
    "Mutant",
    "File",
  ]);
  assertEquals(state.processes.size, 0);
  let count = 0;
  for await (const item of reader.read()) if (item.type === "event") count++;
  assertEquals(count, 10);
});

Deno.test("KcapReader delivers state-only events when it is told to", async () => {
  const { events } = await readKcapFile(kcapFixture("head-v2-ps4.cap"), {
    includeState: true,
  });
  assertEquals(events.length, 11);
  assertEquals(events[0]!.name, "ProcessRundown");
});

Deno.test("KcapReader shows the state as it is at each event", async () => {
  await using reader = await openKcap([kcapFixture("head-v2-ps4.cap")]);
  const sizes: string[] = [];
  for await (const item of reader.read()) {
    if (item.type !== "event") continue;
    const known = reader.state.processes.get(4096);
    sizes.push(`${item.name} ${known?.threads.size} ${known?.modules.size}`);
  }
  assertEquals(sizes, [
    "CreateProcess 0 0",
    "CreateFile 0 0",
    "Connect 0 0",
    "Connect 0 0",
    "ReplyDns 0 0",
    "RegSetValue 0 0",
    "CreateThread 1 0",
    "LoadModule 1 1",
    "SetThreadpoolTimer 1 1",
    "TerminateProcess undefined undefined",
  ]);
});

Deno.test("KcapReader gives faults to onFault instead", async () => {
  const told: string[] = [];
  const { faults, events } = await readKcapFile(
    kcapFixture("bad-section-type-9.cap"),
    { onFault: ({ kind }) => told.push(kind) },
  );
  assertEquals([faults.length, events.length, told], [0, 9, ["section"]]);
});

Deno.test("KcapReader ends with the reason of its signal", async () => {
  const controller = new AbortController();
  await using reader = await openKcap(
    streamOf(kcapFixture("head-v2-ps4.cap"), 100),
    { signal: controller.signal },
  );
  const reason = new Error("enough");
  controller.abort(reason);
  const error = await assertRejects(async () => {
    for await (const item of reader.read()) void item;
  });
  assertEquals(error, reason);
});

Deno.test("KcapReader lets go of its source when it is closed", async () => {
  let isReleased = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* streamOf(kcapFixture("head-v2-ps4.cap"), 500);
    } finally {
      isReleased = true;
    }
  }
  const reader = await openKcap(source());
  await reader.close();
  await reader.close();
  assertEquals(isReleased, true);
});

Deno.test("openKcap lets go of a source that is no capture", async () => {
  let isReleased = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* streamOf(kcapFixture("bad-magic.cap"), 500);
    } finally {
      isReleased = true;
    }
  }
  await assertRejects(() => openKcap(source()), FormatError);
  assertEquals(isReleased, true);
});

Deno.test("KcapReader gives forEach what it gives read, and stops where it is told", async () => {
  for (const name of ["head-v2-ps4.cap", "bad-trailing-garbage.cap"]) {
    const { events, faults } = await readKcapFile(kcapFixture(name));
    await using reader = await openKcap([kcapFixture(name)]);
    const first: string[] = [];
    await reader.forEach((item) => {
      first.push(item.type === "event" ? item.name : item.kind);
      return first.length < 3;
    });
    const rest: string[] = [];
    await reader.forEach((item) => {
      rest.push(item.type === "event" ? item.name : item.kind);
    });
    assertEquals(first.length, 3);
    assertEquals([...first, ...rest], [
      ...events.map((event) => event.name),
      ...faults.map(({ kind }) => kind),
    ]);
  }
});

testWith(
  "KcapReader tells a warning before its event",
  [requireSharedData("kcap/upstream/cap-1.2.0.kcap")],
  async () => {
    await using reader = await openKcap([upstreamKcap("cap-1.2.0.kcap")]);
    const seen: string[] = [];
    for await (const item of reader.read()) {
      seen.push(`${item.type} ${item.offset}`);
      if (seen.length === 4) break;
    }
    assertEquals(seen, [
      "fault 119",
      "event 119",
      "event 1686",
      "fault 2020",
    ]);
  },
);

Deno.test("KcapReader leaves open handles alone when it is told to", async () => {
  const { reader, events } = await readKcapFile(
    kcapFixture("head-v2-ps4.cap"),
    { tracksHandles: false },
  );
  assertEquals(reader.state.handles.size, 0);
  assertEquals(reader.handles.length, 4);
  assertEquals(events.length, 10);
});

Deno.test("KcapReader keeps a bounded number of faults before the first event", async () => {
  const stream = new Uint8Array(28 + 20_000);
  stream.set(kcapStream("head-v2-ps4.cap").subarray(0, 28));
  new DataView(stream.buffer).setUint32(20, 10_000, true);
  await using reader = await openKcap([stream]);
  await reader.recoverSnapshotters();
  const faults: KcapFault[] = [];
  for await (const item of reader.read()) {
    if (item.type === "fault") faults.push(item);
  }
  assertEquals(faults.length, 1000);
  assertStringIncludes(
    faults.at(-1)!.message,
    "9001 more handle records are damaged",
  );
  assertEquals(reader.counters.handleErrors, 10_000);
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../src/base/errors.ts";
import { readTraceEvents } from "../../src/tracereplay/read_trace_events.ts";
import { readTraceFile } from "../../src/tracereplay/read_trace_file.ts";
import { renderJson } from "../../src/tracereplay/render_json.ts";
import { MAX_MESSAGE_BYTES } from "../../src/tracereplay/trace_file_decoder.ts";
import {
  encodeTraceFileHeader,
  encodeTraceRecord,
} from "../../src/tracereplay/trace_file_encoder.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";

Deno.test("encodeTraceFileHeader is the start of gVisor's files", () => {
  assertEquals(
    encodeTraceFileHeader().toHex(),
    fixture("all-types.trace").subarray(0, 37).toHex(),
  );
});

Deno.test("readTraceFile tells where every record begins", async () => {
  const offsets: number[] = [];
  const file = fixture("all-types.trace");
  for await (const { seq, offset, bytes } of readTraceFile(file)) {
    assertEquals(offsets.length + 1, seq);
    offsets.push(offset);
    assertEquals(
      file.subarray(offset + 8, offset + 8 + bytes.length).toHex(),
      bytes.toHex(),
    );
  }
  assertEquals([offsets.length, offsets[0]], [73, 37]);
});

for (const chunkBytes of [1, 7, 4093]) {
  Deno.test(`readTraceFile gives the same in pieces of ${chunkBytes} bytes`, async () => {
    const file = fixture("all-types.trace");
    const whole = (await packetsOf(file)).map((packet) => packet.toHex());
    const pieces: string[] = [];
    for await (const { bytes } of readTraceFile(streamOf(file, chunkBytes))) {
      pieces.push(bytes.toHex());
    }
    assertEquals(pieces, whole);
  });
}

Deno.test("readTraceFile followed by encodeTraceRecord gives the same bytes", async () => {
  for (const name of ["all-types.trace", "quirks.trace"]) {
    const file = fixture(name);
    const again = concatBytes([
      encodeTraceFileHeader(),
      ...(await packetsOf(file)).map(encodeTraceRecord),
    ]);
    assertEquals(again.toHex(), file.toHex());
  }
});

Deno.test("readTraceFile meets every cut of a file with a clean error", async () => {
  const file = fixture("quirks.trace");
  for (let end = 0; end < file.length; end++) {
    let count = 0;
    let error: unknown;
    try {
      for await (const _ of readTraceFile(file.subarray(0, end))) count++;
    } catch (thrown) {
      error = thrown;
    }
    const isBoundary = error === undefined;
    if (!isBoundary) assertEquals(error instanceof FormatError, true);
    // Where nothing is missing, the file is a whole one with fewer messages.
    if (isBoundary) assertEquals(end >= 37, true, `cut at ${end}`);
    if (end > 37) assertEquals(count <= 14, true);
  }
});

Deno.test("readTraceFile of a growing file takes a cut record as not yet there", async () => {
  const file = fixture("quirks.trace");
  let count = 0;
  for await (
    const _ of readTraceFile(file.subarray(0, file.length - 1), {
      isGrowing: true,
    })
  ) count++;
  assertEquals(count, 13);
});

Deno.test("encodeTraceRecord takes 1 MiB and refuses more", async () => {
  const most = new Uint8Array(MAX_MESSAGE_BYTES);
  const file = concatBytes([encodeTraceFileHeader(), encodeTraceRecord(most)]);
  assertEquals((await packetsOf(file))[0]?.length, MAX_MESSAGE_BYTES);
  assertThrows(
    () => encodeTraceRecord(new Uint8Array(MAX_MESSAGE_BYTES + 1)),
    RangeError,
    "message has 1048577 bytes, at most 1048576 are possible",
  );
});

Deno.test("readTraceFile refuses a size of 2^63 before the bytes are there", async () => {
  const file = concatBytes([
    encodeTraceFileHeader(),
    Uint8Array.fromHex("0000000000000080"),
  ]);
  await assertRejects(
    () => packetsOf(file),
    LimitError,
    "record size 9223372036854775808 exceeds 1048576",
  );
});

/** What `bad/EXPECTED.tsv` requires: messages, then the end. */
const BAD: Readonly<Record<string, readonly [messages: number, end: string]>> =
  {
    "empty": [0, "not a trace file, file is empty"],
    "short-signature": [0, "not a trace file, file has 9 bytes"],
    "bad-signature": [0, "not a trace file"],
    "no-config": [0, "at byte 16: configuration record missing"],
    "config-size-short": [0, "at byte 16: truncated size prefix"],
    "config-truncated": [0, "at byte 24: truncated configuration"],
    "config-not-json": [0, "configuration is not JSON"],
    "config-version-string": [
      0,
      "configuration.version is not an unsigned 32-bit integer",
    ],
    "config-version-missing": [1, ""],
    "config-version-2": [1, ""],
    "config-extra-key": [1, ""],
    "no-messages": [0, ""],
    "size-prefix-short": [1, "at byte 55: truncated size prefix"],
    "payload-missing": [
      1,
      "at byte 55: truncated record (size 10, 0 available)",
    ],
    "payload-truncated": [
      1,
      "at byte 55: truncated record (size 10, 4 available)",
    ],
    "size-1MiB-plus-1": [
      0,
      "at byte 37: record size 1048577 exceeds 1048576",
    ],
    "size-negative": [
      0,
      "at byte 37: record size 18446744073709551615 exceeds 1048576",
    ],
    "size-2p53": [
      0,
      "at byte 37: record size 9007199254740993 exceeds 1048576",
    ],
    "zero-length-record": [2, ""],
    "header-short": [2, ""],
    "header-size-too-big": [2, ""],
    "header-size-below-8": [2, ""],
    "payload-bad-varint": [2, ""],
    "payload-truncated-len": [2, ""],
    "payload-field-zero": [2, ""],
    "payload-wire-type-7": [2, ""],
    "payload-invalid-utf8": [2, ""],
    "payload-deep-nesting": [2, ""],
    "trailing-garbage": [1, "at byte 55: record size"],
  };

Deno.test("every damaged file has its expectation", async () => {
  const table = await Deno.readTextFile(`${FIXTURES}/bad/EXPECTED.tsv`);
  const names = table.trimEnd().split("\n").slice(1).map((line) =>
    line.split("\t")[0]!.replace(/\.trace$/, "")
  );
  assertEquals(names.sort(), Object.keys(BAD).sort());
});

for (const [name, [messages, end]] of Object.entries(BAD)) {
  Deno.test(`readTraceFile of bad/${name} gives ${messages} messages, then ${end || "the end"}`, async () => {
    const file = fixture(`bad/${name}.trace`);
    for (const chunkBytes of [1, file.length || 1]) {
      let count = 0;
      let error = "";
      try {
        for await (const _ of readTraceFile(streamOf(file, chunkBytes))) {
          count++;
        }
      } catch (thrown) {
        if (!(thrown instanceof Error)) throw thrown;
        const isOurs = thrown instanceof FormatError ||
          thrown instanceof LimitError;
        assertEquals(isOurs, true, thrown.name);
        error = thrown.message;
      }
      assertEquals(count, messages);
      assertEquals(
        end === "" ? error : error.includes(end),
        end === "" ? "" : true,
        error,
      );
    }
  });
}

for (
  const [name, error] of [
    [
      "zero-length-record",
      "message of 0 bytes is shorter than the 8-byte header",
    ],
    ["header-short", "message of 3 bytes is shorter than the 8-byte header"],
    ["header-size-too-big", "header_size 64 exceeds the message length 8"],
    ["header-size-below-8", "header_size 4 is smaller than 8"],
    ["payload-bad-varint", "number is longer than 10 bytes"],
    [
      "payload-truncated-len",
      "Chroot.pathname at byte 2 of the payload: 3 of 127 bytes",
    ],
    ["payload-field-zero", "field number is 0"],
    ["payload-wire-type-7", "wire type of field 2 is 7"],
  ] as const
) {
  Deno.test(`the first message of bad/${name} says what is wrong, the second decodes`, async () => {
    const events = [];
    const stats = new DecodeStats();
    for await (
      const event of readTraceEvents(fixture(`bad/${name}.trace`), { stats })
    ) events.push(JSON.parse(renderJson(event)));
    assertEquals(
      String(events[0].error).includes(error),
      true,
      events[0].error,
    );
    assertEquals("payload_hex" in events[0] || "raw_hex" in events[0], true);
    assertEquals(events[1].payload, { exit_status: 1 });
    assertEquals(stats.hasLoss, true);
  });
}

Deno.test("bad/payload-invalid-utf8 decodes with a warning and is no damage", async () => {
  const stats = new DecodeStats();
  const [event] = await Array.fromAsync(
    readTraceEvents(fixture("bad/payload-invalid-utf8.trace"), { stats }),
  );
  const object = JSON.parse(renderJson(event!));
  assertEquals(object.payload, { pathname: "a\ufffdb" });
  assertEquals(object.warnings, ["invalid-utf8:pathname"]);
  assertEquals(stats.hasLoss, false);
});

Deno.test("bad/payload-deep-nesting decodes with the nested bytes as one unknown field", async () => {
  const [event] = await Array.fromAsync(
    readTraceEvents(fixture("bad/payload-deep-nesting.trace")),
  );
  const object = JSON.parse(renderJson(event!));
  assertEquals(object.payload, { context_data: {} });
  assertEquals(object.unknown_fields, 1);
});

Deno.test("readTraceEvents counts a framing fault and keeps what came before", async () => {
  const stats = new DecodeStats();
  const events = await Array.fromAsync(
    readTraceEvents(fixture("bad/payload-truncated.trace"), { stats }),
  );
  assertEquals(events.length, 1);
  const [entry] = stats.entries();
  assertEquals(
    [entry?.name, entry?.severity, entry?.firstOffset],
    ["tracereplay_truncated", "data_loss", 55],
  );
  await assertRejects(
    () =>
      Array.fromAsync(
        readTraceEvents(fixture("bad/payload-truncated.trace")),
      ),
    TruncatedError,
  );
});

Deno.test("readTraceEvents counts a missing and a newer version as notices", async () => {
  for (
    const [name, stat] of [
      ["config-version-missing", "tracereplay_version_missing"],
      ["config-version-2", "tracereplay_version_newer"],
    ]
  ) {
    const stats = new DecodeStats();
    await Array.fromAsync(
      readTraceEvents(fixture(`bad/${name}.trace`), { stats }),
    );
    assertEquals([stats.get(stat!), stats.hasLoss], [1, false]);
  }
});

Deno.test("readTraceEvents meets 10,000 damaged files with its own errors", async () => {
  const corpus = [fixture("quirks.trace"), fixture("bad/header-short.trace")];
  let damaged = 0;
  for (const file of mutations(corpus)) {
    const stats = new DecodeStats();
    try {
      for await (const _ of readTraceEvents(file, { stats })) {
        // Read to the end.
      }
    } catch (error) {
      const isOurs = error instanceof FormatError ||
        error instanceof LimitError;
      if (!isOurs) throw error;
      damaged++;
    }
    if (stats.hasLoss) damaged++;
  }
  assertEquals(damaged > 3000, true, `${damaged} were damaged`);
});

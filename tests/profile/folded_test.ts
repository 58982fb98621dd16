import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FormatError, LimitError } from "../../src/base/errors.ts";
import { checkProfile } from "../../src/profile/check_profile.ts";
import { decodePprof } from "../../src/profile/pprof_decoder.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import {
  readFolded,
  type ReadFoldedOptions,
} from "../../src/profile/read_folded.ts";
import { sniffFolded } from "../../src/profile/sniff_folded.ts";
import { readPprof } from "../../src/profile/read_pprof.ts";
import type { Profile } from "../../src/profile/types.ts";
import { writeFolded } from "../../src/profile/write_folded.ts";
import { writeFoldedDifference } from "../../src/profile/write_folded_difference.ts";
import { bytesOf, streamOf, textOf } from "../support/byte_stream.ts";
import { exampleProfile } from "../support/example_profile.ts";
import { assertGolden } from "../support/golden.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { sha256Hex } from "../support/sha256.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const encoder = new TextEncoder();

function read(text: string, options?: ReadFoldedOptions): Promise<Profile> {
  return readFolded(streamOf(encoder.encode(text)), options);
}

function folded(profile: Profile): Promise<string> {
  return textOf(writeFolded(profile));
}

Deno.test("writeFolded writes stacks in order of their bytes", async () => {
  await assertGolden(
    "profile/example.folded",
    await textOf(writeFolded(exampleProfile())),
  );
});

Deno.test("writeFolded takes value, unit, roots and annotations as asked", async () => {
  const profile = exampleProfile();
  await assertGolden(
    "profile/example_options.folded",
    await textOf(writeFolded(profile, { valueType: 0, root: "thread" })) +
      "\n" +
      await textOf(
        writeFolded(profile, { divisor: 1000, annotate: true }),
      ) + "\n" +
      await textOf(writeFolded(profile, { valueType: 2, root: "process" })),
  );
  await assertRejects(
    () => bytesOf(writeFolded(profile, { valueType: 3 })),
    RangeError,
    "expected 0 to 2",
  );
  await assertRejects(
    () => bytesOf(writeFolded(profile, { divisor: 0 })),
    RangeError,
    "expected above 0",
  );
});

Deno.test("writeFolded sorts by bytes of UTF-8, not by units of UTF-16", async () => {
  const text = "a;\u{1f600} 1\na;\uffee 2\nb 3\n";
  assertEquals(
    await folded(await read(text)),
    "a;\uffee 2\na;\u{1f600} 1\nb 3\n",
  );
});

Deno.test("writeFolded sums stacks whose frames have equal names and leaves out zeros", async () => {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  for (const [line, value] of [[1, 2], [2, 3], [3, 0]] as const) {
    const frame = builder.internFrame({
      function: builder.internFunction({ name: value === 0 ? "z" : "a" }),
      line,
    });
    builder.addSample(builder.internStack(-1, frame), -1, [value]);
  }
  builder.addSample(-1, -1, [1e21]);
  assertEquals(
    await folded(builder.build()),
    " 1000000000000000000000\na 5\n",
  );
});

Deno.test("readFolded reads what writeFolded wrote", async () => {
  const text = await folded(exampleProfile());
  for (const chunkBytes of [1, 7, 4093]) {
    const profile = await readFolded(
      streamOf(encoder.encode(text), chunkBytes),
    );
    assertEquals(checkProfile(profile), []);
    assertEquals(await folded(profile), text);
  }
});

Deno.test("readFolded keeps what annotations say", async () => {
  const text = await textOf(writeFolded(exampleProfile(), { annotate: true }));
  const profile = await read(text);
  assertEquals(await textOf(writeFolded(profile, { annotate: true })), text);
  assertEquals(profile.strings.includes("kernel"), true);
});

Deno.test("readFolded accepts spaces in frames, tabs, returns, fractions and a missing last break", async () => {
  const profile = await read(
    "\ufeff# made by hand\r\n\r\nmain;operator new(unsigned long);x 12  \r\nmain\t3\na 1.5\n[unknown];a b 2e1\n;x 1\n 4",
  );
  assertEquals(
    await folded(profile),
    " 4\n[unknown];a b 20\n[unknown];x 1\na 2\nmain 3\nmain;operator new(unsigned long);x 12\n",
  );
  assertEquals(profile.valueTypes, [{ type: "samples", unit: "count" }]);
});

Deno.test("readFolded tells stacks apart that begin alike", async () => {
  const lines = [
    "a;b;c 1",
    "a;b 2",
    "a;bc;d 4",
    "a;b;c;d 8",
    "a 16",
    "a;;c 32",
    "a; 64",
    "; 128",
    "ab 256",
  ];
  for (const text of [lines, lines.toReversed()]) {
    const profile = await read(text.join("\n"));
    assertEquals(
      (await folded(profile)).replaceAll("[unknown]", "").split("\n").sort(),
      [...lines, ""].sort(),
    );
  }
});

Deno.test("readFolded counts lines that are none of the format", async () => {
  const stats = new DecodeStats();
  const profile = await read("a;b 1\nno number here\nc\n5\na;b 1e999\nd 2\n", {
    stats,
    valueType: { type: "wall", unit: "nanoseconds" },
  });
  assertEquals(await folded(profile), "a;b 1\nd 2\n");
  assertEquals(stats.get("folded_line_skipped"), 4);
  assertEquals(
    stats.entries()[0]!.firstDetail,
    'line 2 is "no number here", expected frames and a number',
  );
  assertEquals(profile.valueTypes[0]!.type, "wall");
});

Deno.test("readFolded refuses such a line where nothing is counted", async () => {
  const error = await assertRejects(
    () => read("a;b 1\nbad\n"),
    FormatError,
    "line 2",
  );
  assertEquals(error.record, "line 2");
});

Deno.test("readFolded keeps its limits", async () => {
  await assertRejects(
    () => read("a;b;c 1\n", { limits: { maxRecordBytes: 5 } }),
    LimitError,
    "line 1",
  );
  await assertRejects(
    () => read("a;b;c 1\n", { limits: { maxQueuedRecords: 2 } }),
    LimitError,
  );
});

Deno.test("readFolded survives 10,000 damaged texts", async () => {
  const corpus = [encoder.encode(await folded(exampleProfile()))];
  for (const damaged of mutations(corpus)) {
    const profile = await readFolded(streamOf(damaged), {
      stats: new DecodeStats(),
    });
    assertEquals(checkProfile(profile), []);
  }
});

Deno.test("readFolded tells every truncation that cuts a line", async () => {
  const text = encoder.encode(await folded(exampleProfile()));
  for (let size = 0; size < text.length; size++) {
    try {
      await readFolded(streamOf(text.subarray(0, size)));
    } catch (error) {
      assertInstanceOf(error, FormatError);
    }
  }
});

Deno.test("writeFoldedDifference gives each stack its value before and after", async () => {
  const before = await read("a;b 10\na;c 5\nz 4\n");
  const after = await read("a;b 12\na 7\nz 4.4\n");
  assertEquals(
    await textOf(writeFoldedDifference(before, after)),
    "a 0 7\na;b 10 12\na;c 5 0\nz 4 4\n",
  );
  assertEquals(
    await textOf(writeFoldedDifference(before, after, { divisor: 10 })),
    "a 0 1\na;b 1 1\na;c 1 0\n",
  );
});

Deno.test("sniffFolded takes stacks and no other text", () => {
  for (
    const text of [
      "a;b 1\n",
      "# x\n\nmain 3\nmain;b c 4\r\nmain;cut o",
      "a;b 5",
    ]
  ) {
    assertEquals(sniffFolded(encoder.encode(text)), true, text);
  }
  for (
    const text of [
      "",
      "hello 42\n",
      "main;leaf\n",
      '{"a;b": 1}\n',
      "a;b 1\nno number\nc;d 2\n",
      "\0a;b 1\n",
      "2024-01-01;12:00 x 1\nand more text\n",
    ]
  ) {
    assertEquals(sniffFolded(encoder.encode(text)), false, text);
  }
});

const PPROF_FIXTURES = [
  {
    file: "sample.cpu.pb.gz",
    stacks: 12,
    sha256: "415bf7735a16e9e1bb6ec94166bb31ab77002e96746cca2d82bfb2aef8191acc",
  },
  {
    file: "large.cpu.pb.gz",
    stacks: 20_362,
    sha256: "c092858865f9a546741f321c3d5a82b797bf6de1c9042c029f4e12de1071b205",
  },
  {
    file: "go.nomappings.crash",
    stacks: 2,
    sha256: "29f096dfe579d9816b6159c6170532e6c461a8068c6fe47a4635345798cc146c",
  },
];

for (const { file, stacks, sha256 } of PPROF_FIXTURES) {
  const path = `tracehandler/pprof/${file}`;
  testWith(
    `readPprof and writeFolded give the known stacks of ${file}`,
    [requireSharedData(path)],
    async () => {
      const stats = new DecodeStats();
      const profile = await readPprof(
        streamOf(await Deno.readFile(sharedData(path)!), 65_536),
        { stats },
      );
      assertEquals(checkProfile(profile), []);
      assertEquals(stats.entries(), []);
      const bytes = await bytesOf(writeFolded(profile, { valueType: 0 }));
      const text = new TextDecoder().decode(bytes);
      assertEquals(text.split("\n").length - 1, stacks);
      assertEquals(await sha256Hex(bytes), sha256);
    },
  );
}

testWith(
  "decodePprof reads the expected encoding of the format's example",
  [requireSharedData("tracehandler/pprof/tiny.expected.pb")],
  async () => {
    const bytes = await Deno.readFile(
      sharedData("tracehandler/pprof/tiny.expected.pb")!,
    );
    assertEquals(await folded(decodePprof(bytes)), "main;leaf 30000000\n");
  },
);

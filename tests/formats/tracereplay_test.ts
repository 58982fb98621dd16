import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  sniffTrace,
  sniffTraceNdjson,
} from "../../src/tracereplay/sniff_trace.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import {
  encodeTraceFileHeader,
  encodeTraceRecord,
} from "../../src/tracereplay/trace_file_encoder.ts";
import { concatBytes } from "../support/byte_stream.ts";
import { runMain } from "../support/memory_host.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import {
  fixture,
  FIXTURES,
  parseNdjson,
  withoutExtras,
} from "../tracereplay/_fixtures.ts";

const ALL_TYPES = `${FIXTURES}/all-types.trace`;

/** A session of one process that opens, reads and fails, all with times. */
function session(): Uint8Array<ArrayBuffer> {
  const context = (time: bigint) => ({
    time_ns: 1_700_000_000_000_000_000n + time,
    thread_id: 7,
    thread_group_id: 7,
    thread_group_start_time_ns: 5n,
    container_id: "c1",
    process_name: "cat",
    parent_thread_group_id: 1,
  });
  const packets = [
    encodeMessage("ExecveInfo", {
      context_data: context(0n),
      binary_path: "/bin/cat",
      argv: ["cat", "/etc/x"],
    }),
    encodeMessage("Open", {
      context_data: context(1000n),
      sysno: 257n,
      pathname: "/etc/x",
    }),
    encodeMessage("Open", {
      context_data: context(4000n),
      exit: { errorno: 2n },
      sysno: 257n,
      pathname: "/etc/x",
    }, { dropped: 3 }),
    encodeMessage("TaskExit", {
      context_data: context(9000n),
      exit_status: 256,
    }, {
      dropped: 3,
    }),
  ];
  return concatBytes([
    encodeTraceFileHeader(),
    ...packets.map(encodeTraceRecord),
  ]);
}

async function withFile(
  bytes: Uint8Array,
  run: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "tracedeck-" });
  try {
    await Deno.writeFile(path, bytes);
    await run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("sniffTrace knows the signature and nothing else", () => {
  assertEquals(sniffTrace(fixture("all-types.trace")), true);
  assertEquals(sniffTrace(fixture("bad/no-config.trace")), true);
  assertEquals(sniffTrace(fixture("bad/bad-signature.trace")), false);
  assertEquals(sniffTrace(fixture("bad/short-signature.trace")), false);
  assertEquals(sniffTrace(new Uint8Array()), false);
});

Deno.test("sniffTraceNdjson knows events and no other JSON", () => {
  const encoder = new TextEncoder();
  const sniff = (text: string) => sniffTraceNdjson(encoder.encode(text));
  assertEquals(sniff('{"seq":1,"type":"MESSAGE_SENTRY_TASK_EXIT"'), true);
  assertEquals(sniff('{"seq": 1, "error": "x"'), true);
  assertEquals(sniff('{"seq":1,"name":"x"}'), false);
  assertEquals(sniff('{"type":"event"}'), false);
  assertEquals(sniff(""), false);
});

Deno.test("info tells what a session is", async () => {
  const { code, stdout } = await runMain(["info", "--json", ALL_TYPES]);
  assertEquals(code, 0);
  const info = JSON.parse(stdout);
  assertEquals(info.version, "1");
  assertEquals(info.session, {
    messages: 73,
    bytes: 3845,
    largestMessage: "412 bytes, number 3",
    architecture: "amd64",
    containers: 2,
    dropped: 6,
    dropResets: 1,
  });
});

Deno.test("info of a damaged session ends with 3 and says what is wrong", async () => {
  const { code, stderr } = await runMain([
    "info",
    `${FIXTURES}/bad/payload-truncated.trace`,
  ]);
  assertEquals(code, 3);
  assertStringIncludes(stderr, "truncated record (size 10, 4 available)");
});

Deno.test("events gives records with times, and the ends of calls as spans", async () => {
  await withFile(session(), async (path) => {
    const { code, stdout } = await runMain(["events", "--json", path]);
    assertEquals(code, 0);
    const events = parseNdjson(stdout);
    assertEquals(
      events.map(({ type, provider, name, relativeNs, pid, tid }) => [
        type,
        provider,
        name,
        relativeNs,
        pid,
        tid,
      ]),
      [
        ["event", "gvisor.sentry", "ExecveInfo", 0, 7, 7],
        ["event", "gvisor.syscall", "openat", 1000, 7, 7],
        ["span", "gvisor.syscall", "openat", 1000, 7, 7],
        ["event", "gvisor.sentry", "TaskExit", 9000, 7, 7],
      ],
    );
    assertEquals(events[2]?.["durationNs"], 3000);
    const fields = events[2]?.["fields"] as Record<string, unknown>;
    assertEquals([fields["result"], fields["errno"]], [0, "ENOENT"]);
  });
});

Deno.test("report tells calls, errors, paths and processes", async () => {
  await withFile(session(), async (path) => {
    const { code, stdout } = await runMain(["report", "--json", path]);
    assertEquals(code, 0);
    const report = JSON.parse(stdout);
    assertEquals(report.syscalls, [{
      syscall: "openat",
      begun: 1,
      ended: 1,
      failed: 1,
      totalTime: 3000,
      meanTime: 3000,
      maxTime: 3000,
    }]);
    assertEquals(report.errors, [{ what: "openat ENOENT", count: 1 }]);
    assertEquals(report.paths, [{ what: "/etc/x", count: 1 }]);
    assertEquals(report.processes, [{
      pid: 7,
      parentPid: 1,
      container: "c1",
      binary: "/bin/cat",
      arguments: "cat /etc/x",
      end: "exit 1",
    }]);
  });
});

for (
  const name of [
    "all-types",
    "quirks",
    "bad/header-short",
    "bad/header-size-too-big",
    "bad/header-size-below-8",
    "bad/zero-length-record",
    "bad/payload-bad-varint",
    "bad/payload-truncated-len",
    "bad/payload-field-zero",
    "bad/payload-invalid-utf8",
    "bad/payload-deep-nesting",
    "bad/no-messages",
  ]
) {
  Deno.test(`convert takes ${name} to JSON lines and back without loss`, async () => {
    const file = `${FIXTURES}/${name}.trace`;
    const lines = await runMain(["convert", "--to=jsonl", file]);
    if (name === "bad/no-messages") {
      assertEquals(lines.stdout, "");
      return;
    }
    await withFile(lines.stdoutBytes, async (path) => {
      const back = await runMain(["convert", "--to=tracereplay", path]);
      assertEquals(
        back.stdoutBytes.toHex(),
        fixture(`${name}.trace`).toHex(),
      );
    });
  });
}

Deno.test("convert keeps longer headers, of unknown types too", async () => {
  const packet = Uint8Array.fromHex("0c0063000000000001020304" + "ff");
  const file = concatBytes([
    encodeTraceFileHeader(),
    encodeTraceRecord(packet),
  ]);
  await withFile(file, async (path) => {
    const lines = await runMain(["convert", "--to=jsonl", path]);
    await withFile(lines.stdoutBytes, async (ndjson) => {
      const back = await runMain(["convert", "--to=tracereplay", ndjson]);
      assertEquals(back.stdoutBytes.toHex(), file.toHex());
    });
  });
});

testWith(
  "convert of a session that gVisor recorded gives the events that are required",
  [requireSharedData("tracereplay/client-0001")],
  async () => {
    const file = sharedData("tracereplay/client-0001")!;
    const { code, stdout } = await runMain(["convert", "--to=jsonl", file]);
    assertEquals(code, 0);
    assertEquals(
      parseNdjson(stdout).map(withoutExtras),
      parseNdjson(
        await Deno.readTextFile(sharedData("tracereplay/client-0001.ndjson")!),
      ),
    );
  },
);

Deno.test("convert keeps of a damaged file what is whole", async () => {
  const { code, stdoutBytes } = await runMain([
    "convert",
    "--to=tracereplay",
    `${FIXTURES}/bad/payload-truncated.trace`,
  ]);
  assertEquals(code, 3);
  assertEquals(
    stdoutBytes.toHex(),
    fixture("bad/payload-truncated.trace").subarray(0, 55).toHex(),
  );
});

Deno.test("convert takes a part of a session", async () => {
  await withFile(session(), async (path) => {
    const { stdoutBytes } = await runMain([
      "convert",
      "--to=tracereplay",
      "--name=openat",
      path,
    ]);
    await withFile(stdoutBytes, async (part) => {
      const { stdout } = await runMain(["tracereplay", "decode", part]);
      assertEquals(
        stdout.split("\n").map((line) => line.split(" ", 2).join(" ")),
        ["E Open", "X Open", ""],
      );
    });
  });
});

Deno.test("convert of several sessions gives one with one drop counter", async () => {
  await withFile(session(), async (path) => {
    const { stdoutBytes } = await runMain([
      "convert",
      "--to=tracereplay",
      path,
      path,
    ]);
    await withFile(stdoutBytes, async (both) => {
      const { stdout } = await runMain(["info", "--json", both]);
      const info = JSON.parse(stdout);
      assertEquals(
        [info.session.messages, info.session.dropped, info.session.dropResets],
        [8, 6, undefined],
      );
    });
  });
});

Deno.test("convert takes secrets out", async () => {
  await withFile(session(), async (path) => {
    const { stdout } = await runMain([
      "convert",
      "--to=jsonl",
      "--redact-argv",
      path,
    ]);
    assertEquals(
      parseNdjson(stdout).map(({ payload }) =>
        (payload as { argv?: unknown }).argv
      )[0],
      ["cat", "[redacted]"],
    );
  });
});

Deno.test("convert of lines that are no events counts them and ends with 3", async () => {
  const text =
    '{"seq":1,"type":"MESSAGE_SENTRY_TASK_EXIT","type_id":5}\n{"a":1}\n';
  await withFile(new TextEncoder().encode(text), async (path) => {
    const { code, stderr, stdoutBytes } = await runMain([
      "convert",
      "--to=tracereplay",
      path,
    ]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, "line 2");
    assertEquals(stdoutBytes.length, 37 + 16);
  });
});

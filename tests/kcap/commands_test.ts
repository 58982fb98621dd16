import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";
import { fromFileUrl } from "../support/file_url.ts";
import {
  kcapFixture,
  kcapFixtureUrl,
  kcapStream,
  readKcapFile,
} from "../support/kcap_captures.ts";
import { runMain } from "../support/memory_host.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const HEAD = fixture("head-v2-ps4.cap");

function fixture(name: string): string {
  return fromFileUrl(kcapFixtureUrl(name));
}

/** A folder that is removed with its contents. */
async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

Deno.test("kcap replay prints pretty lines", async () => {
  const { code, stdout, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    HEAD,
    "evt.name",
    "=",
    "'TerminateProcess'",
  ]);
  assertEquals(
    stdout,
    "10 2024-10-10 06:00:10 +0000 UTC - 0 notepad.exe (4096) - TerminateProcess (exit_status➜ Success, name➜ notepad.exe, pid➜ 4096, ppid➜ 1024)\n",
  );
  assertEquals([code, stderr], [0, ""]);
});

for (const format of ["json", "jsonl"]) {
  Deno.test(`kcap replay prints ${format}`, async () => {
    const { code, stdout } = await runMain([
      "kcap",
      "replay",
      "--cap.file",
      HEAD,
      "--format",
      format,
      "--event.serialize-modules",
      "evt.category = 'module'",
    ]);
    const [event, ...more] = lines(stdout).map((line) => JSON.parse(line));
    assertEquals([code, more], [0, []]);
    assertEquals(event.ps.modules, [{ name: "ntdll.dll", size: 2064384 }]);
    assertEquals(event.ps.parent.name, "explorer.exe");
    assertEquals("threads" in event.ps, false);
  });
}

Deno.test("kcap replay takes Fibratus' own options", async () => {
  const { stdout } = await runMain([
    "kcap",
    "replay",
    `--cap.file=${HEAD}`,
    "--output.console.format=pretty",
    "--output.console.template={{ .Type }} {{ .Params }}",
    "--output.console.kv-delimiter==",
    "--output.console.colorize=false",
    "evt.name = 'TerminateProcess'",
  ]);
  assertEquals(
    stdout,
    "TerminateProcess exit_status=Success, name=notepad.exe, pid=4096, ppid=1024\n",
  );
  const silent = await runMain([
    "kcap",
    "replay",
    "-k",
    HEAD,
    "--output.console.enabled=false",
  ]);
  assertEquals([silent.code, silent.stdout], [0, ""]);
});

Deno.test("kcap replay colours a terminal unless that is not wanted", async () => {
  const run = async (args: string[], env: Record<string, string> = {}) =>
    (await runMain(
      ["kcap", "replay", "-k", HEAD, "--limit", "1", ...args],
      { terminals: ["stdout"], env },
    )).stdout.includes("\x1b[");
  assertEquals(await run([]), true);
  assertEquals(await run(["--no-colorize"]), false);
  assertEquals(await run([], { NO_COLOR: "1" }), false);
  assertEquals(await run([], { TERM: "dumb" }), false);
  assertEquals(await run(["--format", "json"]), false);
});

Deno.test("kcap replay --count prints just a number", async () => {
  const run = async (...args: string[]) =>
    (await runMain(["kcap", "replay", "-k", HEAD, "--count", ...args])).stdout;
  assertEquals(await run(), "10\n");
  assertEquals(await run("evt.category", "=", "'net'"), "3\n");
  assertEquals(await run("evt.pid = 1"), "0\n");
  assertEquals(await run("--limit", "4"), "4\n");
});

Deno.test("kcap replay stops at its limit", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runMain(
      [
        "kcap",
        "replay",
        "-k",
        fixture("bad-section-type-9.cap"),
        "--limit",
        ...args,
      ],
    );
    return { code, count: lines(stdout).length, stderr };
  };
  // What is damaged behind the last one wanted is not met.
  assertEquals(await run("1"), { code: 0, count: 1, stderr: "" });
  assertEquals((await run("2", "evt.category = 'net'")).count, 2);
  assertEquals((await run("2")).code, 3);
});

Deno.test("kcap replay chooses by time", async () => {
  const run = async (...args: string[]) =>
    (await runMain(["kcap", "replay", "-k", HEAD, "--count", ...args])).stdout
      .trim();
  assertEquals(await run("--since", "2024-10-10T06:00:05Z"), "6");
  assertEquals(await run("--until", "2024-10-10T06:00:05Z"), "4");
  assertEquals(await run("--since", "4s", "--until", "6s"), "2");
  const { code, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    HEAD,
    "--since",
    "yesterday",
  ]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "Option --since: Cannot read duration");
});

Deno.test("kcap replay writes to a file", async () => {
  await using folder = await makeFolder();
  const output = join(folder.path, "out.jsonl");
  const { code, stdout } = await runMain([
    "kcap",
    "replay",
    "-k",
    HEAD,
    "--format",
    "jsonl",
    "-o",
    output,
  ]);
  assertEquals([code, stdout], [0, ""]);
  assertEquals(lines(await Deno.readTextFile(output)).length, 10);
});

Deno.test("kcap replay reads standard input", async () => {
  for (
    const stdin of [
      kcapFixture("head-v2-ps4.cap"),
      kcapStream("head-v2-ps4.cap"),
    ]
  ) {
    const { code, stdout } = await runMain(
      ["kcap", "replay", "-k", "-", "--count"],
      { stdin },
    );
    assertEquals([code, stdout], [0, "10\n"]);
  }
});

Deno.test("kcap replay finds a capture without its extension", async () => {
  const run = (name: string) =>
    runMain(["kcap", "replay", "-k", name, "--count"]);
  assertEquals((await run(HEAD.replace(/\.cap$/, ""))).stdout, "10\n");
  const old = fixture("r1100-major1-ps2");
  const { stdout, stderr } = await run(old);
  assertEquals(stdout, "8\n");
  assertEquals(
    stderr,
    `${old}: version 1.1 is read as a capture of Fibratus 1.x\n`,
  );
});

Deno.test("kcap replay says that a capture does not exist", async () => {
  const { code, stderr } = await runMain(["kcap", "replay", "-k", "no/such"]);
  assertEquals([code, stderr], [
    1,
    'error: "no/such.cap" capture file does not exist\n',
  ]);
});

for (
  const [name, message] of [
    ["bad-empty.cap", "invalid capture file magic number (empty file)"],
    ["bad-magic.cap", "invalid capture file magic number"],
    [
      "bad-major-3.cap",
      "incompatible cap version format. Required version 2.0 but 3.0 found",
    ],
    [
      "bad-zstd-truncated.cap",
      "Cannot read kcap: truncated zstd stream, no data",
    ],
  ] as const
) {
  Deno.test(`kcap replay fails on ${name}`, async () => {
    const path = fixture(name);
    const { code, stdout, stderr } = await runMain([
      "kcap",
      "replay",
      "-k",
      path,
    ]);
    assertEquals([code, stdout, stderr], [
      1,
      "",
      `error: ${path}: ${message}\n`,
    ]);
  });
}

Deno.test("kcap replay refuses 1.x captures when it is strict", async () => {
  const path = fixture("r1100-major1-ps2.kcap");
  const { code, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    path,
    "--strict",
  ]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "incompatible cap version format. Required version 2.0 but 1.1 found",
  );
});

Deno.test("kcap replay ends with 3 and the reason when records are damaged", async () => {
  const path = fixture("bad-section-type-9.cap");
  const run = (...args: string[]) =>
    runMain(["kcap", "replay", "-k", path, "--count", ...args]);
  const warning =
    `warning: ${path}: at byte 2365: section of type 9 is unknown, 352 bytes are skipped\n`;
  const report = await run();
  assertEquals([report.code, report.stdout, report.stderr], [
    3,
    "9\n",
    warning,
  ]);
  const ignore = await run("--errors", "ignore");
  assertEquals([ignore.code, ignore.stdout, ignore.stderr], [0, "9\n", ""]);
  const accept = await run("--accept-damage");
  assertEquals([accept.code, accept.stderr], [0, warning]);
  const fail = await run("--errors", "fail");
  assertEquals([fail.code, fail.stdout], [1, ""]);
  assertStringIncludes(fail.stderr, "section of type 9 is unknown");
});

Deno.test("kcap replay tells the first twenty faults and counts the rest", async () => {
  const { code, stdout, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    fixture("bad-bomb.cap"),
    "--count",
  ]);
  assertEquals([code, stdout], [3, "10\n"]);
  assertEquals(lines(stderr).length, 21);
  assertMatch(stderr, /: 199980 more\n$/);
});

testWith(
  "kcap replay reads a capture that was never closed and says so",
  [requireSharedData("kcap/upstream/cap-unclosed.kcap")],
  async () => {
    const { code, stdout, stderr } = await runMain([
      "kcap",
      "replay",
      "-k",
      sharedData("kcap/upstream/cap-unclosed.kcap")!,
      "--count",
    ]);
    assertEquals([code, stdout], [3, "100\n"]);
    assertStringIncludes(stderr, "capture was not closed");
  },
);

Deno.test("kcap replay shows where a filter is wrong", async () => {
  const { code, stdout, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    "not even opened",
    "evt.category = 'net' and net.dprt = 443",
  ]);
  assertEquals([code, stdout], [2, ""]);
  assertEquals(
    stderr,
    `error: bad filter:
evt.category = 'net' and net.dprt = 443
╭────────────────────────^
|
|
╰─────────────────── expected field, bound field, string, number, bool, ip, function
hint: did you mean net.dport?
`,
  );
});

Deno.test("kcap replay warns of a filter that is odd", async () => {
  const { code, stderr } = await runMain([
    "kcap",
    "replay",
    "-k",
    HEAD,
    "--count",
    "net.dip = '1.2.3.4' or kevt.pid = 1",
  ]);
  assertEquals(code, 0);
  assertEquals(
    stderr,
    `warning: "net.dip = 1.2.3.4" is always false: ip does not compare with string by =; write the address without quotes
warning: field kevt.pid is deprecated since 3.0.0; use evt.pid
`,
  );
});

Deno.test("kcap replay refuses wrong usage", async () => {
  for (
    const [args, message] of [
      [[], "Option -k FILE is missing"],
      [["-k", HEAD, "--template", "{{ .Nope }}"], ".Nope is not a known field"],
      [["-k", HEAD, "--format", "xml"], "choices are pretty, json, jsonl"],
      [["-k", fixture("")], "it is a folder"],
    ] as const
  ) {
    const { code, stderr } = await runMain(["kcap", "replay", ...args]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  }
});

Deno.test("kcap replay keeps names of earlier releases when it is told to", async () => {
  const run = async (...args: string[]) =>
    (await runMain([
      "kcap",
      "replay",
      "-k",
      fixture("r200-v1wide-ps3.cap"),
      "--template",
      "{{ .Type }}",
      "evt.seq = 8",
      ...args,
    ])).stdout;
  assertEquals(await run(), "LoadModule\n");
  assertEquals(await run("--raw-names"), "LoadImage\n");
});

Deno.test("kcap ps draws the tree", async () => {
  const { code, stdout } = await runMain(["kcap", "ps", HEAD, "--at", "1"]);
  assertEquals(code, 0);
  assertEquals(
    stdout,
    `1024  explorer.exe  C:\\Windows\\explorer.exe
4096  └─ notepad.exe  "C:\\Windows\\System32\\notepad.exe" C:\\tmp\\ü.txt
`,
  );
  const end = await runMain(["kcap", "ps", HEAD, "--long"]);
  assertEquals(
    end.stdout,
    "1024  explorer.exe  [ARCHRABBIT\\bunny, session 1, since 2024-10-10T07:00:00Z, 0 threads, 0 modules]  C:\\Windows\\explorer.exe\n",
  );
});

Deno.test("kcap ps gives JSON, one process or its relatives", async () => {
  const { stdout } = await runMain([
    "kcap",
    "ps",
    HEAD,
    "--at=8",
    "--pid=4096",
    "--json",
  ]);
  const processes = lines(stdout).map((line) => JSON.parse(line));
  assertEquals(
    processes.map(({ pid, parent, threads, modules }) => [
      pid,
      parent,
      threads,
      modules,
    ]),
    [[1024, undefined, 0, 0], [4096, 1024, 1, 1]],
  );
});

Deno.test("kcap ps refuses what the capture does not have", async () => {
  const at = await runMain(["kcap", "ps", HEAD, "--at", "99"]);
  assertEquals(at.code, 1);
  assertStringIncludes(at.stderr, "no event of this sequence number");
  const pid = await runMain(["kcap", "ps", HEAD, "--pid", "5"]);
  assertEquals(pid.code, 1);
  const word = await runMain(["kcap", "ps", HEAD, "--at", "x"]);
  assertEquals(word.code, 2);
});

testWith(
  "kcap ps draws the tree of the real capture",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const { code, stdout } = await runMain([
      "kcap",
      "ps",
      sharedData("kcap/upstream/test.kcap")!,
      "--pid",
      "1092",
    ]);
    assertEquals(code, 0);
    assertEquals(
      lines(stdout).map((line) => line.replace(/(exe|EXE) .*/, "$1")),
      [
        " 644  wininit.exe",
        " 788  └─ services.exe",
        "1488     └─ svchost.exe",
        "4708        └─ provisioner.exe",
        "4020           └─ Runner.Listener.exe",
        "6992              └─ Runner.Worker.exe",
        "1080                 └─ bash.exe",
        "2848                    └─ bash.exe",
        "5128                       └─ bash.exe",
        "6520                          └─ cmd.exe",
        "1092                             └─ go.exe",
      ],
    );
  },
);

Deno.test("kcap handles lists what is open", async () => {
  const { code, stdout } = await runMain([
    "kcap",
    "handles",
    HEAD,
    "--kind",
    "file",
    "--kind",
    "Mut*",
  ]);
  assertEquals(code, 0);
  assertEquals(
    stdout,
    `       PID      HANDLE            OBJECT  KIND                      NAME
         4          48  ffffa00000002000  Mutant                    \\BaseNamedObjects\\m1
      1024          4c  ffffa00000003000  File                      C:\\Windows\\System32
`,
  );
  const json = await runMain([
    "kcap",
    "handles",
    HEAD,
    "--snapshot",
    "--pid=4",
    "--name=*LRPC*",
    "--json",
  ]);
  assertEquals(lines(json.stdout).map((line) => JSON.parse(line)), [{
    pid: 4,
    id: 68,
    object: "ffffa00000001000",
    kind: "ALPC Port",
    name: "\\RPC Control\\LRPC-0001",
    meta: {
      type: "alpc",
      flags: 131072,
      sequence: 7,
      context: 1234605616436508552,
    },
  }]);
});

testWith(
  "kcap handles --snapshot lists every handle of the real capture",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const { stdout } = await runMain([
      "kcap",
      "handles",
      sharedData("kcap/upstream/test.kcap")!,
      "--snapshot",
    ]);
    const rows = lines(stdout);
    assertEquals(rows.length, 1 + 20_614);
    assertMatch(rows[1]!, /^ +732 +378 +\w+ {2}WaitCompletionPacket$/);
  },
);

for (const isKept of [true, false]) {
  Deno.test(
    `convert ${isKept ? "leaves" : "removes"} a capture that gets no name`,
    async () => {
      await using folder = await makeFolder();
      const path = join(folder.path, "x.cap");
      await Deno.mkdir(path); // in the way of the file
      const { code, stderr } = await runMain([
        "convert",
        HEAD,
        "-o",
        path,
        ...(isKept ? ["--keep-partial"] : []),
      ]);
      assertEquals(code, 1);
      assertStringIncludes(stderr, `Cannot write ${path}`);
      assertEquals(stderr.includes(`stays in ${path}.part`), isKept);
      const entries = await Array.fromAsync(Deno.readDir(folder.path));
      assertEquals(
        entries.map(({ name }) => name).sort(),
        isKept ? ["x.cap", "x.cap.part"] : ["x.cap"],
      );
      if (!isKept) return;
      const { stdout } = await runMain(["kcap", "check", `${path}.part`]);
      assertStringIncludes(stdout, "ok, dialect E, 10 events");
    },
  );
}

Deno.test("kcap check tells the health of captures", async () => {
  const good = await runMain(["kcap", "check", HEAD]);
  assertEquals([good.code, good.stdout], [
    0,
    `${HEAD}: ok, dialect E, 10 events, 1 state event, 4 handles\n`,
  ]);
  const cut = fixture("bad-cut-in-body.cap");
  const damaged = await runMain(["kcap", "check", HEAD, cut]);
  assertEquals(damaged.code, 3);
  assertStringIncludes(
    damaged.stdout,
    `${cut}: 1 problem, dialect E, 3 events, 1 state event, 4 handles\n  at byte 2966: capture is truncated`,
  );
  const bad = await runMain([
    "kcap",
    "check",
    "--json",
    fixture("bad-magic.cap"),
    "no such",
    HEAD,
  ]);
  assertEquals(bad.code, 1);
  assertEquals(
    lines(bad.stdout).map((line) => JSON.parse(line)).map((
      { isOk, error },
    ) => [isOk, error]),
    [
      [false, "invalid capture file magic number"],
      [false, '"no such.cap" capture file does not exist'],
      [true, undefined],
    ],
  );
});

Deno.test("kcap check reads standard input and passes over folders", async () => {
  const { code, stdout } = await runMain(
    ["kcap", "check", fixture(""), "-"],
    { stdin: kcapFixture("head-v2-ps4.cap") },
  );
  assertEquals(code, 1);
  assertEquals(lines(stdout).map((line) => line.slice(line.indexOf(": "))), [
    `: Cannot read ${fixture("")}: it is a folder`,
    ": ok, dialect E, 10 events, 1 state event, 4 handles",
  ]);
});

Deno.test("kcap check and info say what is missing for process names", async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, "x.cap");
  const made = await runMain([
    "convert",
    HEAD,
    "-o",
    path,
    "--no-state",
    "--filter",
    "evt.category = 'net'",
  ]);
  assertEquals(made.code, 0);
  const { stdout } = await runMain(["kcap", "check", path]);
  assertStringIncludes(stdout, "names of processes will be missing");
  const info = JSON.parse((await runMain(["info", "--json", path])).stdout);
  assertEquals(
    info.capture.processNames,
    "missing: no events list the running processes",
  );
});

/** Writes a capture of one event per host, the last one without a time. */
async function writeHosts(
  path: string,
  ...hosts: readonly string[]
): Promise<void> {
  const events = hosts.map((host, index) =>
    makeEvent({
      guid: PROVIDERS.file,
      hookId: 64,
      host,
      ...(index < hosts.length - 1
        ? { timestamp: `2024-10-10T06:00:0${index}Z` }
        : {}),
    })
  );
  await Deno.writeFile(path, ReadableStream.from(writeKcap(events)));
}

Deno.test("events counts its times from the first event, wanted or not", async () => {
  const run = async (...args: string[]) =>
    lines((await runMain(["events", HEAD, "--json", ...args])).stdout)
      .map((line) => JSON.parse(line));
  const all = await run();
  const wanted = await run("--filter", "evt.category = 'net'");
  assertEquals(wanted.length, 3);
  assertEquals(wanted, all.filter(({ provider }) => provider === "net"));
  assertEquals(wanted[0].relativeNs > 0, true);
});

Deno.test("info tells the times that are known and all hosts", async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, "x.cap");
  await writeHosts(path, "a", "b", "a");
  const info = JSON.parse((await runMain(["info", "--json", path])).stdout);
  assertEquals(
    [info.startTime, info.endTime, info.capture.hosts],
    [
      "2024-10-10T06:00:00.000000000Z",
      "2024-10-10T06:00:01.000000000Z",
      "a, b",
    ],
  );
});

Deno.test("convert says when it puts several machines into one capture", async () => {
  await using folder = await makeFolder();
  const [a, b, out] = ["a", "b", "out"].map((name) =>
    join(folder.path, `${name}.cap`)
  ) as [string, string, string];
  await writeHosts(a, "first");
  await writeHosts(b, "second");
  const run = async (...inputs: string[]) =>
    (await runMain(["convert", ...inputs, "-o", out, "--verbose"])).stderr;
  const text = "process ids of several machines are in one capture";
  assertStringIncludes(await run(a, b), text);
  assertEquals((await run(a, a)).includes(text), false);
});

Deno.test("kcap fields lists fields, functions and what they are for", async () => {
  const run = async (...args: string[]) => {
    const { code, stdout } = await runMain(["kcap", "fields", ...args]);
    return { code, rows: lines(stdout) };
  };
  assertEquals((await run()).rows.length, 315 - 72 + 7);
  assertEquals((await run("--deprecated")).rows.length, 315 + 7);
  assertEquals((await run("net.")).rows.length, 10);
  assertEquals((await run("--functions")).rows.length, 26);
  assertEquals((await run("entropy", "--functions")).rows, [
    "entropy(string, [algorithm])  int  Shannon entropy of a text, rounded up, times its bytes",
  ]);
  const json = await run("evt.arg", "--json");
  assertEquals(JSON.parse(json.rows[0]!), {
    name: "evt.arg",
    kind: "field",
    declared: "Object",
    type: "any",
    description: "a parameter by name",
    argument: { isRequired: true, pattern: "[a-z0-9_]+" },
  });
  const none = await runMain(["kcap", "fields", "ps.nmae"]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "did you mean ps.name?");
});

Deno.test("The verbs for any file know captures", async () => {
  const info = await runMain(["info", HEAD]);
  assertEquals(info.code, 0);
  for (
    const text of [
      "Fibratus capture 2.0, dialect E, in zstd",
      "Fibratus 2.3.0 and later",
      "handles in the snapshot  4",
      "LoadModule",
      `tracedeck kcap ps ${HEAD}`,
    ]
  ) assertStringIncludes(info.stdout, text);
  const json = JSON.parse((await runMain(["info", "--json", HEAD])).stdout);
  assertEquals("processNames" in json.capture, false);
  assertEquals(json.capture.events, 10);
  assertEquals(json.kinds.length, 10);

  const events = await runMain([
    "events",
    HEAD,
    "--json",
    "--stacks",
    "--name",
    "CreateProcess",
  ]);
  assertEquals(JSON.parse(events.stdout), {
    timestamp: "2024-10-10T06:00:01.000000000Z",
    relativeNs: 0,
    type: "event",
    provider: "process",
    name: "CreateProcess",
    pid: 4096,
    tid: 5000,
    processName: "notepad.exe",
    cpu: 3,
    fields: {
      seq: 1,
      callstack: ["7ffb5c1d0396", "fffff8072ee1b2c4"],
      cmdline: '"C:\\Windows\\System32\\notepad.exe" C:\\tmp\\ü.txt',
      domain: "ARCHRABBIT",
      exe: "C:\\Windows\\System32\\notepad.exe",
      flags: "WOW64|PROTECTED",
      name: "notepad.exe",
      pid: 4096,
      ppid: 1024,
      real_ppid: 1024,
      session_id: 70000,
      sid: "S-1-5-18",
      username: "bunny",
    },
    stack: ["0x7ffb5c1d0396", "0xfffff8072ee1b2c4"],
  });
});

Deno.test("convert writes today's dialect, filtered and merged", async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, "new.cap");
  const run = async (...args: string[]) => {
    const result = await runMain(["convert", "-o", path, ...args]);
    return { ...result, file: await Deno.readFile(path) };
  };
  const old = await run(fixture("r1100-major1-ps2.kcap"));
  assertEquals(old.code, 0);
  assertStringIncludes(old.stderr, `wrote ${path} (`);
  const { reader, events } = await readKcapFile(old.file);
  assertEquals([reader.dialect?.name, events.length], ["E", 8]);

  const merged = await run(HEAD, HEAD, "--filter", "evt.name = 'Connect'");
  const names = (await readKcapFile(merged.file)).events.map(({ name }) =>
    name
  );
  assertEquals(names, [
    "CreateProcess",
    "CreateProcess",
    "Connect",
    "Connect",
    "Connect",
    "Connect",
    "CreateThread",
    "CreateThread",
    "LoadModule",
    "LoadModule",
    "TerminateProcess",
    "TerminateProcess",
  ]);

  const selected = await run(HEAD, "--no-state", "--name", "Connect");
  assertEquals((await readKcapFile(selected.file)).events.length, 2);
  const older = await run(HEAD, "--capture-version", "2.2", "--drop-envs");
  assertEquals((await readKcapFile(older.file)).reader.dialect?.name, "D");

  const damaged = await run(fixture("bad-param-type-200.cap"));
  assertEquals(damaged.code, 3);
  assertEquals((await readKcapFile(damaged.file)).events.length, 9);

  const wrong = await runMain(["convert", HEAD, "-o", path, "--filter", "x"]);
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "error: bad filter:\nx\n╭^\n");
});

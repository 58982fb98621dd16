import { assertEquals, assertStringIncludes } from "@std/assert";
import { InterruptedError } from "../../src/cli/signals.ts";
import { checkConfig } from "../../src/tracereplay/check_config.ts";
import { runMain } from "../support/memory_host.ts";
import type { MainResult, MemoryHostOptions } from "../support/memory_host.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { fixture, FIXTURES, parseNdjson, withoutExtras } from "./_fixtures.ts";
import "./_live.ts";
import {
  NEEDS_PEER,
  NEEDS_SOCKETS,
  runPeer,
  temporaryFolder,
} from "./_peer.ts";

const ALL_TYPES = `${FIXTURES}/all-types.trace`;
const QUIRKS = `${FIXTURES}/quirks.trace`;

function run(
  args: readonly string[],
  options: MemoryHostOptions & { readonly signal?: AbortSignal } = {},
): Promise<MainResult> {
  return runMain(["tracereplay", ...args], options);
}

/** A command that runs until it is stopped. */
interface Running {
  /** Waits until the output contains a text. */
  until(text: string): Promise<void>;
  /** Presses Ctrl-C and waits for the end. */
  stop(): Promise<MainResult & { output: string }>;
}

function start(args: readonly string[]): Running {
  const controller = new AbortController();
  const decoder = new TextDecoder();
  let output = "";
  const waiting = new Set<() => void>();
  const result = run(args, {
    signal: controller.signal,
    onStdout(bytes) {
      output += decoder.decode(bytes, { stream: true });
      for (const check of waiting) check();
    },
  });
  return {
    until(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const check = () => {
        if (output.includes(text)) resolve();
      };
      waiting.add(check);
      check();
      result.then(({ stderr }) => reject(new Error(`it has ended: ${stderr}`)));
      return promise.finally(() => waiting.delete(check));
    },
    async stop() {
      controller.abort(new InterruptedError("SIGINT"));
      return { ...await result, output };
    },
  };
}

Deno.test("decode prints what gVisor's example server prints", async () => {
  const { code, stdout, stderr } = await run(["decode", ALL_TYPES]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, await Deno.readTextFile(`${FIXTURES}/all-types.txt`));
  const cat = await run(["cat", ALL_TYPES]);
  assertEquals(cat.stdout, stdout);
});

testWith(
  "decode prints a session that gVisor recorded in every form",
  [requireSharedData("tracereplay/client-0001")],
  async () => {
    const file = sharedData("tracereplay/client-0001")!;
    const text = await run(["decode", file]);
    assertEquals(
      text.stdout,
      await Deno.readTextFile(sharedData("tracereplay/client-0001.txt")!),
    );
    const json = await run(["decode", "--format", "json", file]);
    assertEquals(
      parseNdjson(json.stdout).map(withoutExtras),
      parseNdjson(
        await Deno.readTextFile(sharedData("tracereplay/client-0001.ndjson")!),
      ),
    );
    // Raw calls before the first that tells the architecture have names too.
    assertEquals(
      parseNdjson(json.stdout).filter(({ message }) => message === "Syscall")
        .map(({ syscall }) => syscall),
      ["write", "write"],
    );
    const pretty = await run([
      "decode",
      "--format=pretty",
      "--type=read",
      "--phase=enter",
      "--stats",
      file,
    ]);
    assertEquals(
      pretty.stdout,
      "2022-06-01T21:22:52.176530982Z a061390c2e26[1] read(fd=3</lib/x86_64-linux-gnu/libc-2.31.so>, count=832) …\n",
    );
    assertStringIncludes(pretty.stderr, "10 messages, 687 bytes");
    assertStringIncludes(pretty.stderr, "architecture: amd64");
  },
);

Deno.test("decode reads standard input, packed or not", async () => {
  const plain = await run(["decode", "-"], { stdin: fixture("quirks.trace") });
  assertEquals(plain.stdout.split("\n").length, 15);
  const stream = new Blob([fixture("quirks.trace")]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const { code, stdout } = await run(["decode", "-"], { stdin: packed });
  assertEquals([code, stdout], [0, plain.stdout]);
});

Deno.test("decode of several files names the file of every JSON object", async () => {
  const { stdout } = await run([
    "decode",
    "--format=json",
    "--to=1",
    ALL_TYPES,
    QUIRKS,
  ]);
  assertEquals(
    parseNdjson(stdout).map(({ file, seq }) => [file, seq]),
    [[ALL_TYPES, 1], [QUIRKS, 1]],
  );
});

for (
  const [name, code, lines] of [
    ["bad/empty.trace", 1, 0],
    ["bad/bad-signature.trace", 1, 0],
    ["bad/config-not-json.trace", 1, 0],
    ["bad/config-version-2.trace", 0, 1],
    ["bad/config-version-missing.trace", 0, 1],
    ["bad/no-messages.trace", 0, 0],
    ["bad/payload-missing.trace", 3, 1],
    ["bad/payload-truncated.trace", 3, 1],
    ["bad/size-2p53.trace", 3, 0],
    ["bad/header-short.trace", 3, 2],
    ["bad/payload-wire-type-7.trace", 3, 2],
    ["bad/payload-invalid-utf8.trace", 0, 2],
    ["bad/payload-deep-nesting.trace", 0, 2],
    ["quirks.trace", 0, 14],
  ] as const
) {
  Deno.test(`decode of ${name} ends with ${code} and ${lines} lines`, async () => {
    const result = await run(["decode", `${FIXTURES}/${name}`]);
    assertEquals(
      [result.code, result.stdout.split("\n").length - 1],
      [code, lines],
      result.stderr,
    );
    assertEquals(result.stderr === "", code === 0 && !name.includes("version"));
  });
}

Deno.test("decode --accept-damage ends with 0", async () => {
  const { code } = await run([
    "decode",
    "--accept-damage",
    `${FIXTURES}/bad/header-short.trace`,
  ]);
  assertEquals(code, 0);
});

for (
  const [args, message] of [
    [["save"], "--endpoint is required"],
    [["replay", "--endpoint", "/nonexistent/x"], "--in is required"],
    [["replay", "--in", "/x"], "--endpoint is required"],
    [
      ["save", "--endpoint=/nonexistent/x", "extra"],
      'Argument "extra" is too much',
    ],
    [["save", "--endpoint=tcp:x"], "expected tcp:HOST:PORT"],
    [
      ["save", "--endpoint=/nonexistent/x", "--socket-mode=9"],
      "expected an octal number",
    ],
    [
      ["serve", "--endpoint=/nonexistent/x", "--type=Opne"],
      'Cannot filter by type "Opne"',
    ],
    [["decode", "--since=yesterday", "x"], "expected ISO 8601"],
    [["decode", "--pid=x", "x"], "expected a number"],
    [["decode", "--follow", "a", "b"], "Cannot follow several files"],
    [["decode", FIXTURES], "it is a folder"],
    [
      ["bench", "--endpoint=tcp:127.0.0.1:1"],
      "a sink speaks to SOCK_SEQPACKET",
    ],
    [["config"], "No points are named"],
    [["config", "--point=x"], 'no point is called "x"'],
    [["check", "--release=x", "y"], "expected YYYYMMDD"],
    [["nonsense"], "is unknown"],
    [[], "Command of tracereplay is missing"],
  ] as const
) {
  Deno.test(`wrong usage: tracereplay ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  });
}

testWith(
  "save and replay print what gVisor's tool prints",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const out = `${folder.path}/out`;
    const save = start(["save", `-endpoint=${endpoint}`, "-out", out]);
    await save.until("Press ctrl-C");
    const replay = await run([
      "replay",
      "--endpoint",
      endpoint,
      "--in",
      ALL_TYPES,
    ]);
    assertEquals(
      [replay.code, replay.stdout, replay.stderr],
      [0, "Handshake completed\nReplaying message: 73\nDone\n", ""],
    );
    await save.until("Closing client");
    const { code, output, stderr } = await save.stop();
    assertEquals([code, stderr], [0, ""]);
    assertEquals(
      output,
      `Listening on "${endpoint}". Press ctrl-C to stop...\n` +
        `New client connected, writing to: "${out}/client-0001"\n` +
        `Closing client, wrote 73 messages to "${out}/client-0001"\n` +
        `Ctrl-C pressed, stopping.\n`,
    );
    assertEquals(
      await Deno.readFile(`${out}/client-0001`),
      fixture("all-types.trace"),
    );
  },
);

testWith(
  "replay shows every number with --compat, and the last one on a terminal",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const save = start(["save", "--endpoint", endpoint, "--out", folder.path]);
    await save.until("Press ctrl-C");
    const numbers = Array.from(
      { length: 14 },
      (_, index) => `\rReplaying message: ${index + 1}`,
    ).join("");
    const args = ["replay", "--endpoint", endpoint, "--in"];
    const compat = await run([...args, QUIRKS, "--compat"]);
    assertEquals(compat.stdout, `Handshake completed\n${numbers}\nDone\n`);
    const terminal = await run([...args, QUIRKS], { terminals: ["stdout"] });
    assertEquals(
      terminal.stdout,
      "Handshake completed\n\rReplaying message: 1\rReplaying message: 14\nDone\n",
    );
    const empty = `${FIXTURES}/bad/no-messages.trace`;
    assertEquals(
      (await run([...args, empty, "--compat"])).stdout,
      "Handshake completed\n\nDone\n",
    );
    assertEquals(
      (await run([...args, empty])).stdout,
      "Handshake completed\nDone\n",
    );
    await save.stop();
  },
);

testWith(
  "save ends with 3 when messages were lost, and tells drops with --stats",
  NEEDS_PEER,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const save = start([
      "save",
      "--endpoint",
      endpoint,
      "--out",
      folder.path,
      "--stats",
    ]);
    await save.until("Press ctrl-C");
    await runPeer("send", endpoint, ALL_TYPES);
    await runPeer("behave", endpoint, "oversized");
    await save.until("wrote 3 messages");
    const { code, stderr } = await save.stop();
    assertEquals(code, 3);
    assertStringIncludes(
      stderr,
      "client 1: 73 messages, 3845 bytes, 6 dropped by the sandbox, 1 counter resets",
    );
    assertStringIncludes(stderr, "message of 1048577 bytes is lost");
    assertStringIncludes(stderr, "2 clients, 76 messages");
  },
);

testWith(
  "save prints events on standard output and lines about clients beside it",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const save = start([
      "save",
      "--endpoint",
      endpoint,
      "--out",
      folder.path,
      "--print=json",
    ]);
    while (!await exists(endpoint)) await pause();
    await run(["replay", "--endpoint", endpoint, "--in", QUIRKS]);
    await save.until('"seq":14');
    const { output, stderr } = await save.stop();
    const events = parseNdjson(output);
    assertEquals(events.map(({ client }) => client), Array(14).fill(1));
    assertEquals(events.map(({ seq }) => seq), events.map((_, at) => at + 1));
    assertStringIncludes(stderr, "New client connected");
  },
);

testWith(
  "save --to - sends all sessions as one stream to standard output",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const controller = new AbortController();
    const saved = run(["save", "--endpoint", endpoint, "--to", "-"], {
      signal: controller.signal,
    });
    while (!await exists(endpoint)) await pause();
    for (const file of [ALL_TYPES, QUIRKS]) {
      await run(["replay", "--endpoint", endpoint, "--in", file]);
    }
    controller.abort(new InterruptedError("SIGINT"));
    const { code, stdoutBytes, stderr } = await saved;
    assertEquals(code, 0, stderr);
    const { stdout } = await run(["decode", "-"], { stdin: stdoutBytes });
    const [first, second] = await Promise.all(
      [ALL_TYPES, QUIRKS].map((file) => run(["decode", file])),
    );
    assertEquals(stdout, first!.stdout + second!.stdout);
  },
);

testWith("save serves counts for Prometheus", NEEDS_SOCKETS, async () => {
  await using folder = await temporaryFolder();
  const endpoint = `${folder.path}/s.sock`;
  const port = freePort();
  const save = start([
    "save",
    "--endpoint",
    endpoint,
    "--out",
    folder.path,
    "--metrics",
    `127.0.0.1:${port}`,
  ]);
  await save.until("Press ctrl-C");
  await run(["replay", "--endpoint", endpoint, "--in", ALL_TYPES]);
  await save.until("Closing client");
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  for (
    const line of [
      "tracedeck_tracereplay_clients_total 1",
      "tracedeck_tracereplay_clients 0",
      "tracedeck_tracereplay_messages_total 73",
      "tracedeck_tracereplay_bytes_total 3845",
      "tracedeck_tracereplay_dropped_total 6",
    ]
  ) assertStringIncludes(text, `${line}\n`);
  await save.stop();
  const refused = await run([
    "save",
    "--endpoint",
    `${folder.path}/other.sock`,
    "--out",
    folder.path,
    "--metrics=0.0.0.0:0",
  ]);
  assertEquals(refused.code, 2);
});

testWith(
  "serve prints what gVisor's example server prints",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const serve = start(["serve", "--endpoint", endpoint, "--client-prefix"]);
    await serve.until("Socket address");
    const names = ["all-types", "bad/header-size-too-big", "quirks"];
    for (const [index, name] of names.entries()) {
      await run([
        "replay",
        "--endpoint",
        endpoint,
        "--in",
        `${FIXTURES}/${name}.trace`,
      ]);
      await serve.until(`${index + 1}: Connection closed`);
    }
    const { code, output } = await serve.stop();
    assertEquals(code, 0);
    const lines = output.trimEnd().split("\n");
    assertEquals(lines[0], `Socket address ${endpoint}`);
    const expected = await Deno.readTextFile(`${FIXTURES}/all-types.txt`);
    assertEquals(lines.slice(1, 76), [
      "1: Connection accepted",
      ...expected.trimEnd().split("\n").map((line) => `1: ${line}`),
      "1: Connection closed",
    ]);
    assertEquals(
      lines.includes("2: Header size (64) is larger than message 8"),
      true,
    );
    assertEquals(lines.includes("3: Invalid message type: 39"), true);
  },
);

testWith(
  "serve -q prints bad messages only, and filters",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const serve = start(["serve", "--endpoint", endpoint, "-q"]);
    await serve.until("Socket address");
    await run(["replay", "--endpoint", endpoint, "--in", QUIRKS]);
    await serve.until("Connection closed");
    const { output } = await serve.stop();
    assertEquals(output.split("\n").slice(1, -1), [
      "Connection accepted",
      "Invalid message type: 39",
      "Invalid message type: 0",
      "Connection closed",
    ]);
  },
);

testWith(
  "bench loads a server and tells what was lost",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    const save = start(["save", "--endpoint", endpoint, "--out", folder.path]);
    await save.until("Press ctrl-C");
    const waited = await run([
      "bench",
      "--endpoint",
      endpoint,
      "--messages=500",
      "--clients=3",
      "--wait",
      "--json",
    ]);
    assertEquals(waited.code, 0, waited.stderr);
    const { sent, dropped, bytes } = JSON.parse(waited.stdout);
    assertEquals([sent, dropped, bytes], [1500, 0, 150_000]);
    const text = await run([
      "bench",
      "--endpoint",
      endpoint,
      "--messages=2000",
    ]);
    assertStringIncludes(text.stdout, "events/s");
    await save.stop();
  },
);

Deno.test("points and syscalls list what runsc lists", async () => {
  const points = await run(["points"]);
  assertEquals(
    points.stdout.startsWith("POINTS (998)\nName: container/start,"),
    true,
  );
  assertStringIncludes(
    points.stdout,
    "\n\nSINKS (2)\nName: remote\nName: null\n",
  );
  const arm = await run(["points", "--arch=arm64", "sentry/*", "--json"]);
  assertEquals(
    parseNdjson(arm.stdout).map(({ name }) => name),
    [
      "sentry/clone",
      "sentry/execve",
      "sentry/exit_notify_parent",
      "sentry/mmap",
      "sentry/task_exit",
    ],
  );
  const calls = await run(["syscalls", "--arch=arm64", "56"]);
  assertEquals(calls.stdout, "  56 openat                   yes Open\n");
});

Deno.test("config writes a session that check finds valid", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/session.json`;
  const made = await run([
    "config",
    "--preset=security",
    "--endpoint=/run/events.sock",
    "-o",
    path,
  ]);
  assertEquals([made.code, made.stderr.includes("wrote")], [0, false]);
  assertEquals(checkConfig(await Deno.readTextFile(path)).isValid, true);
  const checked = await run(["check", path]);
  assertEquals(checked.code, 0);
  assertStringIncludes(checked.stdout, `${path}: valid, `);
  const again = await run(["config", "--import", path, "--form=session"]);
  assertEquals(JSON.parse(again.stdout).name, "Default");
});

testWith(
  "check tells every fault and ends with 1",
  [requireSharedData("tracereplay/bench-hash_cached.json")],
  async () => {
    const file = sharedData("tracereplay/bench-hash_cached.json")!;
    const { code, stdout } = await run(["check", file]);
    assertEquals(code, 1);
    assertStringIncludes(
      stdout,
      `${file}: error: $.trace_session.points[0].optional_fields[0]: `,
    );
    assertStringIncludes(stdout, "(point sentry/execve has it)");
    assertStringIncludes(
      stdout,
      `${file}: not valid, 1 point, 1 sink; 1 error`,
    );
    const json = JSON.parse((await run(["check", "--json", file])).stdout);
    assertEquals([json.isValid, json.findings.length], [false, 1]);
  },
);

Deno.test("config refuses to write what gVisor would refuse", async () => {
  const { code, stdout, stderr } = await run([
    "config",
    "--preset=process",
    "--endpoint=/nonexistent/x",
    "--backoff=1s",
  ]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "cannot be larger than max backoff");
});

Deno.test("flags lists options as gVisor's tool does", async () => {
  const { stdout } = await run(["flags", "replay"]);
  assertStringIncludes(stdout, "replay --endpoint: ");
  assertEquals((await run(["flags", "replya"])).code, 2);
});

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

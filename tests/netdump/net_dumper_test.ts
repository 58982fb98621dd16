import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import type { DumpEntry, DumpSource } from "../../src/netdump/dump_entry.ts";
import { parseDumpName } from "../../src/netdump/dump_name.ts";
import { listDumps, pruneDumps } from "../../src/netdump/dump_store.ts";
import { NetDumper } from "../../src/netdump/net_dumper.ts";
import type { NetDumperOptions } from "../../src/netdump/net_dumper.ts";
import { loadNetdump } from "../../src/netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../src/netdump/netdump_archive.ts";
import { decodeNetworkTrace } from "../../src/netdump/nettrace_decoder.ts";
import { encodeNetworkTrace } from "../../src/netdump/nettrace_encoder.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { readNetdump } from "../../src/netdump/read_netdump.ts";
import { bytesOf } from "../support/byte_stream.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const encoder = new TextEncoder();

try {
  // Stays open for the process; no test opens it first.
  openLibc();
} catch {
  // Systems without it publish all the same.
}
const IS_ROOT = Deno.build.os === "linux" && Deno.uid() === 0;
const NEEDS_ROOT = requireThat(IS_ROOT, "needs root on Linux");
const START = Date.parse("2026-11-20T23:34:32.700Z");

function sourceOf(...entries: readonly DumpEntry[]): DumpSource {
  return {
    collect: async function* () {
      yield* entries;
    },
  };
}

const PS: DumpEntry = {
  name: "linux/ps.txt",
  source: "command",
  command: "ps -e -f",
  exit: 0,
  content: encoder.encode("UID PID\n"),
};

async function withFolder(
  body: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A dumper whose clock stands still until `clock.ms` is changed. */
function dumperIn(
  directory: string,
  clock: { ms: number },
  options: NetDumperOptions = {},
): NetDumper {
  return new NetDumper({ directory, now: () => clock.ms, ...options });
}

async function load(path: string): Promise<NetdumpArchive> {
  using file = await Deno.open(path);
  return await loadNetdump(file.readable);
}

async function namesIn(directory: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(directory)) {
    if (name !== ".netdump.lock") names.push(name);
  }
  return names.sort();
}

Deno.test("NetDumper publishes an archive in EVE's layout with a manifest at its end", async () => {
  await withFolder(async (directory) => {
    const dumper = dumperIn(directory, { ms: START }, {
      sources: [sourceOf(PS, {
        name: "linux/netns/blue/ps.txt",
        source: "command",
        command: "ps",
        skippedReason: "program is missing",
      }, {
        name: "linux/netns/red/a.txt",
        source: "proc",
        content: encoder.encode("a"),
      })],
    });
    const path = await dumper.publish("nim-fail", [{
      requestName: "ping",
      netTrace: encoder.encode("{}"),
      result: "fail",
      target: "https://www.lab.test/",
      packetCaptures: [
        { interfaceName: "eth0", content: encoder.encode("p") },
        {
          interfaceName: "../x",
          content: encoder.encode("q"),
          truncated: true,
        },
      ],
    }, { requestName: "ping" }], { notes: ["a remark"] });
    assertEquals(path, `${directory}/nim-fail-2026-11-20T23-34-32.tgz`);
    const archive = await load(path);
    const top = "nim-fail-2026-11-20T23-34-32";
    assertEquals(
      archive.entries.map(({ path, mode }) => [path, mode.toString(8)]),
      [
        [top, "755"],
        [`${top}/eve`, "755"],
        [`${top}/linux`, "755"],
        [`${top}/requests`, "755"],
        [`${top}/linux/ps.txt`, "664"],
        [`${top}/linux/netns`, "755"],
        [`${top}/linux/netns/red`, "755"],
        [`${top}/linux/netns/red/a.txt`, "664"],
        [`${top}/requests/ping`, "755"],
        [`${top}/requests/ping/nettrace.json`, "664"],
        [`${top}/requests/ping/eth0.pcap`, "664"],
        [`${top}/requests/ping/..%2Fx-truncated.pcap`, "664"],
        [`${top}/requests/ping-2`, "755"],
        [`${top}/manifest.json`, "664"],
      ],
    );
    assertEquals(archive.mismatches(), []);
    const { manifest } = archive;
    assertEquals(manifest?.topic, "nim-fail");
    assertEquals(manifest?.publishedAt, "2026-11-20T23:34:32.700Z");
    assertEquals(manifest?.sequence, 1);
    assertEquals(manifest?.requests, [
      { name: "ping", result: "fail", target: "https://www.lab.test/" },
      { name: "ping-2", result: "ok", target: "" },
    ]);
    assertEquals(manifest?.notes, ["a remark"]);
    assertEquals(manifest?.entries[1]?.skippedReason, "program is missing");
    if (Deno.build.os !== "windows") {
      assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
    assertEquals(await namesIn(directory), [`${top}.tgz`]);
  });
});

Deno.test("NetDumper writes a trace that is given as a value as EVE does", async () => {
  await withFolder(async (directory) => {
    const trace = decodeNetworkTrace(
      '{"description":"<ping>","traceEndAt":"+5ms"}',
    );
    const path = await dumperIn(directory, { ms: START }).publish("nim-ok", [
      { requestName: "ping", netTrace: trace },
    ]);
    const entry = (await load(path)).entries.find(({ path }) =>
      path.endsWith("/nettrace.json")
    );
    assertEquals(
      new TextDecoder().decode(entry?.content),
      encodeNetworkTrace(trace, { form: "sink" }),
    );
  });
});

Deno.test("NetDumper trims its own topic only, and the oldest first", async () => {
  await withFolder(async (directory) => {
    const clock = { ms: START };
    const dumper = dumperIn(directory, clock, { maxDumpsPerTopic: 1 });
    await dumper.publish("bare-extra");
    await Deno.writeTextFile(`${directory}/bare-notes.tgz`, "mine");
    await Deno.writeTextFile(`${directory}/bare.txt`, "mine");
    await Deno.mkdir(`${directory}/bare-2020-01-01T00-00-00.tgz`);
    await dumper.publish("bare");
    clock.ms += 1000;
    await dumper.publish("bare");
    dumper.maxDumpsPerTopic = 2;
    clock.ms += 1000;
    await dumper.publish("bare");
    assertEquals(await namesIn(directory), [
      "bare-2020-01-01T00-00-00.tgz",
      "bare-2026-11-20T23-34-33.tgz",
      "bare-2026-11-20T23-34-34.tgz",
      "bare-extra-2026-11-20T23-34-32.tgz",
      "bare-notes.tgz",
      "bare.txt",
    ]);
  });
});

Deno.test("NetDumper keeps the newest when the clock jumps back", async () => {
  await withFolder(async (directory) => {
    const clock = { ms: START };
    const dumper = dumperIn(directory, clock, { maxDumpsPerTopic: 2 });
    await dumper.publish("nim-ok");
    clock.ms += 10_000;
    await dumper.publish("nim-ok");
    clock.ms = 5000;
    const third = await dumper.publish("nim-ok");
    assertEquals(third, `${directory}/nim-ok-1970-01-01T00-00-05.tgz`);
    assertEquals((await load(third)).manifest?.sequence, 3);
    clock.ms = 3000;
    await dumper.publish("nim-ok");
    assertEquals(await namesIn(directory), [
      "nim-ok-1970-01-01T00-00-03.tgz",
      "nim-ok-1970-01-01T00-00-05.tgz",
    ]);
  });
});

Deno.test("NetDumper never deletes what it has just written, whatever its name", async () => {
  await withFolder(async (directory) => {
    const clock = { ms: START };
    // Without manifests nothing but names tells the order.
    const options = { maxDumpsPerTopic: 1, manifest: false };
    const dumper = dumperIn(directory, clock, options);
    await dumper.publish("nim-ok");
    clock.ms = 5000;
    await dumper.publish("nim-ok");
    assertEquals(await namesIn(directory), ["nim-ok-1970-01-01T00-00-05.tgz"]);
  });
});

Deno.test("NetDumper leaves out what makes a dump larger than 256 MiB, and says so", async () => {
  await withFolder(async (directory) => {
    const content = new Uint8Array(130 * 1024 * 1024);
    // Zeros alone would be held to be a bomb.
    for (let at = 0; at < content.length; at += 400) content[at] = at % 251;
    const path = await dumperIn(directory, { ms: START }, {
      sources: [sourceOf(
        { name: "linux/a.txt", source: "proc", content },
        { name: "linux/b.txt", source: "proc", content },
        PS,
      )],
    }).publish("t");
    const { entries } = (await load(path)).manifest!;
    assertEquals(
      entries.map(({ path, skippedReason }) => [path, skippedReason]),
      [
        ["linux/a.txt", undefined],
        ["linux/b.txt", "the dump is full"],
        ["linux/ps.txt", undefined],
      ],
    );
  });
});

Deno.test("parseDumpName takes days that there are", () => {
  assertEquals(
    parseDumpName("a-b-2026-02-28T23-59-59.tgz"),
    { topic: "a-b", time: new Date("2026-02-28T23:59:59Z") },
  );
  for (
    const name of [
      "a-2026-02-31T00-00-00.tgz",
      "a-2026-01-01T24-00-00.tgz",
      "a-2026-13-01T00-00-00",
      "2026-01-01T00-00-00.tgz",
      "a-2026-01-01.tgz",
      "a-2026-01-01T00-00-00.tgz.partial",
    ]
  ) assertEquals(parseDumpName(name), undefined, name);
});

Deno.test("pruneDumps deletes what is too old, but the newest of no topic", async () => {
  await withFolder(async (directory) => {
    const now = Date.parse("2026-01-10T00:00:00Z");
    for (const name of ["a-2026-01-01", "a-2026-01-03", "a-2026-01-09"]) {
      await Deno.writeTextFile(`${directory}/${name}T00-00-00.tgz`, "x");
    }
    await Deno.writeTextFile(`${directory}/b-2026-01-01T00-00-00.tgz`, "x");
    const options = { maxAgeMs: 4 * 86_400_000, now };
    const names = (dumps: readonly { readonly fileName: string }[]) =>
      dumps.map(({ fileName }) => fileName);
    const old = ["a-2026-01-01T00-00-00.tgz", "a-2026-01-03T00-00-00.tgz"];
    const told = await pruneDumps(directory, ["a", "b"], {
      ...options,
      dryRun: true,
    });
    assertEquals(names(told), old);
    assertEquals((await namesIn(directory)).length, 4);
    assertEquals(names(await pruneDumps(directory, ["a", "b"], options)), old);
    assertEquals(await namesIn(directory), [
      "a-2026-01-09T00-00-00.tgz",
      "b-2026-01-01T00-00-00.tgz",
    ]);
  });
});

Deno.test("pruneDumps makes room from the longest series first", async () => {
  await withFolder(async (directory) => {
    for (const name of ["a-2026-01-01", "a-2026-01-02", "a-2026-01-03"]) {
      await Deno.writeTextFile(`${directory}/${name}T00-00-00.tgz`, "12345");
    }
    for (const name of ["b-2026-01-01", "b-2026-01-02"]) {
      await Deno.writeTextFile(`${directory}/${name}T00-00-00.tgz`, "12345");
    }
    await pruneDumps(directory, ["a", "b"], { maxBytes: 20 });
    assertEquals(await namesIn(directory), [
      "a-2026-01-02T00-00-00.tgz",
      "a-2026-01-03T00-00-00.tgz",
      "b-2026-01-01T00-00-00.tgz",
      "b-2026-01-02T00-00-00.tgz",
    ]);
    // The newest of each stays, even where there is no room for it.
    await pruneDumps(directory, ["a", "b"], { maxBytes: 1 });
    assertEquals(await namesIn(directory), [
      "a-2026-01-03T00-00-00.tgz",
      "b-2026-01-02T00-00-00.tgz",
    ]);
  });
});

Deno.test("NetDumper takes the next free second, at most five ahead", async () => {
  await withFolder(async (directory) => {
    const dumper = dumperIn(directory, { ms: START });
    for (let count = 0; count < 6; count++) await dumper.publish("t");
    assertEquals(
      (await namesIn(directory)).at(-1),
      "t-2026-11-20T23-34-37.tgz",
    );
    await assertRejects(
      () => dumper.publish("t"),
      Error,
      "topic t has a dump for each of the next 6 seconds",
    );
    assertEquals((await namesIn(directory)).length, 6);
  });
});

Deno.test("NetDumper tells when a topic was published last", async () => {
  await withFolder(async (directory) => {
    const clock = { ms: START };
    const dumper = dumperIn(directory, clock);
    assertEquals(await dumper.lastPublishAt("a-ok", "a-fail"), undefined);
    await dumper.publish("a-ok");
    clock.ms += 60_000;
    await dumper.publish("a-fail");
    await Deno.writeTextFile(`${directory}/a-fail-junk.tgz`, "");
    await dumper.publish("a-fail-more");
    assertEquals(
      (await dumper.lastPublishAt("a-ok"))?.toISOString(),
      "2026-11-20T23:34:32.000Z",
    );
    assertEquals(
      (await dumper.lastPublishAt("a-ok", "a-fail"))?.toISOString(),
      "2026-11-20T23:35:32.000Z",
    );
    assertEquals(await dumper.lastPublishAt("a"), undefined);
    assertEquals(
      await new NetDumper({ directory: `${directory}/none` }).lastPublishAt(
        "a",
      ),
      undefined,
    );
  });
});

Deno.test("NetDumper refuses names before it gathers anything", async () => {
  await withFolder(async (directory) => {
    const sources: DumpSource[] = [{
      collect: () => {
        throw new Error("gathered");
      },
    }];
    const dumper = new NetDumper({ directory: `${directory}/made`, sources });
    const topics = ["", "Nim", "a/b", "a--b", "-a", "..", "x".repeat(65)];
    for (const topic of [...topics, "a-2026-11-20T23-34-32"]) {
      await assertRejects(() => dumper.publish(topic), TypeError, "topic");
    }
    for (const requestName of ["", ".", "..", "a/b", "a b", "x".repeat(101)]) {
      await assertRejects(
        () => dumper.publish("t", [{ requestName }]),
        TypeError,
        "request name",
      );
    }
    assertEquals(await namesIn(directory), []);
    assertThrows(() => new NetDumper({ maxDumpsPerTopic: -1 }), RangeError);
  });
});

Deno.test("NetDumper deletes trace files when they are published, and notes missing ones", async () => {
  await withFolder(async (directory) => {
    const [trace, capture] = [`${directory}/t.json`, `${directory}/c.pcap`];
    await Deno.writeTextFile(trace, "{}");
    await Deno.writeTextFile(capture, "pcap");
    const dumper = dumperIn(`${directory}/out`, { ms: START });
    const path = await dumper.publish("t", [{
      requestName: "r",
      netTrace: { path: trace },
      packetCaptures: [
        { interfaceName: "eth0", content: { path: capture } },
        { interfaceName: "eth0", content: { path: `${directory}/none` } },
        { interfaceName: "eth1", content: { path: directory } },
      ],
    }]);
    const archive = await load(path);
    assertEquals(archive.text("requests/r/nettrace.json"), "{}");
    assertEquals(archive.text("requests/r/eth0.pcap"), "pcap");
    assertEquals(
      archive.manifest?.entries.map(({ path, skippedReason }) => [
        path,
        skippedReason,
      ]),
      [
        ["requests/r/nettrace.json", undefined],
        ["requests/r/eth0.pcap", undefined],
        ["requests/r/eth0~2.pcap", "file is missing"],
        ["requests/r/eth1.pcap", "it is no file"],
      ],
    );
    assertEquals(await namesIn(directory), ["out"]);
  });
});

Deno.test("NetDumper leaves nothing when it fails, and keeps trace files and older dumps", async () => {
  await withFolder(async (directory) => {
    const trace = `${directory}/t.json`;
    await Deno.writeTextFile(trace, "{}");
    const clock = { ms: START };
    const options = { maxDumpsPerTopic: 1 };
    await dumperIn(directory, clock, options).publish("t");
    clock.ms += 1000;
    const failing = dumperIn(directory, clock, {
      ...options,
      sources: [{
        collect: async function* () {
          yield PS;
          throw new Error("source broke");
        },
      }],
    });
    await assertRejects(
      () =>
        failing.publish("t", [{
          requestName: "r",
          netTrace: { path: trace },
        }]),
      Error,
      "source broke",
    );
    assertEquals(await namesIn(directory), [
      "t-2026-11-20T23-34-32.tgz",
      "t.json",
    ]);
  });
});

Deno.test("NetDumper publishes what is there when it is interrupted, and says so", async () => {
  await withFolder(async (directory) => {
    const controller = new AbortController();
    const dumper = dumperIn(directory, { ms: START }, {
      sources: [{
        collect: async function* ({ signal }) {
          yield PS;
          controller.abort();
          if (signal.aborted) return;
          yield { ...PS, name: "linux/more.txt" };
        },
      }],
    });
    const archive = await load(
      await dumper.publish("t", [], { signal: controller.signal }),
    );
    assertEquals(archive.filesIn("linux").map(({ name }) => name), [PS.name]);
    assertEquals(archive.manifest?.notes, [
      "interrupted: gathering was cut short",
    ]);
  });
});

Deno.test("NetDumper removes partial files that nobody writes any more", async () => {
  await withFolder(async (directory) => {
    const old = `${directory}/.x-2026-11-20T20-00-00.tgz.partial`;
    const fresh = `${directory}/.x-2026-11-20T20-00-01.tgz.partial`;
    const foreign = `${directory}/.x.tgz.partial`;
    for (const path of [old, fresh, foreign]) {
      await Deno.writeTextFile(path, "");
    }
    const before = Date.now() / 1000 - 3700;
    for (const path of [old, foreign]) await Deno.utime(path, before, before);
    await dumperIn(directory, { ms: START }).publish("t");
    assertEquals(await namesIn(directory), [
      ".x-2026-11-20T20-00-01.tgz.partial",
      ".x.tgz.partial",
      "t-2026-11-20T23-34-32.tgz",
    ]);
  });
});

testWith("NetDumper refuses a link or another user's folder as root", [
  NEEDS_ROOT,
], async () => {
  await withFolder(async (directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.symlink(`${directory}/real`, `${directory}/link`);
    const linked = { directory: `${directory}/link` };
    await assertRejects(
      () => new NetDumper(linked).publish("t"),
      Error,
      "it is a symbolic link",
    );
    await new NetDumper({ ...linked, trustDirectory: true }).publish("t");
    await Deno.chown(`${directory}/real`, 12345, 0);
    await assertRejects(
      () => new NetDumper({ directory: `${directory}/real` }).publish("t"),
      Error,
      "user 12345 owns it, not root",
    );
    await Deno.writeTextFile(`${directory}/file`, "");
    await assertRejects(
      () => new NetDumper({ directory: `${directory}/file` }).publish("t"),
      Error,
      "it is no folder",
    );
    await assertRejects(
      () => new NetDumper({ directory: `${directory}/file/x` }).publish("t"),
      Error,
      "is no folder",
    );
  });
});

async function mounted(
  options: string,
  body: (directory: string) => Promise<void>,
): Promise<void> {
  await withFolder(async (directory) => {
    const run = async (name: string, ...args: string[]) => {
      const { success } = await new Deno.Command(name, { args }).output();
      assert(success, `${name} ${args.join(" ")}`);
    };
    const tmpfs = ["-t", "tmpfs", "-o", options, "tmpfs", directory];
    await run("mount", ...tmpfs);
    try {
      await body(directory);
    } finally {
      await run("umount", directory);
    }
  });
}

testWith("NetDumper leaves nothing on a full disk", [
  NEEDS_ROOT,
  requirePeers("mount"),
], async () => {
  await mounted("size=64k,mode=755", async (directory) => {
    const clock = { ms: START };
    const first = await dumperIn(directory, clock, { maxDumpsPerTopic: 1 })
      .publish("t");
    clock.ms += 1000;
    const noise = crypto.getRandomValues(new Uint8Array(65_536));
    let scarce: boolean | undefined;
    const large = dumperIn(directory, clock, {
      maxDumpsPerTopic: 1,
      sources: [{
        collect: async function* ({ isScarce }) {
          scarce = isScarce;
          yield { ...PS, content: noise };
        },
      }],
    });
    const error = await assertRejects(() => large.publish("t"), Error);
    assertMatch(error.message, /^Cannot publish .*: no space is left$/);
    assertEquals(scarce, true);
    assertEquals(await namesIn(directory), [first.split("/").at(-1)!]);
  });
});

testWith("NetDumper says that a file system is read-only", [
  NEEDS_ROOT,
  requirePeers("mount"),
], async () => {
  await mounted("size=64k,mode=755,ro", async (directory) => {
    const error = await assertRejects(
      () => dumperIn(directory, { ms: START }).publish("t"),
      Error,
    );
    assertEquals(
      error.message,
      `Cannot publish into ${directory}: file system is read-only`,
    );
  });
});

/** Runs publishers in another process. */
function publisherProcess(code: string): Deno.ChildProcess {
  const script = `
    import { NetDumper } from "file://${REPOSITORY}/src/netdump/net_dumper.ts";
    ${code}
  `;
  return new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-lock",
      "--ext=ts",
      "--import-map",
      `${REPOSITORY}/tests/offline/import_map.json`,
      script,
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

Deno.test("NetDumper leaves no half archive when it is killed", async () => {
  await withFolder(async (directory) => {
    const child = publisherProcess(`
      const content = crypto.getRandomValues(new Uint8Array(65536));
      const dumper = new NetDumper({
        directory: ${JSON.stringify(directory)},
        sources: [{ collect: async function* () {
          for (let i = 0; i < 1000; i++) yield { name: "linux/" + i, source: "proc", content };
        } }],
      });
      console.log("go");
      for (;;) await dumper.publish("t");
    `);
    const reader = child.stdout.getReader();
    await reader.read();
    // Wait until something is being written, then kill in the middle of it.
    for (;;) {
      const names = await namesIn(directory);
      const partial = names.find((name) => name.endsWith(".partial"));
      if (partial !== undefined) {
        const info = await Deno.stat(`${directory}/${partial}`).catch(() =>
          undefined
        );
        if ((info?.size ?? 0) > 1_000_000) break;
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    for (const { path } of await listDumps(directory)) {
      assertEquals((await load(path)).mismatches(), []);
    }
    const left = await namesIn(directory);
    assertEquals(left.filter((name) => name.endsWith(".partial")).length, 1);
    // The lock of the killed publisher is no obstacle.
    const dumper = new NetDumper({ directory, maxDumpsPerTopic: 1 });
    await dumper.publish("t");
    assertEquals((await listDumps(directory)).length, 1);
  });
});

Deno.test("NetDumper lets fifty publishers share a folder", async () => {
  await withFolder(async (directory) => {
    await Deno.writeTextFile(`${directory}/other.tgz`, "not ours");
    const clock = { ms: START - 3_600_000 };
    await dumperIn(directory, clock).publish("foreign");
    const run = (process: number) => `
      const topics = ["a", "a-b", "c-ok", "c-fail", "d"];
      const results = await Promise.allSettled(topics.map((topic) =>
        new NetDumper({
          directory: ${JSON.stringify(directory)},
          maxDumpsPerTopic: 3,
          sources: [{ collect: async function* () {
            yield { name: "linux/x.txt", source: "proc",
              content: crypto.getRandomValues(new Uint8Array(30000)) };
          } }],
        }).publish(topic)
      ));
      const failed = results.filter(({ status }) => status === "rejected");
      for (const { reason } of failed) {
        if (!reason.message.includes("for each of the next 6 seconds")) throw reason;
      }
      console.log(${process}, topics.length - failed.length);
    `;
    const children = Array.from(
      { length: 10 },
      (_, at) => publisherProcess(run(at)),
    );
    const outputs = await Promise.all(children.map((child) => child.output()));
    assertEquals(outputs.map(({ code }) => code), new Array(10).fill(0));
    const dumps = await listDumps(directory);
    const sequences = new Map<string, number[]>();
    for (const { path, topic } of dumps) {
      const archive = await load(path);
      assertEquals(archive.mismatches(), []);
      assertEquals(archive.manifest?.topic, topic);
      const numbers = sequences.get(topic) ?? [];
      sequences.set(topic, [...numbers, archive.manifest!.sequence]);
    }
    assertEquals([...sequences.keys()].sort(), [
      "a",
      "a-b",
      "c-fail",
      "c-ok",
      "d",
      "foreign",
    ]);
    for (const [topic, numbers] of sequences) {
      if (topic === "foreign") continue;
      assertEquals(numbers.length, 3, topic);
      numbers.sort((a, b) => a - b);
      // The three that are left were the last three to be finished.
      assertEquals(numbers, [
        numbers[2]! - 2,
        numbers[2]! - 1,
        numbers[2]!,
      ]);
    }
    const names = await namesIn(directory);
    assertEquals(names.includes("other.tgz"), true);
    assertEquals(names.some((name) => name.endsWith(".partial")), false);
  });
});

for (
  const name of [
    "bare-2026-11-20T23-34-49",
    "nim-fail-2026-11-20T23-34-32",
    "downloader-ok-2026-11-20T23-34-34",
  ]
) {
  testWith(`NetDumper publishes the inputs of ${name} as EVE did`, [
    requireSharedData("netdump/archives"),
  ], async () => {
    const original = sharedData(`netdump/archives/${name}.tgz`)!;
    const before = await load(original);
    const entries: DumpEntry[] = [];
    for (const entry of before.entries) {
      if (entry.type !== "file") continue;
      entries.push({
        name: entry.name,
        source: "file",
        content: entry.content,
        mode: entry.mode,
        mtimeMs: entry.mtime * 1000,
        uid: entry.uid,
        gid: entry.gid,
      });
    }
    await withFolder(async (directory) => {
      // Names cut fractions, entries round them.
      const ms = Date.parse(
        name.slice(-19).replace(/-(\d\d)-(\d\d)$/, ":$1:$2Z"),
      );
      const dumper = dumperIn(directory, { ms: ms + 100 }, {
        exact: true,
        manifest: false,
        sources: [sourceOf(...entries)],
      });
      const path = await dumper.publish(name.slice(0, -20));
      assertEquals(path, `${directory}/${name}.tgz`);
      const after = await load(path);
      const describe = (archive: NetdumpArchive) =>
        archive.entries.map(({ path, type, mode, format, sha256 }) => ({
          path,
          type,
          mode,
          format,
          sha256,
        }));
      const isSame = (archive: NetdumpArchive) =>
        describe(archive).filter(({ path }) => !/\/requests$/.test(path));
      assertEquals(isSame(after), isSame(before));
      const head = (await Deno.readFile(path)).subarray(0, 10);
      assertEquals(head.toHex(), "1f8b08000000000000ff");
    });
  });
}

const GO_READER = `package main
import ("archive/tar"; "compress/gzip"; "fmt"; "io"; "os")
func main() {
  f, err := os.Open(os.Args[1]); if err != nil { panic(err) }
  z, err := gzip.NewReader(f); if err != nil { panic(err) }
  t := tar.NewReader(z)
  for {
    h, err := t.Next()
    if err == io.EOF { break }
    if err != nil { panic(err) }
    n, err := io.Copy(io.Discard, t); if err != nil { panic(err) }
    fmt.Println(h.Name, h.Mode&0o777, n)
  }
}
`;

for (const exact of [false, true]) {
  const form = exact ? "exact" : "plain";
  testWith(`NetDumper's ${form} archives are read by GNU tar and Go`, [
    requirePeers("tar", "go"),
  ], async () => {
    await withFolder(async (directory) => {
      const dumper = dumperIn(directory, { ms: START }, {
        exact,
        sources: [sourceOf(PS)],
      });
      const path = await dumper.publish("t", [{
        requestName: "R".repeat(100),
        packetCaptures: [{
          interfaceName: "enp0s31f6",
          content: encoder.encode("pcap"),
          truncated: true,
          withoutPayload: true,
        }],
      }]);
      const run = async (program: string, ...args: string[]) => {
        const { stdout, stderr, success } = await new Deno.Command(
          findPeer(program)!,
          { args, env: { GOFLAGS: "-mod=mod", LC_ALL: "C" }, cwd: directory },
        ).output();
        assert(success, new TextDecoder().decode(stderr));
        return new TextDecoder().decode(stdout);
      };
      await run("tar", "xzf", path);
      assertEquals(
        await Deno.readTextFile(
          `${directory}/t-2026-11-20T23-34-32/linux/ps.txt`,
        ),
        "UID PID\n",
      );
      await Deno.writeTextFile(`${directory}/main.go`, GO_READER);
      const listed = (await run("go", "run", "main.go", path)).trim().split(
        "\n",
      );
      const archive = await load(path);
      assertEquals(
        listed,
        archive.entries.map(({ path, mode, size }) =>
          `${path} ${mode & 0o777} ${size}`
        ),
      );
    });
  });
}

Deno.test("NetDumper's archive streams through readNetdump in order", async () => {
  await withFolder(async (directory) => {
    const path = await dumperIn(directory, { ms: START }, {
      sources: [sourceOf(PS, PS)],
    }).publish("t");
    using file = await Deno.open(path);
    const seen = [];
    for await (
      const { name, content, occurrence } of readNetdump(file.readable)
    ) {
      seen.push([name, occurrence, (await bytesOf(content)).length > 0]);
    }
    assertEquals(seen.slice(3, 5), [[PS.name, 1, true], [PS.name, 2, true]]);
  });
});

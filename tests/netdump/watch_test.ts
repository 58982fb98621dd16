import { assertEquals, assertMatch } from "@std/assert";
import { listDumps } from "../../src/netdump/dump_store.ts";
import { loadNetdump } from "../../src/netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../src/netdump/netdump_archive.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const ON_LINUX = [
  requireThat(Deno.build.os === "linux", "needs Linux"),
];
const decoder = new TextDecoder();

/** A server that answers as it is told, and a folder for dumps. */
async function withTarget(
  body: (target: {
    readonly url: string;
    readonly directory: string;
    /** What requests are answered with, one after the other; the last stays. */
    answers: number[];
    /** Requests so far. */
    readonly count: () => number;
  }) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  let count = 0;
  const target = { answers: [200] };
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      const { answers } = target;
      const status = answers[Math.min(count++, answers.length - 1)]!;
      return new Response("pong", { status });
    },
  );
  try {
    await body(Object.assign(target, {
      url: `http://127.0.0.1:${server.addr.port}/ping`,
      directory,
      count: () => count,
    }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function watch(
  url: string,
  directory: string,
  ...more: string[]
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-lock",
      "--import-map",
      `${REPOSITORY}/tests/offline/import_map.json`,
      `${REPOSITORY}/cli.ts`,
      "netdump",
      "watch",
      "--url",
      url,
      "-d",
      directory,
      "--every",
      "1s",
      "--no-capture",
      ...[
        "leases",
        "firewall",
        "processes",
        "counters",
        "conntrack",
        "sysctl",
        "hardware",
        "wireless",
        "layer2",
        "time",
        "logs",
        "probes",
        "namespaces",
      ].flatMap((group) => ["--skip", group]),
      ...more,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function load(path: string): Promise<NetdumpArchive> {
  using file = await Deno.open(path);
  return await loadNetdump(readAll(file));
}

async function* readAll(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(65_536);
  for (let size; (size = await file.read(buffer)) !== null;) {
    yield buffer.slice(0, size);
  }
}

testWith(
  "netdump watch collects when all is well for the first time, when it fails and when it is over",
  ON_LINUX,
  async () => {
    await withTarget(async (target) => {
      target.answers = [200, 200, 503, 503, 503, 200, 200];
      const { code, stdout, stderr } = await watch(
        target.url,
        target.directory,
        "--checks",
        "7",
        "--max-bytes",
        "1",
      ).output();
      const said = decoder.decode(stderr);
      assertEquals(code, 0, said);
      const paths = decoder.decode(stdout).trim().split("\n");
      assertEquals(
        paths.map((path) => path.match(/watch-(ok|fail)/)?.[1]),
        ["ok", "fail", "ok"],
        said,
      );
      assertEquals(said.match(/: HTTP.* 503|status 503/g)?.length, 3, said);
      // Of each series the newest stays, however little room there is.
      assertEquals(
        (await listDumps(target.directory)).map(({ path }) => path).sort(),
        paths.slice(1).sort(),
      );
      const { entries } = await load(paths[1]!);
      assertEquals(
        entries.filter(({ path }) => path.endsWith("/nettrace.json")).length,
        1,
      );
    });
  },
);

testWith(
  "netdump watch makes no flood when it is killed and started anew",
  ON_LINUX,
  async () => {
    await withTarget(async (target) => {
      target.answers = [503];
      const child = watch(target.url, target.directory);
      const output = child.output();
      while ((await listDumps(target.directory)).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      child.kill("SIGKILL");
      await output;
      const { code, stdout, stderr } = await watch(
        target.url,
        target.directory,
        "--checks",
        "2",
      ).output();
      const said = decoder.decode(stderr);
      assertEquals(code, 0, said);
      assertEquals(said.match(/fails; next dump in \d+ s/g)?.length, 2, said);
      assertEquals(decoder.decode(stdout), "");
      const dumps = await listDumps(target.directory);
      assertEquals(dumps.map(({ topic }) => topic), ["watch-fail"]);
    });
  },
);

testWith(
  "netdump watch ends in order when it is told to",
  ON_LINUX,
  async () => {
    await withTarget(async (target) => {
      const child = watch(target.url, target.directory);
      const output = child.output();
      while (target.count() < 2) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      child.kill("SIGTERM");
      const { code, stdout } = await output;
      assertEquals(code, 130);
      assertMatch(decoder.decode(stdout), /watch-ok-.*\.tgz\n$/);
      for await (const { name } of Deno.readDir(target.directory)) {
        assertEquals(name.endsWith(".partial"), false, name);
      }
    });
  },
);

import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { writeGzip } from "../../src/container/gzip.ts";
import { writeTar } from "../../src/container/tar.ts";
import type { TarInput } from "../../src/container/tar.ts";
import { encodeTarHeader } from "../../src/container/tar_encoder.ts";
import {
  decodeCapture,
  mergeCaptures,
} from "../../src/netdump/merge_captures.ts";
import { NetDumper } from "../../src/netdump/net_dumper.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../../src/container/pcap_encoder.ts";
import { openLibc } from "../../src/platform/libc.ts";
import { bytesOf, concatBytes, streamOf } from "../support/byte_stream.ts";
import { runMain } from "../support/memory_host.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

try {
  // Stays open for the process; no test opens it first.
  openLibc();
} catch {
  // Other systems publish without it.
}

const FAIL = "netdump/archives/nim-fail-2026-11-20T23-34-32.tgz";
const OK = "netdump/archives/nim-ok-2026-11-20T23-34-24.tgz";
const NEEDS = [requireSharedData(FAIL, OK)];
const fail = sharedData(FAIL)!;
const encoder = new TextEncoder();

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

async function writeArchive(
  path: string,
  inputs: readonly TarInput[],
): Promise<void> {
  await Deno.writeFile(path, await bytesOf(writeGzip(writeTar(inputs))));
}

testWith("netdump show lists what is in an archive", NEEDS, async () => {
  const { code, stdout } = await runMain(["netdump", "show", fail]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "no manifest, as of EVE");
  assertMatch(stdout, /linux\/iproute-502\.txt#2 +66 bytes +0664/);
  const json = await runMain(["netdump", "show", fail, "--json"]);
  const entries = json.stdout.trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(entries.length, 40);
  assertEquals(entries[5].name, "eve/device-uuid.txt");
});

testWith(
  "netdump show gives one entry, the last of a path or the one that is named",
  NEEDS,
  async () => {
    const show = async (...args: string[]) =>
      (await runMain(["netdump", "show", fail, ...args])).stdout;
    const route = await show("linux/iproute-502.txt");
    assertEquals(route, await show("linux/iproute-502.txt#1"));
    assertStringIncludes(route, "default via 10.77.0.1 dev eth0");
    assertEquals(await show("eve/go-version.txt", "--raw"), "go1.19.8");
    assertStringIncludes(
      await show("requests/https-nx.example.net-eth0-0/eth0.pcap"),
      "10.77.0.1:53 > 10.77.0.108:55295 dns reply AAAA nx.example.net.: no such name",
    );
    const packets = await show(
      "requests/ping-controller-eth1-0/nope0.pcap",
      "--json",
    );
    assertEquals(packets.trim().split("\n").length, 3);
    assertEquals(JSON.parse(packets.split("\n")[0]!).targetIp, "10.78.0.99");
  },
);

testWith("netdump show tells what a TLS client asks for", NEEDS, async () => {
  const { stdout } = await runMain([
    "netdump",
    "show",
    sharedData(OK)!,
    "requests/ping-controller-eth0-0/eth0.pcap",
  ]);
  // As tshark has it: TLSv1.3 Client Hello (SNI=controller.example.net).
  assertStringIncludes(
    stdout,
    "10.77.0.108:60161 > 10.77.0.1:443 tcp PA 270 bytes, client hello controller.example.net, TLS 1.3\n",
  );
  assertEquals(stdout.match(/client hello/g)?.length, 1);
});

testWith("netdump show looks for text in all files", NEEDS, async () => {
  const found = await runMain([
    "netdump",
    "show",
    fail,
    "--grep",
    "INCOMPLETE",
  ]);
  assertEquals(found.code, 0);
  assertMatch(found.stdout, /^linux\/arp\.txt:3: 10\.78\.0\.99/m);
  const none = await runMain([
    "netdump",
    "show",
    fail,
    "--grep",
    "no such text",
  ]);
  assertEquals([none.code, none.stdout], [1, ""]);
});

testWith(
  "netdump show tells what is wrong with its arguments",
  NEEDS,
  async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [[fail, "linux/none.txt"], /archive has no such file/],
      [[fail, "linux/ps.txt", "--grep", "x"], /searches all/],
      [[fail, "linux/ps.txt", "--json"], /it is no capture/],
      [["/"], /it is a folder/],
    ];
    for (const [args, pattern] of cases) {
      const { code, stderr } = await runMain(["netdump", "show", ...args]);
      assertEquals(code, 2);
      assertMatch(stderr, pattern);
    }
    const none = await runMain(["netdump", "show", "/none.tgz"]);
    assertEquals([none.code, none.stderr], [
      1,
      "error: Cannot open /none.tgz: no such file\n",
    ]);
  },
);

testWith(
  "netdump show reads standard input and cut archives as far as they go",
  NEEDS,
  async () => {
    const whole = await Deno.readFile(fail);
    const piped = await runMain(["netdump", "show", "-", "eve/version.txt"], {
      stdin: whole,
    });
    assertEquals(piped.stdout, "12.0.4-lts-kvm-amd64\n");
    const cut = await runMain(["netdump", "show", "-", "--json"], {
      stdin: whole.subarray(0, 3000),
    });
    assertEquals(cut.code, 3);
    assertMatch(
      cut.stderr,
      /warning: standard input: gzip truncated: at byte 3000/,
    );
    assert(cut.stdout.trim().split("\n").length > 5);
    const accepted = await runMain(
      ["netdump", "show", "-", "--accept-damage"],
      {
        stdin: whole.subarray(0, 3000),
      },
    );
    assertEquals(accepted.code, 0);
  },
);

Deno.test("netdump show escapes what a stranger wrote", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/x.tgz`;
    await writeArchive(path, [{
      path: "t-2026-01-01T00-00-00/linux/\u001b[31mred.txt",
      type: "file",
      mode: 0o644,
      content: encoder.encode("a\u001b[2Jb\tc\n"),
    }]);
    const list = await runMain(["netdump", "show", path]);
    assertStringIncludes(list.stdout, "linux/\\u001b[31mred.txt");
    const text = await runMain([
      "netdump",
      "show",
      path,
      "linux/\u001b[31mred.txt",
    ]);
    assertEquals(text.stdout, "a\\u001b[2Jb\tc\n");
  });
});

testWith(
  "netdump check tells problems, follow-ups and notes, and ends with 1",
  NEEDS,
  async () => {
    const { code, stdout } = await runMain(["netdump", "check", fail]);
    assertEquals(code, 1);
    assertMatch(
      stdout,
      /: 5 problems\n\n1\. problem: the neighbour 10\.78\.0\.99/,
    );
    assertStringIncludes(stdout, "explained by neighbour-incomplete");
    const ok = await runMain(["netdump", "check", sharedData(OK)!]);
    assertEquals(ok.code, 0);
    assertStringIncludes(ok.stdout, "nothing wrong found");
    const both = await runMain([
      "netdump",
      "check",
      "--json",
      sharedData(OK)!,
      fail,
    ]);
    const ids = both.stdout.trim().split("\n").map((line) =>
      JSON.parse(line).id
    );
    assertEquals([both.code, ids.filter((id) => id === "tcp-refused").length], [
      1,
      1,
    ]);
  },
);

testWith(
  "netdump check ends with 3 where nothing but the archive is wrong",
  NEEDS,
  async () => {
    await withFolder(async (folder) => {
      const whole = await Deno.readFile(sharedData(OK)!);
      await Deno.writeFile(`${folder}/cut.tgz`, whole.subarray(0, -100));
      const { code, stdout } = await runMain([
        "netdump",
        "check",
        `${folder}/cut.tgz`,
      ]);
      assertStringIncludes(stdout, "the archive is damaged or cut");
      assertEquals(code, 3);
    });
  },
);

Deno.test("netdump show --grep looks through a line without end in pieces", async () => {
  await withFolder(async (folder) => {
    await writeArchive(`${folder}/long.tgz`, [{
      path: "t-2026-01-01T00-00-00/linux/ps.txt",
      type: "file",
      mode: 0o644,
      content: encoder.encode("needle" + "x".repeat(1_000_000) + "\nneedle\n"),
    }]);
    const { code, stdout } = await runMain([
      "netdump",
      "show",
      `${folder}/long.tgz`,
      "--grep",
      "needle",
      "--json",
    ]);
    assertEquals(code, 0);
    const hits = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(hits.length, 2);
    assert(hits[0].text.length < 200_000, `${hits[0].text.length}`);
    assertEquals(hits[1].text, "needle");
  });
});

Deno.test("mergeCaptures brings packets into the order of their times", () => {
  const file = (...times: readonly bigint[]) =>
    concatBytes([
      encodePcapHeader(),
      ...times.map((timestamp) =>
        encodePcapPacket({
          timestamp: timestamp * 1000n,
          originalLength: 1,
          data: new Uint8Array(1),
        })
      ),
    ]);
  const merged = concatBytes([
    ...mergeCaptures([
      { name: "a", content: file(1n, 5n, 9n) },
      { name: "b", content: file(2n, 3n, 12n) },
    ]),
  ]);
  assertEquals(
    decodeCapture(merged).packets.map(({ timestamp }) => timestamp / 1000n),
    [1n, 2n, 3n, 5n, 9n, 12n],
  );
});

testWith("netdump pcap gives what tcpdump reads", [
  ...NEEDS,
  requirePeers("tcpdump"),
], async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/all.pcap`;
    const { code } = await runMain(["netdump", "pcap", fail, "-o", path]);
    assertEquals(code, 0);
    const { stdout } = await new Deno.Command(findPeer("tcpdump")!, {
      args: ["-nr", path],
    }).output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(lines.length, 39);
    assertEquals(lines, [...lines].sort());
  });
});

testWith(
  "netdump pcap gives one request as it is, and says what there is",
  NEEDS,
  async () => {
    const one = await runMain([
      "netdump",
      "pcap",
      fail,
      "https-nx.example.net-eth0-0",
    ]);
    assertEquals(one.stdoutBytes.length, 880);
    const other = await runMain(["netdump", "pcap", fail, "-i", "wlan0"]);
    assertEquals(other.code, 2);
    assertStringIncludes(other.stderr, "ping-controller-eth1-0 (nope0)");
    const terminal = await runMain(["netdump", "pcap", fail], {
      terminals: ["stdout"],
    });
    assertEquals(terminal.code, 2);
  },
);

testWith(
  "netdump extract makes private files, and never twice",
  NEEDS,
  async () => {
    await withFolder(async (folder) => {
      const run = (...args: string[]) =>
        runMain(["netdump", "extract", fail, "-d", folder, ...args]);
      assertEquals((await run()).code, 0);
      const top = `${folder}/nim-fail-2026-11-20T23-34-32`;
      assertEquals(
        await Deno.readTextFile(`${top}/linux/iproute-502.txt`),
        await Deno.readTextFile(`${top}/linux/iproute-502.txt~1`),
      );
      if (Deno.build.os !== "windows") {
        assertEquals(
          (await Deno.stat(`${top}/eve/dns.json`)).mode! & 0o777,
          0o600,
        );
      }
      const again = await run();
      assertEquals(again.code, 1);
      assertStringIncludes(again.stderr, "file exists");
      assertEquals((await run("--overwrite")).code, 0);
      const none = await run("linux/none.txt");
      assertEquals(none.code, 2);
    });
  },
);

testWith("netdump extract takes folders and files by name", NEEDS, async () => {
  await withFolder(async (folder) => {
    const { code, stderr } = await runMain(
      [
        "netdump",
        "extract",
        fail,
        "requests/",
        "eve/version.txt",
        "-d",
        folder,
      ],
    );
    assertEquals(code, 0);
    assertStringIncludes(stderr, "extracted 10 files");
  });
});

Deno.test("netdump extract goes on behind entries that are in each other's way", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/odd.tgz`;
    const top = "t-2026-01-01T00-00-00";
    const file = (name: string): TarInput => ({
      path: `${top}/${name}`,
      type: "file",
      mode: 0o644,
      content: encoder.encode(name),
    });
    await writeArchive(path, [
      file("a"),
      file("a/b"),
      file("a~1"),
      { ...file("a"), content: encoder.encode("later") },
      file("c/d"),
      { path: `${top}/c`, type: "directory", mode: 0o755 },
      file("c"),
      file("last"),
    ]);
    const args = ["netdump", "extract", path, "-d", `${folder}/out`];
    const { code, stderr } = await runMain(args);
    assertEquals(code, 3);
    assertEquals(stderr.match(/left out [^:]*/g), [
      `left out ${top}/a/b`,
      `left out ${top}/c`,
    ]);
    const read = (name: string) =>
      Deno.readTextFile(`${folder}/out/${top}/${name}`);
    assertEquals(await read("a"), "later");
    assertEquals(await read("a~1"), "a~1");
    assertEquals(await read("a~2"), "a");
    assertEquals(await read("c/d"), "c/d");
    assertEquals(await read("last"), "last");
  });
});

testWith(
  "netdump extract and show give what is in front of a cut, and end with 3",
  NEEDS,
  async () => {
    await withFolder(async (folder) => {
      const path = `${folder}/cut.tgz`;
      const whole = await Deno.readFile(fail);
      await Deno.writeFile(path, whole.subarray(0, 5000));
      const extracted = await runMain([
        "netdump",
        "extract",
        path,
        "-d",
        `${folder}/out`,
      ]);
      assertEquals(extracted.code, 3);
      assertStringIncludes(
        extracted.stderr,
        "eth0.pcap: its end, because the archive is cut within it",
      );
      assertStringIncludes(extracted.stderr, "gzip truncated");
      const inner = "requests/ping-controller-eth0-0/eth0.pcap";
      const { size } = await Deno.stat(
        `${folder}/out/nim-fail-2026-11-20T23-34-32/${inner}`,
      );
      assertEquals(size > 100, true);
      for (const args of [[path, inner], [path, "--grep", "eth0"]]) {
        const { code, stdout, stderr } = await runMain([
          "netdump",
          "show",
          ...args,
        ]);
        assertEquals(code, 3, stderr);
        assertStringIncludes(stderr, "warning: ");
        assert(stdout.split("\n").length > 4, stdout);
      }
    });
  },
);

testWith("netdump extract does not walk into traps", [
  requireThat(Deno.build.os !== "windows", "needs links"),
], async () => {
  await withFolder(async (folder) => {
    const link = encodeTarHeader({
      path: "t-2026-01-01T00-00-00/l",
      type: "file",
      mode: 0o777,
    });
    link[156] = "2".charCodeAt(0);
    link.set(encoder.encode("/etc"), 157);
    link.fill(0x20, 148, 156);
    const sum = link.reduce((total, byte) => total + byte, 0);
    link.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
    const evil = (path: string) =>
      concatBytes([
        encodeTarHeader({ path, type: "file", mode: 0o644, size: 4 }),
        encoder.encode("evil"),
        new Uint8Array(508),
      ]);
    const archive = concatBytes([
      link,
      evil("t-2026-01-01T00-00-00/l/passwd"),
      evil("../outside"),
      evil("/absolute"),
      evil("t-2026-01-01T00-00-00/ok.txt"),
      new Uint8Array(1024),
    ]);
    const path = `${folder}/evil.tgz`;
    await Deno.writeFile(path, await bytesOf(writeGzip(streamOf(archive))));
    await Deno.mkdir(`${folder}/out/t-2026-01-01T00-00-00`, {
      recursive: true,
    });
    await Deno.mkdir(`${folder}/trap`);
    await Deno.symlink(
      `${folder}/trap`,
      `${folder}/out/t-2026-01-01T00-00-00/here`,
    );
    const { code, stderr } = await runMain([
      "netdump",
      "extract",
      path,
      "-d",
      `${folder}/out`,
    ]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, "it is a symlink");
    assertStringIncludes(stderr, "its path is absolute");
    assertStringIncludes(stderr, "its path leads upwards");
    const made = [];
    for await (
      const { name } of Deno.readDir(`${folder}/out/t-2026-01-01T00-00-00`)
    ) {
      made.push(name);
    }
    assertEquals(made.sort(), ["here", "l", "ok.txt"]);
    // A link that is there already is not followed.
    await writeArchive(path, [{
      path: "t-2026-01-01T00-00-00/here/x.txt",
      type: "file",
      mode: 0o644,
    }]);
    const through = await runMain([
      "netdump",
      "extract",
      path,
      "-d",
      `${folder}/out`,
    ]);
    assertEquals(through.code, 1);
    assertStringIncludes(through.stderr, "it is no folder");
    assertEquals(await Array.fromAsync(Deno.readDir(`${folder}/trap`)), []);
  });
});

Deno.test("netdump ls and prune work on what was published", async () => {
  await withFolder(async (directory) => {
    const clock = { ms: Date.parse("2026-11-20T00:00:00Z") };
    const dumper = new NetDumper({ directory, now: () => clock.ms });
    for (const topic of ["a-ok", "a-fail", "a-ok", "a-ok"]) {
      await dumper.publish(topic, [{ requestName: "r", result: "ok" }]);
      clock.ms += 60_000;
    }
    await Deno.writeTextFile(`${directory}/foreign.tgz`, "");
    const ls = async (...args: string[]) =>
      await runMain(["netdump", "ls", "-d", directory, ...args]);
    assertEquals((await ls()).stdout.match(/\.tgz /g)?.length, 4);
    const long = await ls("--long", "--json", "--topic", "a-ok");
    assertEquals(
      long.stdout.trim().split("\n").map((line) => JSON.parse(line).sequence),
      [1, 2, 3],
    );
    const prune = async (...args: string[]) =>
      await runMain(["netdump", "prune", "-d", directory, ...args]);
    assertEquals((await prune()).code, 2);
    const dry = await prune("--max", "1", "--dry-run");
    assertEquals(dry.stdout.trim().split("\n").length, 2);
    assertEquals((await ls("--json")).stdout.trim().split("\n").length, 4);
    await prune("--max", "2", "--topic", "a-ok");
    assertEquals((await ls("--json")).stdout.trim().split("\n").length, 3);
    await prune("--max-bytes", "1");
    assertEquals((await ls("--json")).stdout.trim().split("\n").length, 2);
    await prune("--older-than", "1s");
    assertEquals((await ls("--json")).stdout.trim().split("\n").length, 2);
    assertEquals((await Deno.stat(`${directory}/foreign.tgz`)).isFile, true);
    const empty = await runMain(["netdump", "ls", "-d", `${directory}/none`]);
    assertEquals([empty.code, empty.stdout], [0, ""]);
  });
});

testWith(
  "netdump redact writes another archive and a table that undoes it",
  NEEDS,
  async () => {
    await withFolder(async (folder) => {
      const out = `${folder}/out.tgz`;
      const { code, stderr } = await runMain([
        "netdump",
        "redact",
        fail,
        "--level",
        "strict",
        "-o",
        out,
      ]);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stderr, "× ip address");
      const shown = await runMain(["netdump", "show", out, "linux/arp.txt"]);
      assert(!shown.stdout.includes("10.77.0."), shown.stdout);
      const table = JSON.parse(
        await Deno.readTextFile(`${out}.pseudonyms.json`),
      );
      assertEquals(Object.values(table.originals).includes("10.77.0.1"), true);
      if (Deno.build.os !== "windows") {
        for (const path of [out, `${out}.pseudonyms.json`]) {
          assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
        }
      }
      // What was wrong can still be found.
      const ids = (await runMain(["netdump", "check", "--json", out])).stdout
        .trim().split("\n").map((line) => JSON.parse(line).id);
      assertEquals(ids[0], "neighbour-incomplete");
      assert(ids.includes("tcp-refused"));
      assert(ids.includes("tls-unknown-authority"));
      const again = `${folder}/again.tgz`;
      await runMain([
        "netdump",
        "redact",
        fail,
        "--level",
        "strict",
        "-o",
        again,
        "--pseudonyms",
        `${out}.pseudonyms.json`,
      ]);
      assertEquals(
        (await runMain(["netdump", "show", again, "linux/arp.txt"])).stdout,
        shown.stdout,
      );
    });
  },
);

Deno.test("netdump collect refuses wrong arguments before it gathers", async () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["--topic", "Not/A-Topic"], /Cannot use topic/],
    [["--url", "ftp://x.test/"], /scheme is ftp/],
    [["--portal", "https://x.test/"], /expected a URL of http/],
    [["--netns", "no-such-namespace"], /there is none/],
    [["--skip", "everything"], /skip/],
    [["--redact", "some"], /redact/],
  ];
  for (const [args, pattern] of cases) {
    const { code, stderr } = await runMain(["netdump", "collect", ...args]);
    assertEquals([code, stderr.match(pattern) === null], [2, false], stderr);
  }
  const watch = await runMain(["netdump", "watch"]);
  assertEquals(watch.code, 2);
  assertStringIncludes(watch.stderr, "there is no target");
});

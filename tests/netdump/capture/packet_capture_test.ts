import { assert, assertEquals, assertMatch } from "@std/assert";
import { requirePeers } from "../../support/peers.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { requireThat, testWith } from "../../support/requirement.ts";
import { fromFileUrl } from "../../support/file_url.ts";
import { requireLab } from "../lab/lab.ts";

const NEEDS = [
  ...await requireLab(),
  requirePeers("tcpdump", "tshark"),
  requireSharedData("netdump/bpf.json"),
  requireThat(Deno.build.os === "linux", "needs Linux"),
];

interface Captured {
  readonly interfaces: readonly string[];
  readonly problems: readonly string[];
  readonly captures: readonly {
    readonly interfaceName: string;
    readonly linkType: number;
    readonly snapLength: number;
    readonly isTruncated: boolean;
    readonly droppedPackets: number;
    readonly packets: readonly {
      readonly hex: string;
      readonly originalLength: number;
    }[];
  }[];
}

/** A namespace with the veth pair a0, b0 and the interface down0. */
class CaptureBench implements AsyncDisposable {
  readonly name = `tdcap${Deno.pid}`;
  readonly folder = Deno.makeTempDirSync({ prefix: "tracedeck-capture-" });

  static async start(): Promise<CaptureBench> {
    const bench = new CaptureBench();
    await run("ip", "netns", "add", bench.name);
    // Nothing but what the test sends.
    await bench.inside(
      "sh",
      "-c",
      "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6",
    );
    for (
      const words of [
        "link set lo up",
        "link add a0 type veth peer name b0",
        "link add down0 type veth peer name down1",
        "link set a0 mtu 9000",
        "link set b0 mtu 9000",
        "link set a0 up",
        "link set b0 up",
      ]
    ) await run("ip", "-n", bench.name, ...words.split(" "));
    return bench;
  }

  inside(...command: string[]): Promise<string> {
    return run("ip", "netns", "exec", this.name, ...command);
  }

  async capture(
    frames: readonly string[],
    options: Readonly<Record<string, unknown>> = {},
    tun?: string,
    sendOn = "a0",
  ): Promise<Captured> {
    const job = {
      sendOn,
      frames,
      folder: this.folder,
      tun,
      capture: { interfaces: ["nope0", "b0", "down0"], ...options },
    };
    return JSON.parse(await this.run("_send_and_capture.ts", job));
  }

  /** Runs a script in the namespace. */
  async run(script: string, input: unknown): Promise<string> {
    const child = new Deno.Command("ip", {
      args: [
        "netns",
        "exec",
        this.name,
        Deno.execPath(),
        "run",
        "-A",
        "--no-lock",
        "--import-map",
        fromFileUrl(
          new URL("../../offline/import_map.json", import.meta.url),
        ),
        fromFileUrl(new URL(script, import.meta.url)),
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(input)));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    assertEquals(code, 0, decoder.decode(stderr));
    return decoder.decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("ip", "netns", "del", this.name);
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function run(...command: string[]): Promise<string> {
  const [program, ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program!, { args })
    .output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, `${command.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout) + decoder.decode(stderr);
}

const ETHERNET = "020000000002020000000001";

/** A datagram of UDP over IPv4 with a payload of that length. */
function udp(payloadLength: number, tag = ""): string {
  const u16 = (value: number) => value.toString(16).padStart(4, "0");
  return ETHERNET + tag + "0800" + "4500" + u16(28 + payloadLength) +
    "0000000040110000" + "0a000001" + "0a000002" +
    "10000035" + u16(8 + payloadLength) + "0000" + "ab".repeat(payloadLength);
}

testWith(
  "openPacketCapture captures in a network namespace",
  NEEDS,
  async (t) => {
    await using bench = await CaptureBench.start();
    const { frames, programs } = JSON.parse(
      await Deno.readTextFile(sharedData("netdump/bpf.json")!),
    );

    await t.step(
      "what the kernel's filter is known to let through",
      async () => {
        const found = await bench.capture(Object.values(frames));
        assertEquals(found.interfaces, ["b0"]);
        assertEquals(found.problems.length, 2);
        assertMatch(
          found.problems[0]!,
          /^nope0: Cannot find interface "nope0"/,
        );
        assertMatch(found.problems[1]!, /^down0: .*it is down$/);
        const [captured] = found.captures;
        assertEquals(captured?.interfaceName, "b0");
        assertEquals(captured?.linkType, 1);
        const { verdicts } = programs["recommended"];
        const wanted = Object.keys(frames).filter((name) =>
          // The kernel takes the tag off before the filter looks.
          verdicts[name] > 0 || name === "vlan-arp-in-frame"
        ).map((name) => frames[name]);
        assertEquals(captured?.packets.map(({ hex }) => hex), wanted);
      },
    );

    await t.step("no payload of TCP when it is not wanted", async () => {
      const found = await bench.capture(Object.values(frames), {
        withoutTcpPayload: true,
      });
      const hexes = found.captures[0]!.packets.map(({ hex }) => hex);
      assert(!hexes.includes(frames["ipv4-tcp-payload"]));
      assert(hexes.includes(frames["ipv4-tcp-empty"]));
      assert(hexes.includes(frames["ipv6-tcp-empty"]));
    });

    await t.step("tags where they were, and lengths with them", async () => {
      const tagged = [
        udp(20, "81000064"),
        udp(20, "88a800c8"),
        udp(20, "81002fff"),
      ];
      const found = await bench.capture([...tagged, udp(20)]);
      const [captured] = found.captures;
      assertEquals(
        captured?.packets,
        [...tagged, udp(20)].map((hex) => ({
          hex,
          originalLength: hex.length / 2,
        })),
      );
      const path = `${bench.folder}/b0.pcap`;
      const dump = await run("tcpdump", "-n", "-e", "-r", path);
      assertMatch(
        dump,
        /ethertype 802\.1Q \(0x8100\), length 66: vlan 100, p 0/,
      );
      assertMatch(
        dump,
        /ethertype 802\.1Q-QinQ \(0x88a8\), length 66: vlan 200/,
      );
    });

    await t.step("no more of a packet than the snap length", async () => {
      const found = await bench.capture([udp(4000), udp(1600, "81000064")], {
        snapLength: 96,
      });
      const [first, second] = found.captures[0]!.packets;
      assertEquals(first, {
        hex: udp(4000).slice(0, 192),
        originalLength: 4042,
      });
      assertEquals(second, {
        hex: udp(1600, "81000064").slice(0, 192),
        originalLength: 1646,
      });
    });

    await t.step("no more than the limit, and nothing behind it", async () => {
      const found = await bench.capture([udp(100), udp(900), udp(1)], {
        totalSizeLimit: 1000,
      });
      const [captured] = found.captures;
      assertEquals(captured?.packets.length, 1);
      assertEquals(captured?.isTruncated, true);
    });

    await t.step(
      "files that tcpdump and tshark read without a warning",
      async () => {
        await bench.capture([
          ...Object.values(frames) as string[],
          udp(2000),
          udp(20, "81000064"),
        ]);
        const path = `${bench.folder}/b0.pcap`;
        const said = await new Deno.Command("tcpdump", {
          args: ["-n", "-r", path],
        }).output();
        assertMatch(
          new TextDecoder().decode(said.stderr).trim(),
          /^reading from file \S+, link-type EN10MB \(Ethernet\), snapshot length 1518$/,
        );
        const shark = await new Deno.Command("tshark", {
          args: ["-n", "-r", path],
        }).output();
        assertEquals(shark.code, 0);
        const warnings = new TextDecoder().decode(shark.stderr).split("\n")
          .filter((line) =>
            line !== "" && !/Running as user "root"/.test(line)
          );
        assertEquals(warnings, []);
      },
    );

    await t.step(
      "packets of a tunnel as raw IP, with the link type of raw IP",
      async () => {
        const packet = udp(20).slice(28);
        const found = await bench.capture(
          [packet],
          { interfaces: ["tun0"] },
          "tun0",
        );
        const [captured] = found.captures;
        assertEquals(captured?.linkType, 101);
        assertEquals(captured?.packets.map(({ hex }) => hex), [packet]);
        const dump = await run(
          "tcpdump",
          "-n",
          "-r",
          `${bench.folder}/tun0.pcap`,
        );
        assertMatch(dump, /link-type RAW/);
        assertMatch(dump, /IP 10\.0\.0\.1\.4096 > 10\.0\.0\.2\.53/);
      },
    );

    await t.step("each packet of a loopback once", async () => {
      const frame = udp(5).replace(ETHERNET, "00".repeat(12));
      const options = { interfaces: ["lo"] };
      const found = await bench.capture([frame], options, undefined, "lo");
      const [captured] = found.captures;
      assertEquals(captured?.packets.map(({ hex }) => hex), [frame]);
    });

    await t.step("the span before the last, and nothing older", async () => {
      const groups = [[udp(1)], [udp(2)], [udp(3)]];
      const held = await bench.run("_capture_history.ts", groups);
      assertEquals(JSON.parse(held), [udp(2), udp(3)]);
    });

    await t.step("no capture of an interface that saw nothing", async () => {
      assertEquals((await bench.capture([])).captures, []);
    });
  },
);

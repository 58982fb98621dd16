import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeNetworkTrace } from "../../../src/netdump/nettrace_decoder.ts";
import type { NetworkTrace } from "../../../src/netdump/nettrace_types.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";
import { LAB, Lab, requireLab } from "../lab/lab.ts";

const NEEDS = [
  ...await requireLab(),
  requirePeers("nft", "tcpdump", "tshark"),
];

/** Runs `netdump trace` on the device and reads what it wrote. */
async function trace(
  lab: Lab,
  ...args: string[]
): Promise<{ code: number; trace: NetworkTrace; stderr: string }> {
  const { code, stdout, stderr } = await lab.tracedeck(
    "netdump",
    "trace",
    ...args,
    "--json",
    "--ca",
    lab.caFile,
  );
  return { code, stderr, trace: decodeNetworkTrace(stdout, { strict: true }) };
}

testWith(
  "netdump trace tells what happens on a real network",
  NEEDS,
  async (t) => {
    await using lab = await Lab.start();
    // Any rule about states makes the kernel track connections.
    for (
      const rule of [
        "add table inet t",
        "add chain inet t out { type filter hook output priority 0 ; }",
        "add rule inet t out ct state new counter",
      ]
    ) {
      const { code, stderr } = await lab.exec(
        "device",
        "nft",
        ...rule.split(" "),
      );
      assertEquals([code, stderr], [0, ""]);
    }
    await lab.exec(
      "device",
      "sh",
      "-c",
      "echo 1 >/proc/sys/net/netfilter/nf_conntrack_acct",
    );

    await t.step("a good request, with conntrack and packets", async () => {
      const { code, trace: found } = await trace(
        lab,
        "https://www.lab.test/",
        "--conntrack",
        "--timeout",
        "10s",
        "--pcap",
        "eth0",
        "--pcap",
        "nope0",
        "--pcap-directory",
        lab.folder,
      );
      assertEquals(code, 0);
      const [conn] = found.tcpConns;
      assertEquals(conn?.addrTuple.srcIp, LAB.device);
      assertEquals(conn?.addrTuple.dstIp, LAB.server);
      const entry = conn!.conntrack!;
      assertEquals(entry.addrOrig, conn!.addrTuple);
      assertEquals(entry.addrReply.dstPort, conn!.addrTuple.srcPort);
      assert(entry.packetsSent > 3n && entry.packetsRecv > 2n);
      assert(entry.bytesSent > conn!.totalSentBytes);
      assertMatch(entry.status, /^seen-reply\|assured\|confirmed/);
      assert(
        ["established", "close", "time-wait", "fin-wait", "last-ack"].includes(
          entry.tcpState,
        ),
      );
      const udp = found.udpConns[0]!.conntrack!;
      assertEquals([udp.packetsSent, udp.packetsRecv, udp.tcpState], [
        1n,
        1n,
        "",
      ]);

      const files = (await Array.fromAsync(Deno.readDir(lab.folder)))
        .map(({ name }) => name).filter((name) => name.endsWith(".pcap"));
      assertEquals(files, ["eth0.pcap"]);
      const path = `${lab.folder}/eth0.pcap`;
      const dump = await lab.exec("device", "tcpdump", "-n", "-r", path);
      assertEquals(dump.code, 0);
      // The only thing it says beside is the name of the file.
      assertMatch(
        dump.stderr.trim(),
        /^reading from file .* link-type EN10MB \(Ethernet\), snapshot length 1518$/,
      );
      assertMatch(dump.stdout, /> 10\.99\.0\.2\.443: Flags \[S\]/);
      assertMatch(dump.stdout, / A\? www\.lab\.test\./);
      const shark = await lab.exec(
        "device",
        "tshark",
        "-n",
        "-r",
        path,
        "-Y",
        "_ws.malformed || _ws.expert.severity == error",
      );
      assertEquals(shark.stdout, "");
    });

    const failures: readonly (readonly [string, RegExp, readonly string[]])[] =
      [
        [
          "https://closed.lab.test/",
          /^dial tcp 10\.99\.0\.6:443: connect: connection refused$/,
          [],
        ],
        [
          "https://silent.lab.test/",
          /^dial tcp 10\.99\.0\.7:443: i\/o timeout$/,
          ["--connect-timeout", "1s", "--conntrack"],
        ],
        [
          "https://missing.lab.test/",
          /^dial tcp: lookup missing\.lab\.test on 10\.88\.0\.1:53: no such host$/,
          [],
        ],
        [
          "https://expired.lab.test/",
          /x509: certificate has expired or is not yet valid: current time \S+ is after /,
          [],
        ],
        [
          "https://future.lab.test/",
          /x509: certificate has expired or is not yet valid: current time \S+ is before /,
          [],
        ],
        [
          "https://foreign.lab.test/",
          /x509: certificate signed by unknown authority$/,
          [],
        ],
        [
          "https://www.lab.test/",
          /^Forbidden$/,
          ["--proxy", "http://refusing.lab.test:3128"],
        ],
        [
          "http://192.0.2.1/",
          /^dial tcp 192\.0\.2\.1:80: (connect: network is unreachable|connect: no route to host|i\/o timeout)$/,
          ["--connect-timeout", "500ms"],
        ],
        [
          "http://www.lab.test/",
          /^dial tcp: lookup www\.lab\.test on 10\.99\.0\.10:53: server misbehaving$/,
          ["--nameserver", LAB.failingDns],
        ],
      ];
    for (const [url, pattern, args] of failures) {
      await t.step(`${url} ${args.join(" ")}`, async () => {
        const { code, trace: found } = await trace(lab, url, ...args);
        assertEquals(code, 1);
        assertMatch(found.httpRequests[0]!.reqError, pattern);
        if (pattern.source.includes("x509")) {
          // What is wrong with a certificate can be seen in it.
          const [leaf] = found.tlsTunnels[0]!.peerCerts;
          assertMatch(leaf?.subject ?? "", /^CN=/);
          assertMatch(found.httpRequests[0]!.tcpConn, /^tid-/);
        }
        if (url.includes("silent")) {
          const [conn] = found.tcpConns;
          assertEquals(conn?.connected, false);
          assertEquals(conn?.addrTuple.srcIp, LAB.device);
          assertEquals(conn?.conntrack?.tcpState, "syn-sent");
          assertEquals(conn?.conntrack?.packetsRecv, 0n);
          assert(conn!.addrTuple.srcPort > 0);
        }
      });
    }

    await t.step("through a proxy", async () => {
      const { code, trace: found } = await trace(
        lab,
        "https://www.lab.test/",
        "--proxy",
        "http://proxy.lab.test:3128",
      );
      assertEquals(code, 0);
      assertEquals(found.dials[0]?.dstAddress, "proxy.lab.test:3128");
      assertEquals(found.tlsTunnels[0]?.serverName, "www.lab.test");
    });

    await t.step("from the address of an interface", async () => {
      const { code, trace: found } = await trace(
        lab,
        "http://dual.lab.test/",
        "--interface",
        "eth0",
      );
      assertEquals(code, 0);
      assertEquals(found.dials[0]?.sourceIp, LAB.device);
      const foreign = await trace(
        lab,
        "http://www.lab.test/",
        "--source",
        "10.88.0.77",
      );
      assertMatch(
        foreign.trace.httpRequests[0]!.reqError,
        /dial (udp|tcp) 10\.88\.0\.77:0->\S+: bind: cannot assign requested address$/,
      );
    });

    await t.step(
      "over IPv6, and over IPv4 when the cable loses IPv6",
      async () => {
        const good = await trace(lab, "http://dual.lab.test/");
        assertEquals(good.trace.tcpConns[0]?.addrTuple.dstIp, LAB.serverIpv6);
        await lab.setWire({ dropIpv6: true });
        const { code, trace: found } = await trace(
          lab,
          "http://dual.lab.test/",
          "--timeout",
          "10s",
        );
        assertEquals(code, 0);
        const connected = found.tcpConns.find((conn) => conn.connected)!;
        assertEquals(connected.addrTuple.dstIp, LAB.server);
        const lost = found.tcpConns.find((conn) => !conn.connected)!;
        assertEquals(lost.addrTuple.dstIp, LAB.serverIpv6);
        const ms = (time: typeof lost.handshakeBeginAt) =>
          time.type === "relative" ? time.ms : NaN;
        const head = ms(connected.handshakeBeginAt) - ms(lost.handshakeBeginAt);
        assert(head >= 295, `fallback began after ${head} ms`);
      },
    );
  },
);

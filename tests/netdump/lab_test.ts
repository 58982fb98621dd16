import { assertEquals, assertMatch } from "@std/assert";
import { requirePeers } from "../support/peers.ts";
import { testWith } from "../support/requirement.ts";
import { LAB, Lab, requireLab } from "./lab/lab.ts";

const NEEDS = [...await requireLab(), requirePeers("curl")];

testWith(
  "Lab has a working network, and a cable that loses on demand",
  NEEDS,
  async (t) => {
    await using lab = await Lab.start();
    const curl = (...args: string[]) =>
      lab.exec(
        "device",
        "curl",
        "-sS",
        "-m1.5",
        "--cacert",
        lab.caFile,
        ...args,
      );

    await t.step("names, HTTP and HTTPS work over both families", async () => {
      for (const family of ["-4", "-6"]) {
        const { stdout, stderr } = await curl(family, "https://dual.lab.test/");
        assertEquals([stdout, stderr], ["x".repeat(15), ""]);
      }
      assertEquals(
        (await curl("http://www/bytes/200000")).stdout.length,
        200_000,
      );
    });
    await t.step("the proxy tunnels, the other one refuses", async () => {
      const url = "https://www.lab.test/";
      const good = await curl("-x", "http://proxy.lab.test:3128", url);
      assertEquals(good.stdout, "x".repeat(15));
      const bad = await curl("-x", "http://refusing.lab.test:3128", url);
      assertMatch(bad.stderr, /CONNECT tunnel failed, response 403|403/);
    });
    await t.step(
      "faults of the servers are those that they stand for",
      async () => {
        const faults = {
          "https://expired.lab.test/": /expired/,
          "https://foreign.lab.test/": /self.signed|unable to get local issuer/,
          "https://future.lab.test/": /not yet valid/,
          "https://closed.lab.test/": /refused|Couldn't connect/,
          "https://silent.lab.test/": /timed out|timeout/i,
          "https://missing.lab.test/": /Could not resolve/,
        };
        for (const [url, pattern] of Object.entries(faults)) {
          assertMatch((await curl(url)).stderr, pattern);
        }
      },
    );
    await t.step("the cable loses large packets", async () => {
      await lab.setWire({ dropOver: 1300 });
      const { code } = await curl("http://www.lab.test/bytes/200000");
      assertEquals(code, 28);
      assertEquals((await curl("http://www.lab.test/")).code, 0);
    });
    await t.step("the cable loses IPv6, or a port", async () => {
      await lab.setWire({ dropIpv6: true, dropTcpPorts: [443] });
      assertEquals((await curl("-6", "http://dual.lab.test/")).code, 28);
      assertEquals((await curl("-4", "http://dual.lab.test/")).code, 0);
      assertEquals((await curl("-4", "https://dual.lab.test/")).code, 28);
    });
    await t.step("the device can be broken and made whole again", async () => {
      await lab.ip("device", "link set eth0 down");
      await lab.setResolver(`nameserver ${LAB.silent}\n`);
      assertEquals((await curl(`http://${LAB.server}/`)).code, 7);
      await lab.resetDevice();
      assertEquals((await curl("http://dual.lab.test/")).code, 0);
    });
  },
);

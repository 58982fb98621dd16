import { assert, assertEquals } from "@std/assert";
import { runMain } from "../support/memory_host.ts";
import { testWith } from "../support/requirement.ts";
import { LAB, Lab, requireLab } from "./lab/lab.ts";

const NEEDS = await requireLab();
const REPOSITORY_URL = new URL("../../", import.meta.url);

interface Fault {
  /** What check must name first; nothing for a network that is well. */
  readonly finding: string | undefined;
  /** What is asked for. */
  readonly url?: string;
  /** More arguments of collect. */
  readonly args?: readonly string[];
  /** Makes the fault; gives a reason where this machine cannot. */
  readonly make?: (lab: Lab) => Promise<string | undefined | void>;
}

const url = (name: string, path = "") => `https://${name}.lab.test/${path}`;

const FAULTS: Readonly<Record<string, Fault>> = {
  "nothing": {
    finding: undefined,
    args: ["--ntp", LAB.server, "--portal", "http://www.lab.test/generate_204"],
  },
  "no address": {
    finding: "no-address",
    make: async (lab) => {
      for (const family of ["-4", "-6"]) {
        await lab.ip("device", family, "addr flush dev eth0 scope global");
      }
    },
  },
  "no route": {
    finding: "no-default-route",
    make: async (lab) => {
      for (const family of ["-4", "-6"]) {
        await lab.ip("device", family, "route del default");
      }
    },
  },
  "a rule that leads nowhere": {
    finding: "rule-empty-table",
    make: async (lab) => {
      await lab.ip("device", `rule add from ${LAB.device} lookup 502`);
    },
  },
  "a silent name server": {
    finding: "dns-silent",
    make: (lab) => lab.setResolver(`nameserver ${LAB.silent}\n`),
  },
  "one silent name server of two": {
    finding: "dns-server-silent",
    make: (lab) =>
      lab.setResolver(
        `nameserver ${LAB.router}\nnameserver ${LAB.silent}\nsearch lab.test\n`,
      ),
  },
  "a failing name server": {
    finding: "dns-failure",
    make: (lab) => lab.setResolver(`nameserver ${LAB.failingDns}\n`),
  },
  "a wrong search list": {
    finding: "dns-search-suffix",
    url: "http://www/",
    make: (lab) =>
      lab.setResolver(`nameserver ${LAB.router}\nsearch wrong.test\n`),
  },
  "a refused connection": { finding: "tcp-refused", url: url("closed") },
  "dropped SYNs": { finding: "tcp-unanswered", url: url("silent") },
  "an MTU black hole": {
    finding: "mtu-black-hole",
    url: url("www", "bytes/200000"),
    make: (lab) => lab.setWire({ dropOver: 1300 }),
  },
  "an expired certificate": {
    finding: "tls-expired",
    url: url("expired"),
    args: ["--ntp", LAB.server],
  },
  "an intercepting proxy": {
    finding: "tls-unknown-authority",
    url: url("foreign"),
  },
  "a wrong clock": {
    finding: "clock-wrong",
    url: url("future"),
    args: ["--ntp", LAB.future],
  },
  "a refused CONNECT": {
    finding: "proxy-refused",
    args: ["--proxy", "http://refusing.lab.test:3128"],
  },
  "a proxy that is not there": {
    finding: "proxy-unreachable",
    args: ["--proxy", "http://closed.lab.test:3128"],
  },
  "broken IPv6": {
    finding: "ipv6-broken",
    url: url("dual"),
    make: (lab) => lab.setWire({ dropIpv6: true }),
  },
  "lost packets": {
    finding: "packet-loss",
    make: (lab) => lab.setWire({ lossPercent: 30 }),
  },
  "a portal": {
    finding: "captive-portal",
    args: ["--portal", "http://www.lab.test/redirect"],
  },
  "an interface that is down": {
    finding: "interface-down",
    make: async (lab) => {
      await lab.ip("device", "link set eth0 down");
    },
  },
  "an interface without carrier": {
    finding: "interface-down",
    make: async (lab) => {
      await lab.ip("wire", "link set w0 down");
    },
  },
  "a silent gateway": {
    finding: "gateway-silent",
    make: async (lab) => {
      await lab.ip("router", "link set lan0 down");
    },
  },
  // The last one: its table stays full.
  "a full table of connections": {
    finding: "conntrack-full",
    make: async (lab) => {
      const { code, stdout, stderr } = await lab.exec(
        "device",
        Deno.execPath(),
        "run",
        "-A",
        "--no-lock",
        new URL("tests/netdump/lab/fill_conntrack.ts", REPOSITORY_URL).pathname,
      );
      const max = Number(
        await Deno.readTextFile("/proc/sys/net/netfilter/nf_conntrack_max"),
      );
      return code === 0 && Number(stdout) >= max
        ? undefined
        : `the kernel does not let its table be filled: ${stderr}`;
    },
  },
};

interface Outcome {
  readonly name: string;
  readonly collectCode: number;
  readonly stderr: string;
  readonly findings: readonly {
    readonly id: string;
    readonly severity: string;
    readonly title: string;
    readonly evidence: readonly { readonly path: string }[];
  }[];
  readonly code: number;
  readonly skipped: string | undefined;
}

async function tryFault(
  lab: Lab,
  name: string,
  fault: Fault,
): Promise<Outcome> {
  await lab.resetAll();
  const skipped = await fault.make?.(lab) ?? undefined;
  const collected = await lab.tracedeck(
    "netdump",
    "collect",
    "-d",
    `${lab.folder}/dumps`,
    "--topic",
    "fault",
    "--ca",
    lab.caFile,
    "--timeout",
    "4s",
    // The places of all labs at once, each with all programs.
    "--skip",
    "namespaces",
    "--url",
    fault.url ?? url("www"),
    ...fault.args ?? [],
  );
  const path = collected.stdout.trim();
  const { code, stdout } = await runMain(["netdump", "check", "--json", path]);
  return {
    name,
    collectCode: collected.code,
    stderr: collected.stderr,
    code,
    findings: stdout.trim().split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line)),
    skipped,
  };
}

testWith(
  "netdump collect and check name a fault of the network first",
  NEEDS,
  async (t) => {
    const waiting = Object.entries(FAULTS);
    const outcomes = new Map<string, Outcome>();
    const work = async () => {
      await using lab = await Lab.start();
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [name, fault] = next;
        outcomes.set(name, await tryFault(lab, name, fault));
        if (fault.finding === "conntrack-full") return;
      }
    };
    await Promise.all(Array.from({ length: 5 }, work));
    for (const [name, { finding }] of Object.entries(FAULTS)) {
      const outcome = outcomes.get(name)!;
      await t.step({
        name,
        ignore: outcome.skipped !== undefined,
        fn: () => {
          assertEquals(outcome.collectCode, 0, outcome.stderr);
          const told = outcome.findings.filter(({ severity }) =>
            severity !== "note"
          );
          if (finding === undefined) {
            assertEquals(told.map(({ title }) => title), []);
            assertEquals(outcome.code, 0);
            return;
          }
          assertEquals(told[0]?.id, finding, JSON.stringify(told, null, 1));
          assert(told[0]!.evidence.every(({ path }) => path !== ""));
          assertEquals(outcome.code, 1);
        },
      });
    }
  },
);

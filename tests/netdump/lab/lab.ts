import type { Requirement } from "../../support/requirement.ts";
import { findPeer, requirePeers } from "../../support/peers.ts";
import { REPOSITORY } from "../../support/file_url.ts";
import { makeAuthority, makeCertificate } from "./certificate.ts";
import type { Certificate, CertificateAuthority } from "./certificate.ts";
import { mustRun, runTool } from "./run_tool.ts";
import type { ToolResult } from "./run_tool.ts";
import type { ServiceConfig } from "./service_config.ts";
import type { WireRules } from "./wire_rules.ts";

const YEAR_MS = 365 * 86_400_000;

/** By how much the servers at {@linkcode LAB.future} are ahead. */
export const FUTURE_SHIFT_MS: number = 2 * YEAR_MS;

/**
 * Addresses of the lab. The device has `eth0` towards the router; whatever a
 * name leads to is behind the router.
 */
export const LAB = {
  device: "10.88.0.2",
  deviceIpv6: "2001:db8:88::2",
  /** Gateway and name server of the device. */
  router: "10.88.0.1",
  routerIpv6: "2001:db8:88::1",
  /** Web server, time server, proxy at port 3128. */
  server: "10.99.0.2",
  serverIpv6: "2001:db8:99::2",
  /** Shows a certificate of last year. */
  expired: "10.99.0.4",
  /** Shows a certificate of an authority that nobody knows. */
  foreign: "10.99.0.5",
  /** Nothing listens. */
  closed: "10.99.0.6",
  /** Nobody answers. */
  silent: "10.99.0.7",
  /** A proxy at port 3128 that refuses. */
  refusingProxy: "10.99.0.8",
  /** Its clock is ahead, and so are its certificate and its time server. */
  future: "10.99.0.9",
  /** A name server that fails. */
  failingDns: "10.99.0.10",
} as const;

/** Names that the router's name server knows. */
export const LAB_ZONE: Readonly<Record<string, readonly string[]>> = {
  "www.lab.test": [LAB.server],
  "dual.lab.test": [LAB.server, LAB.serverIpv6],
  "expired.lab.test": [LAB.expired],
  "foreign.lab.test": [LAB.foreign],
  "closed.lab.test": [LAB.closed],
  "silent.lab.test": [LAB.silent],
  "proxy.lab.test": [LAB.server],
  "refusing.lab.test": [LAB.refusingProxy],
  "future.lab.test": [LAB.future],
  "ntp.lab.test": [LAB.server],
};

/** Takes down what tests left that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const line of (await mustRun("ip", "netns")).split("\n")) {
    const [, name, pid] = /^(td(\d+)x\d+-[a-z]+)/.exec(line) ?? [];
    if (name === undefined || await exists(`/proc/${pid}`)) continue;
    await runTool(["ip", "netns", "del", name]);
    await Deno.remove(`/etc/netns/${name}`, { recursive: true }).catch(
      () => {},
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** One namespace of the lab. */
export type LabPlace = "device" | "wire" | "router" | "server";

/**
 * Requires what the lab needs: Linux, root, `ip`, and a kernel that makes
 * namespaces and veth pairs.
 *
 * @returns The requirements, for `testWith`.
 */
export async function requireLab(): Promise<Requirement[]> {
  const needs = requirePeers("ip");
  if (needs.missing !== undefined) return [needs];
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) {
    return [{ missing: "needs Linux and root", strict: needs.strict }];
  }
  const name = `tdprobe${Deno.pid}`;
  const made = await runTool([findPeer("ip")!, "netns", "add", name]);
  const linked = made.code === 0 && (await runTool([
        findPeer("ip")!,
        ..."-n NAME link add name v0 type veth peer name v1".replace(
          "NAME",
          name,
        )
          .split(" "),
      ])).code === 0;
  if (made.code === 0) await mustRun("ip", "netns", "del", name);
  return linked ? [needs] : [{
    missing: "the kernel makes no network namespaces with veth pairs",
    strict: false,
  }];
}

/**
 * A network of its own: a device, a router and a server, each a network
 * namespace, with a cable between device and router that can lose packets.
 *
 * ```
 * device eth0 --- wire --- lan0 router wan0 --- eth0 server
 * ```
 */
export class Lab implements AsyncDisposable {
  static #count = 0;
  readonly #prefix = `td${Deno.pid}x${Lab.#count++}`;
  readonly #children: Deno.ChildProcess[] = [];
  readonly #folder: string;
  #wire:
    | { readonly child: Deno.ChildProcess; readonly lines: LineReader }
    | undefined;
  #authority: CertificateAuthority | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Builds a lab in which all is well.
   *
   * @returns The lab; dispose it.
   */
  static async start(): Promise<Lab> {
    await removeAbandoned();
    const lab = new Lab(await Deno.makeTempDir({ prefix: "tracedeck-lab-" }));
    try {
      await lab.#build();
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  /** A folder that goes with the lab. */
  get folder(): string {
    return this.#folder;
  }

  /** File with the certificate of the authority that the device trusts. */
  get caFile(): string {
    return `${this.#folder}/ca.pem`;
  }

  /** @param place A namespace. @returns Its name, as `ip netns` has it. */
  name(place: LabPlace): string {
    return `${this.#prefix}-${place}`;
  }

  /**
   * Runs `ip` in a namespace; it must succeed.
   *
   * @param place The namespace.
   * @param args Arguments, in one string or as words.
   */
  async ip(place: LabPlace, ...args: readonly string[]): Promise<string> {
    return await mustRun(
      "ip",
      "-n",
      this.name(place),
      ...args.flatMap((text) => text.split(" ")),
    );
  }

  /**
   * Runs a program in a namespace, with the device's `/etc/resolv.conf`.
   *
   * @param place The namespace.
   * @param command Program and arguments.
   * @returns What became of it.
   */
  exec(place: LabPlace, ...command: readonly string[]): Promise<ToolResult> {
    return runTool(this.#command(place, command), {
      SSL_CERT_FILE: this.caFile,
    });
  }

  /**
   * Runs the command line of tracedeck on the device: the compiled program that
   * `TRACEDECK_BINARY` names, else the source.
   *
   * @param args Arguments.
   * @returns What became of it.
   */
  tracedeck(...args: readonly string[]): Promise<ToolResult> {
    const binary = Deno.env.get("TRACEDECK_BINARY") ?? "";
    const program = binary === ""
      ? [Deno.execPath(), ...denoRun(`${REPOSITORY}/cli.ts`)]
      : [binary];
    return this.exec("device", ...program, ...args);
  }

  /** @param rules What the cable loses from now on. */
  async setWire(rules: WireRules): Promise<void> {
    const { child, lines } = this.#wire!;
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${JSON.stringify(rules)}\n`));
    writer.releaseLock();
    await lines.next();
  }

  /** @param text The device's `/etc/resolv.conf`. */
  async setResolver(text: string): Promise<void> {
    await Deno.writeTextFile(
      `/etc/netns/${this.name("device")}/resolv.conf`,
      text,
    );
  }

  /** Makes the device's addresses, routes and resolver as they were at first. */
  async resetDevice(): Promise<void> {
    await this.ip("device", "link set eth0 up mtu 1500");
    for (const family of ["-4", "-6"]) {
      await this.ip("device", family, "addr flush dev eth0 scope global");
      await this.ip("device", family, "route flush dev eth0");
    }
    const own = "addr add ADDRESS dev eth0";
    await this.ip("device", own.replace("ADDRESS", `${LAB.device}/24`));
    await this.ip(
      "device",
      own.replace("ADDRESS", `${LAB.deviceIpv6}/64`),
      "nodad",
    );
    await this.ip("device", `route add default via ${LAB.router}`);
    await this.ip("device", `-6 route replace fe80::/64 dev eth0`);
    await this.ip("device", `-6 route add default via ${LAB.routerIpv6}`);
    await this.setResolver(`nameserver ${LAB.router}\nsearch lab.test\n`);
    await this.setWire({});
  }

  /** Makes all as it was at first, other places than the device included. */
  async resetAll(): Promise<void> {
    await this.ip("wire", "link set w0 up");
    await this.ip("router", "link set lan0 up");
    await this.ip(
      "router",
      `-6 addr replace ${LAB.routerIpv6}/64 dev lan0`,
      "nodad",
    );
    for (const { priority } of await this.#ownRules()) {
      await this.ip("device", `rule del priority ${priority}`);
    }
    for (const place of ["device", "router"] as const) {
      await this.ip(place, "neigh flush all");
    }
    await this.resetDevice();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wire?.child.stdin.close().catch(() => {});
    for (const child of this.#children) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await child.status;
    }
    await this.#wire?.lines.close();
    for (const place of ["device", "wire", "router", "server"] as const) {
      await runTool(["ip", "netns", "del", this.name(place)]);
    }
    for (
      const path of [
        `/etc/netns/${this.name("device")}`,
        `/etc/netns/${this.name("server")}`,
        this.#folder,
      ]
    ) await Deno.remove(path, { recursive: true }).catch(() => {});
  }

  async #ownRules(): Promise<{ readonly priority: number }[]> {
    const rules: { priority: number }[] = JSON.parse(
      await this.ip("device", "-json rule"),
    );
    return rules.filter(({ priority }) => priority > 0 && priority < 32766);
  }

  #command(place: LabPlace, command: readonly string[]): string[] {
    return ["ip", "netns", "exec", this.name(place), ...command];
  }

  async #build(): Promise<void> {
    this.#authority = await makeAuthority("Lab Root");
    await Deno.writeTextFile(this.caFile, this.#authority.certificate);
    for (const place of ["device", "server"] as const) {
      const folder = `/etc/netns/${this.name(place)}`;
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(
        `${folder}/resolv.conf`,
        `nameserver ${LAB.router}\n`,
      );
    }
    for (const place of ["device", "wire", "router", "server"] as const) {
      await mustRun("ip", "netns", "add", this.name(place));
      await this.ip(place, "link set lo up");
    }
    await this.#connect("device", "eth0", "wire", "w0");
    await this.#connect("router", "lan0", "wire", "w1");
    await this.#connect("router", "wan0", "server", "eth0");
    await this.ip("router", `addr add ${LAB.router}/24 dev lan0`);
    await this.ip("router", `addr add ${LAB.routerIpv6}/64 dev lan0`, "nodad");
    await this.ip("router", "addr add 10.99.0.1/24 dev wan0");
    await this.ip("router", "addr add 2001:db8:99::1/64 dev wan0", "nodad");
    const own = Object.values(LAB).filter((address) =>
      /^10\.99|^2001:db8:99:/.test(address) && address !== LAB.silent
    );
    for (const address of own) {
      const isIpv6 = address.includes(":");
      await this.ip(
        "server",
        `addr add ${address}/${isIpv6 ? 64 : 24} dev eth0`,
        ...(isIpv6 ? ["nodad"] : []),
      );
    }
    await this.ip("server", "route add default via 10.99.0.1");
    await this.ip("server", "-6 route add default via 2001:db8:99::1");
    // The router answers for nobody and says nothing: packets get lost.
    await this.ip("router", `route add blackhole ${LAB.silent}/32`);
    await this.#sysctl("router", "net/ipv4/ip_forward", "1");
    await this.#sysctl("router", "net/ipv6/conf/all/forwarding", "1");
    await this.#startWire();
    await this.resetDevice();
    await Promise.all([this.#startRouter(), this.#startServer()]);
  }

  async #connect(
    one: LabPlace,
    oneName: string,
    other: LabPlace,
    otherName: string,
  ): Promise<void> {
    await this.ip(
      one,
      `link add name ${oneName} type veth peer name ${otherName} netns`,
      this.name(other),
    );
    for (const [place, link] of [[one, oneName], [other, otherName]] as const) {
      const ipv6 = `net/ipv6/conf/${link}`;
      await this.#sysctl(place, `${ipv6}/accept_dad`, "0");
      await this.#sysctl(place, `${ipv6}/router_solicitations`, "0");
      if (place === "wire") {
        await this.#sysctl(place, `${ipv6}/disable_ipv6`, "1");
      }
      await this.ip(place, `link set ${link} up`);
    }
  }

  async #sysctl(place: LabPlace, key: string, value: string): Promise<void> {
    await mustRun(
      ...this.#command(place, [
        "sh",
        "-c",
        `echo ${value} > /proc/sys/${key}`,
      ]),
    );
  }

  async #startWire(): Promise<void> {
    const child = this.#spawn("wire", "wire.ts", ["w0", "w1"]);
    this.#wire = { child, lines: new LineReader(child.stdout) };
    await this.#wire.lines.next();
  }

  #startRouter(): Promise<void> {
    const dns = [LAB.router, LAB.routerIpv6].map((ip) => ({
      ip,
      zone: LAB_ZONE,
    }));
    return this.startServices("router", { dns });
  }

  async #startServer(): Promise<void> {
    const now = Date.now();
    const make = (
      names: readonly string[],
      from: number,
      to: number,
      authority = this.#authority!,
    ): Promise<Certificate> =>
      makeCertificate(authority, {
        names,
        notBefore: new Date(now + from * YEAR_MS),
        notAfter: new Date(now + to * YEAR_MS),
      });
    const foreign = await makeAuthority("Foreign Inspection CA");
    const good = await make(["www.lab.test", "dual.lab.test"], -1, 1);
    const secure = (ip: string, made: Certificate, shiftMs = 0) => ({
      ip,
      port: 443,
      shiftMs,
      ...made,
    });
    await this.startServices("server", {
      http: [
        { ip: LAB.server, port: 80 },
        { ip: LAB.serverIpv6, port: 80 },
        { ip: LAB.future, port: 80, shiftMs: FUTURE_SHIFT_MS },
        secure(LAB.server, good),
        secure(LAB.serverIpv6, good),
        secure(LAB.expired, await make(["expired.lab.test"], -2, -1)),
        secure(
          LAB.foreign,
          await make(["foreign.lab.test"], -1, 1, foreign),
        ),
        secure(
          LAB.future,
          await make(["future.lab.test"], 1.5, 2.5),
          FUTURE_SHIFT_MS,
        ),
      ],
      proxies: [
        { ip: LAB.server, port: 3128 },
        {
          ip: LAB.refusingProxy,
          port: 3128,
          answer:
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        },
      ],
      dns: [{ ip: LAB.failingDns, zone: {}, rcode: 2 }],
      ntp: [
        { ip: LAB.server },
        { ip: LAB.future, shiftMs: FUTURE_SHIFT_MS },
      ],
    });
  }

  /**
   * Starts more servers.
   *
   * @param place Where.
   * @param config Which.
   */
  async startServices(place: LabPlace, config: ServiceConfig): Promise<void> {
    const child = this.#spawn(place, "services.ts", []);
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify(config)));
    await writer.close();
    const lines = new LineReader(child.stdout);
    await lines.next();
    await lines.close();
  }

  #spawn(
    place: LabPlace,
    script: string,
    args: readonly string[],
  ): Deno.ChildProcess {
    const [program, ...rest] = this.#command(place, [
      Deno.execPath(),
      ...denoRun(`${REPOSITORY}/tests/netdump/lab/${script}`),
      ...args,
    ]);
    const child = new Deno.Command(program!, {
      args: rest,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#children.push(child);
    return child;
  }
}

function denoRun(script: string): string[] {
  const map = `${REPOSITORY}/tests/offline/import_map.json`;
  return ["run", "-A", "--no-lock", "--import-map", map, script];
}

/** Waits for lines that a helper of the lab prints. */
class LineReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async next(): Promise<string> {
    for (;;) {
      const end = this.#text.indexOf("\n");
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error("Cannot start a part of the lab: it ended");
      this.#text += new TextDecoder().decode(value);
    }
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => {});
  }
}

/**
 * Capturing a flood of packets into a file, beside `tcpdump -w` on the same
 * load: a sender in C on one end of a veth pair, the capture at the other, files
 * in memory (`/dev/shm`) so that no disk is measured. The rates are told apart
 * by the share of packets that the kernel had to drop, ours against tcpdump's;
 * the benchmark fails where ours is worse. Time is from the first packet to the
 * closed file.
 */
import { fromFileUrl } from "../support/file_url.ts";
import { findPeer } from "../support/peers.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const HERE = new URL("../netdump/capture/", import.meta.url);
const FOLDER = "/dev/shm";

const LOADS = [
  { name: "64 B", bytes: 64, frames: IS_SHORT ? 20_000 : 400_000 },
  { name: "1400 B", bytes: 1400, frames: IS_SHORT ? 10_000 : 150_000 },
] as const;

interface Outcome {
  readonly packets: number;
  readonly drops: number;
}

const shares: Record<string, number[]> = {};

function note(name: string, { packets, drops }: Outcome): void {
  (shares[name] ??= []).push(drops / Math.max(1, packets + drops));
}

async function run(...command: string[]): Promise<void> {
  const [program, ...args] = command;
  const { success, stderr } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot benchmark: ${command.join(" ")}: ${
      new TextDecoder().decode(stderr)
    }`,
  );
}

/** A capturing process and how it is ended. */
class Capture {
  readonly #child: Deno.ChildProcess;
  readonly #isOurs: boolean;
  readonly #text: Promise<string>;
  readonly ready: Promise<void>;

  constructor(namespace: string, isOurs: boolean, path: string) {
    const command = isOurs
      ? [
        Deno.execPath(),
        "run",
        "-A",
        "--no-config",
        "--no-check",
        fromFileUrl(new URL("_capture_process.ts", HERE)),
        "b0",
        path,
      ]
      : [
        "tcpdump",
        "-i",
        "b0",
        "-n",
        "-w",
        path,
        "-Z",
        "root",
        "icmp or icmp6 or arp or tcp or udp",
      ];
    this.#isOurs = isOurs;
    const child = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, ...command],
      stdin: isOurs ? "piped" : "null",
      stdout: isOurs ? "piped" : "null",
      stderr: isOurs ? "inherit" : "piped",
    }).spawn();
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#text = (async () => {
      let text = "";
      const stream = isOurs ? child.stdout : child.stderr;
      for await (const part of stream.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (/ready|listening on/.test(text)) resolve();
      }
      return text;
    })();
  }

  async end(frames: number): Promise<Outcome> {
    if (this.#isOurs) await this.#child.stdin.close();
    else this.#child.kill("SIGINT");
    await this.#child.status;
    const text = await this.#text;
    if (this.#isOurs) return JSON.parse(text.split("\n")[1]!);
    // What tcpdump had not read yet when it was told to end is in none of its counts.
    const packets = Number(/(\d+) packets captured/.exec(text)?.[1] ?? 0);
    return { packets, drops: frames - packets };
  }
}

async function setUp(): Promise<string | undefined> {
  const missing = ["ip", "tcpdump", "gcc"].filter((name) => !findPeer(name));
  if (Deno.build.os !== "linux" || Deno.uid() !== 0 || missing.length > 0) {
    // deno-lint-ignore no-console
    console.error(
      `packet capture is not measured: needs root and ${
        missing.join(", ") || "Linux"
      }`,
    );
    return undefined;
  }
  const namespace = `tdbench${Deno.pid}`;
  await run(
    "gcc",
    "-O2",
    "-o",
    `${FOLDER}/${namespace}-flood`,
    fromFileUrl(new URL("flood.c", HERE)),
  );
  await run("ip", "netns", "add", namespace);
  for (
    const words of [
      "link add a0 type veth peer name b0",
      "link set a0 up",
      "link set b0 up",
    ]
  ) await run("ip", "-n", namespace, ...words.split(" "));
  return namespace;
}

/** At the very end, also of a run that is broken off. */
function tearDown(namespace: string): void {
  new Deno.Command("ip", { args: ["netns", "del", namespace] }).outputSync();
  new Deno.Command("sh", {
    args: ["-c", `rm -f ${FOLDER}/${namespace}-*`],
  }).outputSync();
  for (const [name, values] of Object.entries(shares)) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    // deno-lint-ignore no-console
    console.log(`${name}: ${(mean * 100).toFixed(1)} % dropped`);
  }
}

const namespace = await setUp();
if (namespace !== undefined) {
  globalThis.addEventListener("unload", () => tearDown(namespace));
  for (const { name, bytes, frames } of LOADS) {
    for (const isOurs of [false, true]) {
      const who = isOurs ? "tracedeck" : "tcpdump -w";
      Deno.bench(`${who}, ${name}`, {
        group: name,
        baseline: !isOurs,
        n: IS_SHORT ? 1 : 3,
        warmup: 0,
      }, async (b) => {
        const path = `${FOLDER}/${namespace}-out.pcap`;
        const capture = new Capture(namespace, isOurs, path);
        await capture.ready;
        b.start();
        await run(
          "ip",
          "netns",
          "exec",
          namespace,
          `${FOLDER}/${namespace}-flood`,
          "a0",
          String(frames),
          String(bytes),
          "1",
          "0",
        );
        const outcome = await capture.end(frames);
        b.end();
        note(`${who}, ${name}`, outcome);
        if (outcome.packets + outcome.drops < frames) {
          throw new Error(
            `Cannot benchmark: ${outcome.packets} packets and ${outcome.drops} drops of ${frames}`,
          );
        }
        if (!isOurs) return;
        const most = Math.max(...shares[`tcpdump -w, ${name}`]!);
        const own = Math.max(...shares[`${who}, ${name}`]!);
        if (own > most + 0.01) {
          throw new Error(
            `Cannot keep up: ${own} of the packets are dropped, tcpdump drops ${most}`,
          );
        }
      });
    }
  }
}

/**
 * Saving a session of many messages: `SaveServer` in a process of its own
 * beside a receiver in C, which does one `recv` and one `write` per message. A
 * sender in C sends the same to both. The summary of each group is the ratio of
 * the times, from the first message to the closed file; a lost message fails
 * the benchmark. Files go to memory (`/dev/shm`) where there is one, so that no
 * disk is measured.
 *
 * What a profile of the server showed (`perf record`, messages of 100 bytes):
 * nearly all time is the kernel's `recv`: system call, socket lock, freeing of
 * buffers. JavaScript, the counting of drops included, is below a tenth, and
 * one `write` per burst below two hundredths. What made the difference:
 * receiving to the final place of the record, addresses as bigints (numbers
 * miss the fast call path of FFI), and asking for more right after a write
 * instead of polling first: with large messages the sender has refilled the
 * socket by then, and a poll costs a change of threads. With 64 KiB the copy
 * into the file is two thirds of the time on either side.
 */
import { fromFileUrl } from "../support/file_url.ts";
import { findPeer } from "../support/peers.ts";
import { peerPath, startPeerServer } from "../tracereplay/_peer.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const SCRIPT = fromFileUrl(
  new URL("../tracereplay/_save_process.ts", import.meta.url),
);
const HEADER_BYTES = 37;

const LOADS = [
  { name: "100 B", messageBytes: 100, messages: IS_SHORT ? 20_000 : 300_000 },
  { name: "64 KiB", messageBytes: 65_536, messages: IS_SHORT ? 200 : 3_000 },
] as const;

/** The server under test, which serves all rounds. */
class SaveProcess {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";
  clients = 0;

  constructor(endpoint: string, out: string) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", "--no-check", SCRIPT, endpoint, out],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  async line(): Promise<string> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error("Cannot benchmark: server has ended");
      this.#rest += value;
    }
    const [line = "", ...rest] = this.#rest.split("\n");
    this.#rest = rest.join("\n");
    return line;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

async function flood(
  peer: string,
  endpoint: string,
  { messages, messageBytes }: (typeof LOADS)[number],
): Promise<void> {
  const { success } = await new Deno.Command(peer, {
    args: ["flood", endpoint, String(messages), String(messageBytes)],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("Cannot benchmark: sender failed");
}

async function checkFile(
  path: string,
  { messages, messageBytes }: (typeof LOADS)[number],
): Promise<void> {
  const { size } = await Deno.stat(path);
  const expected = HEADER_BYTES + messages * (8 + messageBytes);
  if (size !== expected) {
    throw new Error(
      `Cannot benchmark: ${path} has ${size} bytes, expected ${expected}`,
    );
  }
  await Deno.remove(path);
}

async function memoryFolder(): Promise<string> {
  const prefix = "tracedeck-bench-";
  try {
    return await Deno.makeTempDir({ dir: "/dev/shm", prefix });
  } catch {
    return await Deno.makeTempDir({ prefix });
  }
}

if (Deno.build.os !== "linux" || findPeer("gcc", "cc", "clang") === undefined) {
  // deno-lint-ignore no-console
  console.error(
    "peer is missing: no C compiler on Linux, so there is no ratio",
  );
} else {
  const peer = await peerPath();
  const folder = await memoryFolder();
  const server = new SaveProcess(`${folder}/ours.sock`, `${folder}/ours`);
  await server.line();
  globalThis.addEventListener("unload", () => {
    server.kill();
    Deno.removeSync(folder, { recursive: true });
  });
  const rounds = IS_SHORT ? { n: 2, warmup: 1 } : { n: 10, warmup: 2 };
  let round = 0;
  for (const load of LOADS) {
    const group = `save ${load.messages} messages of ${load.name}`;
    Deno.bench({
      name: `${group}: receiver in C`,
      group,
      baseline: true,
      ...rounds,
      async fn(b) {
        const endpoint = `${folder}/c${round++}.sock`;
        const out = `${folder}/c-out`;
        const receiver = await startPeerServer("receive1", endpoint, out);
        b.start();
        await flood(peer, endpoint, load);
        await receiver.result;
        b.end();
        await checkFile(out, load);
        await Deno.remove(endpoint);
      },
    });
    Deno.bench({
      name: `${group}: tracedeck`,
      group,
      ...rounds,
      async fn(b) {
        b.start();
        await flood(peer, `${folder}/ours.sock`, load);
        const messages = await server.line();
        b.end();
        if (Number(messages) !== load.messages) {
          throw new Error(`Cannot benchmark: ${messages} messages were saved`);
        }
        server.clients++;
        const number = String(server.clients).padStart(4, "0");
        await checkFile(`${folder}/ours/client-${number}`, load);
      },
    });
  }
}

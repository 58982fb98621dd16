/**
 * Replaying a trace file to a receiver in C: `replayTrace` beside a sender in C
 * that reads the file with stdio and sends each message with a blocking `send`.
 * The summary of each group is the ratio of the times.
 *
 * What a profile showed (`perf record`, messages of 100 bytes): the kernel's
 * `send` and the waking of the receiver are most of the time; the generator
 * that takes the file apart is about a tenth.
 */
import { replayTrace } from "../../src/tracereplay/replay_trace.ts";
import { encodePacket } from "../../src/tracereplay/message_encoder.ts";
import { makeRecordBatch } from "../../src/tracereplay/record_batch.ts";
import { TraceFileWriter } from "../../src/tracereplay/trace_file_writer.ts";
import { readFileStream } from "../../src/platform/file_source.ts";
import { findPeer } from "../support/peers.ts";
import { peerPath, startPeerServer } from "../tracereplay/_peer.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";

const LOADS = [
  { name: "100 B", messageBytes: 100, messages: IS_SHORT ? 20_000 : 300_000 },
  { name: "64 KiB", messageBytes: 65_536, messages: IS_SHORT ? 200 : 3_000 },
] as const;

function writeFile(path: string, load: (typeof LOADS)[number]): void {
  using writer = new TraceFileWriter(path);
  const packet = encodePacket(99, new Uint8Array(load.messageBytes - 8));
  const batch = makeRecordBatch(Array<Uint8Array>(100).fill(packet));
  for (let count = 0; count < load.messages; count += 100) writer.write(batch);
}

/** Measures from the start of the sender to the end of the receiver. */
async function measure(
  b: Deno.BenchContext,
  endpoint: string,
  load: (typeof LOADS)[number],
  send: (endpoint: string) => Promise<void>,
): Promise<void> {
  const receiver = await startPeerServer("count", endpoint);
  b.start();
  await send(endpoint);
  const { stdout } = await receiver.result;
  b.end();
  const received = Number(stdout.split("\n")[1]?.split(" ")[0]);
  if (received !== load.messages) {
    throw new Error(`Cannot benchmark: ${received} messages came`);
  }
  await Deno.remove(endpoint);
}

if (Deno.build.os !== "linux" || findPeer("gcc", "cc", "clang") === undefined) {
  // deno-lint-ignore no-console
  console.error(
    "peer is missing: no C compiler on Linux, so there is no ratio",
  );
} else {
  const peer = await peerPath();
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-bench-" });
  globalThis.addEventListener(
    "unload",
    () => Deno.removeSync(folder, { recursive: true }),
  );
  const rounds = IS_SHORT ? { n: 2, warmup: 1 } : { n: 10, warmup: 2 };
  let round = 0;

  for (const load of LOADS) {
    const group = `replay ${load.messages} messages of ${load.name}`;
    const path = `${folder}/${load.messageBytes}.trace`;
    writeFile(path, load);
    Deno.bench({
      name: `${group}: sender in C`,
      group,
      baseline: true,
      ...rounds,
      async fn(b) {
        await measure(
          b,
          `${folder}/${round++}.sock`,
          load,
          async (endpoint) => {
            await new Deno.Command(peer, {
              args: ["send", endpoint, path],
              stdin: "null",
              stdout: "null",
            }).output();
          },
        );
      },
    });
    Deno.bench({
      name: `${group}: tracedeck`,
      group,
      ...rounds,
      async fn(b) {
        await measure(
          b,
          `${folder}/${round++}.sock`,
          load,
          async (endpoint) => {
            await replayTrace(
              {
                name: path,
                open: () => readFileStream(path, { pieceBytes: 2 ** 21 }),
              },
              endpoint,
            );
          },
        );
      },
    });
  }
}

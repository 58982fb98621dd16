import { assertEquals } from "@std/assert";
import { TruncatedError } from "../../src/base/errors.ts";
import { readTraceFile } from "../../src/tracereplay/read_trace_file.ts";
import { fromFileUrl } from "../support/file_url.ts";
import { seededRandom } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { NEEDS_PEER, peerPath, temporaryFolder } from "./_peer.ts";

const SCRIPT = fromFileUrl(new URL("_save_process.ts", import.meta.url));
const ROUNDS = 50;
const AT_ONCE = 2;
/** Far more than is saved before the server is killed. */
const MESSAGES = 10_000_000;

testWith(
  "a file is whole up to its last message whenever SaveServer is killed, 50 times",
  NEEDS_PEER,
  async () => {
    const peer = await peerPath();
    const random = seededRandom(7);
    const rounds = Array.from({ length: ROUNDS }, (_, round) => ({
      round,
      messageBytes: [16, 100, 5000, 70_000][random(4)]!,
      // From nothing at all to a few hundred writes.
      killAtBytes: [37, 38 + random(1000), random(5_000_000)][random(3)]!,
    }));
    let saved = 0;
    async function run(): Promise<void> {
      for (let one = rounds.pop(); one !== undefined; one = rounds.pop()) {
        await using folder = await temporaryFolder();
        const path = `${folder.path}/client-0001`;
        await killAt(peer, folder.path, one.messageBytes, one.killAtBytes);
        saved += await checkFile(path, one.messageBytes);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, run));
    // Guards the test itself: most were killed at work.
    assertEquals(saved > 10_000, true, `${saved} messages were saved`);
  },
);

async function killAt(
  peer: string,
  folder: string,
  messageBytes: number,
  bytes: number,
): Promise<void> {
  const endpoint = `${folder}/s.sock`;
  const server = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", "--no-check", SCRIPT, endpoint, folder],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = server.stdout.getReader();
  await reader.read();
  const client = new Deno.Command(peer, {
    args: ["flood", endpoint, String(MESSAGES), String(messageBytes)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  while (await sizeOf(`${folder}/client-0001`) < bytes) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  server.kill("SIGKILL");
  await reader.cancel();
  await server.status;
  // The client meets the end of the connection.
  await client.status;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return -1;
    throw error;
  }
}

/** Checks that messages follow each other without a gap up to the last one. */
async function checkFile(path: string, messageBytes: number): Promise<number> {
  const file = await Deno.readFile(path);
  let count = 0;
  try {
    for await (const { bytes } of readTraceFile(file)) {
      assertEquals(bytes.length, messageBytes);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      assertEquals(view.getUint32(8, true), count);
      count++;
    }
  } catch (error) {
    if (!(error instanceof TruncatedError)) throw error;
    // At most one message is cut.
    const whole = 37 + count * (8 + messageBytes);
    assertEquals(error.offset <= whole, true);
    assertEquals(file.length - whole < 8 + messageBytes, true);
  }
  return count;
}

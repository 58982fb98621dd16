/**
 * Saves until it is killed: `_save_process.ts ENDPOINT OUT`. It writes `ready`
 * when it listens, and a line with the number of messages for every client that
 * has ended.
 *
 * @module
 */

import { SaveServer } from "../../src/tracereplay/save_server.ts";

const [endpoint = "", outDir = ""] = Deno.args;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

await new SaveServer(endpoint, {
  outDir,
  onStart: () => say("ready"),
  onClose: ({ messages }) => say(String(messages)),
}).start();

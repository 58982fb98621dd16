/**
 * Saves until it is killed: `_save_process.ts ENDPOINT OUT`.
 *
 * @module
 */

import { SaveServer } from "../../src/tracereplay/save_server.ts";

const [endpoint = "", outDir = ""] = Deno.args;
await new SaveServer(endpoint, {
  outDir,
  onStart: () => Deno.stdout.writeSync(new TextEncoder().encode("ready\n")),
}).start();

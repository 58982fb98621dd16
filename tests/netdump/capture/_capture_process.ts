// Captures on an interface into a file until standard input ends: says `ready`
// and at the end its statistics.
import { capturePcap } from "../../../src/netdump/capture/capture_pcap.ts";

const [interfaceName = "", path = ""] = Deno.args;
const controller = new AbortController();
void (async () => {
  for await (const _ of Deno.stdin.readable);
  controller.abort();
})();
using file = await Deno.open(path, {
  write: true,
  create: true,
  truncate: true,
});
const pieces = capturePcap(interfaceName, {
  snapLength: 262_144,
  signal: controller.signal,
  // deno-lint-ignore no-console
  onReady: () => console.log("ready"),
  // deno-lint-ignore no-console
  onStatistics: (statistics) => console.log(JSON.stringify(statistics)),
});
for await (const piece of pieces) {
  for (let at = 0; at < piece.length;) {
    at += file.writeSync(piece.subarray(at));
  }
}

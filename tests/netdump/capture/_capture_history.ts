// Runs in a network namespace of its own: sends one group of frames after the
// other into one end of a veth pair and advances the history at the other
// between them; says what the history holds at the end as JSON.
import { CaptureHistory } from "../../../src/netdump/capture/capture_history.ts";
import { sendFrames } from "./_send_frames.ts";

const groups: string[][] = JSON.parse(
  await new Response(Deno.stdin.readable).text(),
);
await using history = new CaptureHistory({ interfaces: ["b0"] });
for (const [index, frames] of groups.entries()) {
  if (index > 0) history.advance();
  sendFrames("a0", frames);
  // A block that is not full is handed over a moment later.
  await history.captures();
}
const [captured] = await history.captures();
// deno-lint-ignore no-console
console.log(
  JSON.stringify(captured?.packets.map(({ data }) => data.toHex()) ?? []),
);

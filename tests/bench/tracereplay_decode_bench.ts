/**
 * Decoding and rendering of events, one of every type; the title names messages
 * and bytes per round. There is no peer: gVisor's tool decodes nothing. The
 * ratios are those of the renderings to decoding alone.
 */
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { encodePayload } from "../../src/tracereplay/message_encoder.ts";
import { renderJson } from "../../src/tracereplay/render_json.ts";
import { renderPretty } from "../../src/tracereplay/render_pretty.ts";
import { renderText } from "../../src/tracereplay/render_text.ts";
import type { AnyMessage } from "../../src/tracereplay/types.ts";
import { fixture, packetsOf } from "../tracereplay/_fixtures.ts";

const packets = await packetsOf(fixture("all-types.trace"));
const bytes = packets.reduce((sum, packet) => sum + packet.length, 0);
const group = `${packets.length} messages, ${bytes} bytes`;
const events = packets.map((packet) => decodeMessage(packet));
/** Keeps results from being optimised away. */
let kept = 0;

Deno.bench({
  name: `${group}: decodeMessage`,
  group,
  baseline: true,
  fn() {
    for (const packet of packets) kept += decodeMessage(packet).seq;
  },
});

Deno.bench({
  name: `${group}: encodePayload`,
  group,
  fn() {
    for (const event of events) {
      if (event.type !== "decoded") continue;
      kept += encodePayload(event.message, event.payload as AnyMessage).length;
    }
  },
});

for (
  const [name, render] of [
    ["renderText", renderText],
    ["renderJson", renderJson],
    ["renderPretty", renderPretty],
  ] as const
) {
  Deno.bench({
    name: `${group}: ${name}`,
    group,
    fn() {
      for (const event of events) kept += render(event).length;
    },
  });
}

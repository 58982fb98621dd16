/**
 * Writing and rendering the 73,084 records of a real capture. The baseline packs
 * the same 20 MiB without making them.
 *
 * What profiles (`deno run --cpu-prof`) showed, and what came of it:
 *
 * - Half of encoding was calls of the runtime's UTF-8 encoder, 800,000 of them:
 *   short ASCII texts are written by a loop instead.
 * - Sorting parameters by name, so that equal events give equal bytes, is a
 *   tenth.
 * - Pretty lines looked at each text twice for what must not reach a terminal,
 *   and took every timestamp apart: printable ASCII and UTC go straight through.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { renderEventJson } from "../../src/kcap/render_json.ts";
import {
  compileTemplate,
  DEFAULT_TEMPLATE,
} from "../../src/kcap/render_pretty.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";
import { sharedData } from "../support/shared_data.ts";

const path = sharedData("kcap/upstream/test.kcap");

if (path === undefined) {
  // deno-lint-ignore no-console
  console.log("skipped: no shared data kcap/upstream/test.kcap");
} else {
  const stream = zstdDecompressSync(Deno.readFileSync(path));
  const decoder = new KcapDecoder();
  decoder.push(stream);
  decoder.finish();
  const events: KcapEvent[] = [];
  for (let item = decoder.next(); item; item = decoder.next()) {
    if (item.type === "event") events.push(item);
  }
  const { handles } = decoder;
  const group = "kcap 20 MiB, 73,084 records";

  Deno.bench({ name: "pack only", group, baseline: true }, () => {
    zstdCompressSync(stream);
  });

  Deno.bench({ name: "encode and pack", group }, async () => {
    let size = 0;
    for await (const part of writeKcap(events, { handles })) {
      size += part.length;
    }
    if (size < 1_000_000) throw new Error(`${size} bytes`);
  });

  Deno.bench({ name: "render as JSON lines", group }, () => {
    sumLengths(events, renderEventJson);
  });

  Deno.bench({ name: "render as pretty lines", group }, () => {
    sumLengths(events, compileTemplate(DEFAULT_TEMPLATE));
  });
}

function sumLengths(
  events: readonly KcapEvent[],
  render: (event: KcapEvent) => string,
): void {
  let length = 0;
  for (const event of events) length += render(event).length;
  if (length < 1_000_000) throw new Error(`${length} characters`);
}

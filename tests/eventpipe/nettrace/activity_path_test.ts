import { assertEquals } from "@std/assert";
import { formatGuid } from "../../../src/codec/guid.ts";
import { activityPath } from "../../../src/eventpipe/nettrace/activity_path.ts";
import { ownCapture } from "../../support/nettrace_captures.ts";
import { recordNettrace } from "../../support/nettrace_records.ts";

/** The GUID of a path: twelve bytes and their checksum. */
function guidOf(path: string, processId: number): string {
  const bytes = new Uint8Array(16);
  bytes.set(Uint8Array.fromHex(path));
  const view = new DataView(bytes.buffer);
  let sum = 0x599d_99ad;
  for (let at = 0; at < 12; at += 4) sum += view.getUint32(at, true);
  view.setUint32(12, (sum ^ processId) >>> 0, true);
  return formatGuid(bytes);
}

/** First bytes of the id, process id and the path. */
const PATHS: readonly (readonly [string, number, string])[] = [
  ["11", 42, "/#42/1/1/"],
  ["1a", 42, "/#42/1/10/"],
  // A length of one byte in a low nibble, then the number.
  ["1cff", 42, "/#42/1/255/"],
  // In a high nibble the low one holds the top bits.
  ["c1ff10", 42, "/#42/511/1/"],
  ["d0341220", 42, "/#42/4660/2/"],
  ["f07856341210", 42, "/#42/305419896/1/"],
  // A number that is no child's.
  ["1bc00510", 42, "/#42/1$5/1/"],
  ["1".repeat(24), 42, `/#42${"/1".repeat(24)}/`],
];

for (const [hex, processId, path] of PATHS) {
  Deno.test(`activityPath reads ${hex} as ${path}`, () => {
    assertEquals(activityPath(guidOf(hex, processId), processId), path);
  });
}

Deno.test("activityPath takes ids without a process part for every process", () => {
  assertEquals(activityPath(guidOf("11", 0), 42), "//1/1/");
});

Deno.test("activityPath trusts the top bits of the checksum when the process is unknown", () => {
  assertEquals(activityPath(guidOf("11", 42)), "/#42/1/1/");
});

Deno.test("activityPath leaves other ids as they are", () => {
  const random = "9f1b8a52-6a3f-4f0e-8f2e-2f6f3a1c9d77";
  assertEquals(activityPath(random, 42), random);
  assertEquals(activityPath(random), random);
  const other = guidOf("11", 43);
  assertEquals(activityPath(other, 42), other);
  // Nothing may follow the prefix nibble but a length.
  const odd = guidOf("1b1110", 42);
  assertEquals(activityPath(odd, 42), odd);
  const cut = guidOf(`${"1".repeat(22)}f0`, 42);
  assertEquals(activityPath(cut, 42), cut);
});

Deno.test("activityPath finds nested requests in a recording", () => {
  const { events, header } = recordNettrace(ownCapture("events"));
  const paths = events.filter(({ activityId }) => activityId !== undefined)
    .map(({ activityId }) => activityPath(activityId!, header!.processId));
  assertEquals([...new Set(paths)].sort(), [
    "/#13583/1/1/",
    "/#13583/1/1/1/",
  ]);
});

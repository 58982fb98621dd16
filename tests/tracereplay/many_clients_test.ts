import { assertEquals } from "@std/assert";
import { seededRandom } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";
import { startSaveServer } from "./_live.ts";
import { NEEDS_PEER, peerPath, runPeer } from "./_peer.ts";

/** How many clients behave how; 200 in all. */
const CROWD = {
  normal: 90,
  silent: 20,
  garbage: 20,
  "long-handshake": 10,
  reset: 20,
  oversized: 10,
  slow: 20,
  short: 10,
} as const;

/** Clients that run at a time, so that the machine is not what is tested. */
const AT_ONCE = 64;

testWith(
  "SaveServer saves every well-behaved one of 200 clients exactly",
  NEEDS_PEER,
  async () => {
    await using save = await startSaveServer({ handshakeTimeoutMs: 1000 });
    await peerPath();
    const random = seededRandom(42);
    const crowd = Object.entries(CROWD)
      .flatMap(([how, count]) => Array<string>(count).fill(how))
      .map((how) => ({ how, order: random(1_000_000) }))
      .sort((a, b) => a.order - b.order)
      .map(({ how }) => how);
    assertEquals(crowd.length, 200);

    const path = `${FIXTURES}/all-types.trace`;
    const waiting = [...crowd];
    async function runClients(): Promise<void> {
      for (let how = waiting.pop(); how !== undefined; how = waiting.pop()) {
        const { code, stderr } = how === "normal"
          ? await runPeer("send", save.endpoint, path)
          : await runPeer("behave", save.endpoint, how);
        assertEquals([how, code, stderr], [how, 0, ""]);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, runClients));
    const saved = CROWD.normal + CROWD.reset + CROWD.oversized + CROWD.slow +
      CROWD.short;
    await save.untilClosed(saved);

    const expected = fixture("all-types.trace").toHex();
    const counts = { normal: 0, reset: 0, oversized: 0, short: 0, other: 0 };
    for (let number = 1; number <= saved; number++) {
      const name = `client-${String(number).padStart(4, "0")}`;
      const file = await Deno.readFile(`${save.out}/${name}`);
      if (file.toHex() === expected) counts.normal++;
      else counts[kindOf(await packetsOf(file))]++;
    }
    // Both those that close early and those that are slow send 20 messages.
    assertEquals(counts, {
      normal: CROWD.normal,
      reset: CROWD.reset + CROWD.slow,
      oversized: CROWD.oversized,
      short: CROWD.short,
      other: 0,
    });
    assertEquals(save.closed.length, saved);
    const refused = save.warnings.filter((text) =>
      text.startsWith("Cannot greet")
    );
    assertEquals(
      refused.length,
      CROWD.silent + CROWD.garbage + CROWD["long-handshake"],
    );
  },
);

/** Tells by its messages, which carry their number, how a client behaved. */
function kindOf(
  packets: readonly Uint8Array[],
): "reset" | "oversized" | "short" | "other" {
  if (packets.length === 8 && packets[0]?.length === 1) return "short";
  const isComplete = packets.every((packet, index) =>
    packet.length === 100 && packet[8] === index
  );
  if (!isComplete) return "other";
  if (packets.length === 20) return "reset";
  return packets.length === 3 ? "oversized" : "other";
}

import { assertEquals } from "@std/assert";
import { encodeCaptureFilter } from "../../../src/netdump/capture/capture_filter_encoder.ts";
import {
  LINK_TYPE,
  linkTypeOf,
} from "../../../src/netdump/capture/link_type_table.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { testWith } from "../../support/requirement.ts";
import { runBpf } from "./_bpf_machine.ts";

interface BpfFixture {
  readonly programs: Readonly<
    Record<
      string,
      {
        readonly hex: string;
        readonly verdicts: Readonly<Record<string, number>>;
      }
    >
  >;
  readonly frames: Readonly<Record<string, string>>;
}

const NEEDS = [requireSharedData("netdump/bpf.json")];

function fixture(): BpfFixture {
  return JSON.parse(Deno.readTextFileSync(sharedData("netdump/bpf.json")!));
}

function verdicts(
  program: Uint8Array,
  frames: Readonly<Record<string, string>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(frames).map(([name, hex]) => [
      name,
      runBpf(program, Uint8Array.fromHex(hex)),
    ]),
  );
}

testWith(
  "runBpf agrees with the verdicts of the fixtures' programs",
  NEEDS,
  () => {
    const { programs, frames } = fixture();
    for (const [name, { hex, verdicts: want }] of Object.entries(programs)) {
      assertEquals(verdicts(Uint8Array.fromHex(hex), frames), want, name);
    }
  },
);

testWith(
  "encodeCaptureFilter makes the recommended program, byte for byte",
  NEEDS,
  () => {
    const { programs } = fixture();
    assertEquals(encodeCaptureFilter().toHex(), programs["recommended"]?.hex);
  },
);

testWith(
  "encodeCaptureFilter leaves payload of TCP out over both families",
  NEEDS,
  () => {
    const { programs, frames } = fixture();
    const want = {
      ...programs["withoutTcpPayload"]!.verdicts,
      "ipv6-tcp-empty": 262_144,
      "ipv6-icmpv6": 262_144,
    };
    const program = encodeCaptureFilter({ withoutTcpPayload: true });
    assertEquals(verdicts(program, frames), want);
    const payload6 = Uint8Array.fromHex(frames["ipv6-tcp-empty"]! + "78787878");
    payload6[19]! += 4;
    assertEquals(runBpf(program, payload6), 0);
  },
);

Deno.test("encodeCaptureFilter takes no later fragment for a segment without payload", () => {
  const program = encodeCaptureFilter({ withoutTcpPayload: true });
  // What is at the place of the TCP header's length is payload here.
  const frame = (offset: string) =>
    Uint8Array.fromHex(
      "020000000002020000000001" + "0800" + "45000028" + "0000" + offset +
        "40060000" + "0a000001" + "0a000002" + "00".repeat(12) + "50" +
        "00".repeat(7),
    );
  assertEquals(runBpf(program, frame("0000")), 262_144);
  assertEquals(runBpf(program, frame("0001")), 0);
});

testWith(
  "encodeCaptureFilter decides alike without an Ethernet header",
  NEEDS,
  () => {
    const { frames } = fixture();
    for (const withoutTcpPayload of [false, true]) {
      const ethernet = encodeCaptureFilter({ withoutTcpPayload });
      for (const linkType of [LINK_TYPE.raw, LINK_TYPE.cooked]) {
        const bare = encodeCaptureFilter({ withoutTcpPayload, linkType });
        for (const [name, hex] of Object.entries(frames)) {
          const frame = Uint8Array.fromHex(hex);
          const protocol = frame[12]! << 8 | frame[13]!;
          assertEquals(
            runBpf(bare, frame.subarray(14), protocol),
            runBpf(ethernet, frame),
            `${name} ${linkType}`,
          );
        }
      }
    }
  },
);

testWith("encodeCaptureFilter cuts packets to the snap length", NEEDS, () => {
  const { frames } = fixture();
  const program = encodeCaptureFilter({ snapLength: 96 });
  assertEquals(runBpf(program, Uint8Array.fromHex(frames["arp"]!)), 96);
});

Deno.test("linkTypeOf tells kinds of interfaces apart", () => {
  assertEquals(
    [1, 772, 65_534, 512, 519, 768, 32].map(linkTypeOf),
    [1, 1, 101, 101, 101, 101, 276],
  );
});

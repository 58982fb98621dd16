import { assertEquals, assertMatch } from "@std/assert";
import { encodeCapture } from "../../../src/netdump/capture/captured_interface.ts";
import { LINK_TYPE } from "../../../src/netdump/capture/link_type_table.ts";
import {
  addedBytes,
  copyPacket,
  isLoopbackCopy,
} from "../../../src/netdump/capture/_ring_packet.ts";
import type { RingPacket } from "../../../src/platform/packet_socket.ts";
import { requirePeers } from "../../support/peers.ts";
import { testWith } from "../../support/requirement.ts";

const DATAGRAM = Uint8Array.fromHex(
  "45000020000000004011000" + "00a0000010a000002" + "10000035000c0000abababab",
);

function ringPacket(parts: Partial<RingPacket> = {}): RingPacket {
  return {
    bytes: DATAGRAM,
    offset: 0,
    capturedLength: DATAGRAM.length,
    originalLength: DATAGRAM.length,
    seconds: 1,
    nanoseconds: 2000,
    vlanTpid: 0,
    vlanTci: 0,
    direction: 0,
    protocol: 0x0800,
    hardwareType: 32,
    addressLength: 8,
    addressOffset: 0,
    ...parts,
  };
}

testWith(
  "copyPacket puts the header of cooked capture in front, which tcpdump reads",
  [
    requirePeers("tcpdump"),
  ],
  async () => {
    const packet = ringPacket();
    const added = addedBytes(packet, LINK_TYPE.cooked);
    const data = new Uint8Array(packet.capturedLength + added);
    copyPacket(packet, LINK_TYPE.cooked, data, 0, data.length);
    assertEquals(data.subarray(0, 12).toHex(), "080000000000000000200008");
    const path = await Deno.makeTempFile({ suffix: ".pcap" });
    await Deno.writeFile(
      path,
      ReadableStream.from(encodeCapture({
        interfaceName: "ib0",
        linkType: LINK_TYPE.cooked,
        snapLength: 1518,
        packets: [{ timestamp: 1n, originalLength: data.length, data }],
        isTruncated: false,
        withoutTcpPayload: false,
        droppedPackets: 0,
      })),
    );
    const { stdout, stderr } = await new Deno.Command("tcpdump", {
      args: ["-n", "-r", path],
    }).output();
    await Deno.remove(path);
    assertMatch(
      new TextDecoder().decode(stdout),
      /IP 10\.0\.0\.1\.4096 > 10\.0\.0\.2\.53/,
    );
    assertMatch(new TextDecoder().decode(stderr), /link-type LINUX_SLL2/);
  },
);

Deno.test("copyPacket cuts behind a tag that it puts back", () => {
  const packet = ringPacket({ vlanTpid: 0x8100, vlanTci: 0x2064 });
  const data = new Uint8Array(18);
  copyPacket(packet, LINK_TYPE.ethernet, data, 1, 17);
  assertEquals(
    data.toHex(),
    "00" + DATAGRAM.subarray(0, 12).toHex() + "81002064" +
      DATAGRAM.subarray(12, 13).toHex(),
  );
  assertEquals(addedBytes(packet, LINK_TYPE.raw), 0);
  assertEquals(
    addedBytes({ ...packet, capturedLength: 11 }, LINK_TYPE.ethernet),
    0,
  );
});

Deno.test("isLoopbackCopy finds the second sight of a loopback packet", () => {
  const on = (hardwareType: number, direction: number) =>
    isLoopbackCopy(ringPacket({ hardwareType, direction }));
  assertEquals([on(772, 4), on(772, 0), on(1, 4)], [true, false, false]);
});

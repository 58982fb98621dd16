import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";
import { FormatError, TruncatedError } from "../../src/base/errors.ts";
import { readPcap } from "../../src/container/pcap.ts";
import { PcapDecoder, sniffPcap } from "../../src/container/pcap_decoder.ts";
import type {
  PcapHeader,
  PcapPacket,
} from "../../src/container/pcap_decoder.ts";
import {
  encodePcapHeader,
  encodePcapPacket,
} from "../../src/container/pcap_encoder.ts";
import { concatBytes, streamOf } from "../support/byte_stream.ts";
import { mutations } from "../support/mutations.ts";

const PACKETS = [
  { timestamp: 1_795_217_672_000_001_000n, size: 60, originalLength: 60 },
  { timestamp: 1_795_217_672_999_999_000n, size: 1518, originalLength: 51_655 },
  { timestamp: 4_294_967_295_000_000_000n, size: 0, originalLength: 9 },
];
const FILE = concatBytes([
  encodePcapHeader({ linkType: 101, snapLength: 96 }),
  ...PACKETS.map(({ timestamp, size, originalLength }, index) =>
    encodePcapPacket({
      timestamp,
      originalLength,
      data: new Uint8Array(size).fill(index + 1),
    })
  ),
]);

async function readAll(
  source: AsyncIterable<Uint8Array>,
  stats?: DecodeStats,
): Promise<{ header: PcapHeader | undefined; packets: PcapPacket[] }> {
  let header: PcapHeader | undefined;
  const packets = [];
  const onHeader = (found: PcapHeader) => header = found;
  for await (const packet of readPcap(source, { stats, onHeader })) {
    packets.push({ ...packet, data: packet.data.slice() });
  }
  return { header, packets };
}

/** A copy of a file with all numbers in the other byte order. */
function swapBytes(file: Uint8Array, magic: number): Uint8Array {
  const from = new DataView(file.buffer, file.byteOffset);
  const copy = file.slice();
  const to = new DataView(copy.buffer);
  to.setUint32(0, magic);
  for (const at of [4, 6]) to.setUint16(at, from.getUint16(at, true));
  for (const at of [16, 20]) to.setUint32(at, from.getUint32(at, true));
  for (let at = 24; at < file.length; at += 16 + from.getUint32(at + 8, true)) {
    for (const field of [0, 4, 8, 12]) {
      to.setUint32(at + field, from.getUint32(at + field, true));
    }
  }
  return copy;
}

for (const chunkBytes of [1, 7, 4093]) {
  Deno.test(`readPcap reads what the encoder wrote in pieces of ${chunkBytes} bytes`, async () => {
    const { header, packets } = await readAll(streamOf(FILE, chunkBytes));
    assertEquals(header, {
      littleEndian: true,
      resolution: "us",
      version: "2.4",
      snapLength: 96,
      linkType: 101,
    });
    assertEquals(
      packets.map(({ timestamp, originalLength, data }) => ({
        timestamp: timestamp as bigint,
        originalLength,
        size: data.length,
      })),
      PACKETS,
    );
    assertEquals(packets.map(({ offset }) => offset), [24, 100, 1634]);
    assertEquals(packets[1]!.data[1517], 2);
  });
}

Deno.test("readPcap reads big-endian files with nanoseconds", async () => {
  const file = swapBytes(FILE, 0xa1b23c4d);
  assertEquals(sniffPcap(file), true);
  const { header, packets } = await readAll(streamOf(file));
  assertEquals(header?.littleEndian, false);
  assertEquals(header?.resolution, "ns");
  assertEquals(packets[0]?.timestamp as bigint, 1_795_217_672_000_000_001n);
});

Deno.test("readPcap refuses other files by name of what they are", async () => {
  const error = await assertRejects(
    () =>
      readAll(
        streamOf(new Uint8Array([0x0a, 0x0d, 0x0d, 0x0a, 0, 0])),
        new DecodeStats(),
      ),
    FormatError,
  );
  assertEquals(
    error.message,
    "Cannot read pcap header at byte 0: file is pcapng, supported is pcap",
  );
  assertEquals(sniffPcap(new Uint8Array([0x0a, 0x0d, 0x0d, 0x0a])), false);
  assertEquals(sniffPcap(new Uint8Array([0xd4, 0xc3])), false);
});

Deno.test("readPcap keeps the packets before an impossible length", async () => {
  const file = FILE.slice();
  new DataView(file.buffer).setUint32(100 + 8, 262_145, true);
  const stats = new DecodeStats();
  const { packets } = await readAll(streamOf(file), stats);
  assertEquals(packets.length, 1);
  assertEquals(stats.entries()[0]?.name, "pcap_damaged");
  assertEquals(stats.entries()[0]?.firstOffset, 100);
  const error = await assertRejects(
    () => readAll(streamOf(file)),
    FormatError,
  );
  assertEquals(error.record, "packet 1");
});

Deno.test("readPcap tells at every cut how much is missing", async () => {
  for (let size = 0; size < FILE.length; size++) {
    const stats = new DecodeStats();
    const { packets } = await readAll(streamOf(FILE.subarray(0, size)), stats);
    const isWhole = [24, 100, 1634].includes(size);
    assertEquals(stats.get("pcap_truncated"), isWhole ? 0 : 1, `${size}`);
    assertEquals(packets.length, size < 100 ? 0 : size < 1634 ? 1 : 2);
  }
  const error = await assertRejects(
    () => readAll(streamOf(FILE.subarray(0, 50))),
    TruncatedError,
  );
  assertEquals(error.missingBytes, 50);
});

Deno.test("PcapDecoder survives damage with its own errors only", () => {
  for (const bytes of mutations([FILE.subarray(0, 120)])) {
    try {
      const decoder = new PcapDecoder({ onPacket: () => {} });
      decoder.push(bytes);
      decoder.finish();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
});

Deno.test("encodePcapPacket refuses what the format cannot hold", () => {
  const data = new Uint8Array(4);
  assertThrows(
    () => encodePcapPacket({ timestamp: 0n, originalLength: 3, data }),
    RangeError,
    "originalLength is 3",
  );
  assertThrows(
    () =>
      encodePcapPacket({
        timestamp: 2n ** 32n * 1_000_000_000n,
        originalLength: 4,
        data,
      }),
    RangeError,
    "timestamp seconds",
  );
  assertThrows(() => encodePcapHeader({ snapLength: 0 }), RangeError);
});

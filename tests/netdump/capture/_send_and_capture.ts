// Runs in a network namespace of its own: sends frames into one end of a veth
// pair and captures at the other; says what was captured as JSON.
import { openPacketCapture } from "../../../src/netdump/capture/packet_capture.ts";
import { encodeCapture } from "../../../src/netdump/capture/captured_interface.ts";
import { openLibc } from "../../../src/platform/libc.ts";
import { sendFrames } from "./_send_frames.ts";

interface Job {
  readonly sendOn: string;
  readonly frames: readonly string[];
  readonly capture: Omit<Parameters<typeof openPacketCapture>[0], "matcher">;
  readonly folder: string;
  /** Sends through a tunnel interface of this name instead, which it makes. */
  readonly tun?: string;
}

const job: Job = JSON.parse(await new Response(Deno.stdin.readable).text());
const libc = openLibc();
const tunFd = job.tun === undefined ? undefined : await openTun(job.tun);
await using capture = openPacketCapture(job.capture);
if (tunFd === undefined) sendFrames(job.sendOn, job.frames);
else {
  for (const hex of job.frames) {
    const packet = Uint8Array.fromHex(hex);
    libc.check(
      libc.symbols.write(tunFd, packet, BigInt(packet.length)),
      "write",
    );
  }
}
await capture.settle();
const captures = capture.captures();
for (const captured of captures) {
  await Deno.writeFile(
    `${job.folder}/${captured.interfaceName}.pcap`,
    ReadableStream.from(encodeCapture(captured)),
  );
}
// deno-lint-ignore no-console
console.log(JSON.stringify({
  interfaces: capture.interfaces,
  problems: capture.problems.map(({ interfaceName, error }) =>
    `${interfaceName}: ${error.message}`
  ),
  captures: captures.map((each) => ({
    ...each,
    packets: each.packets.map(({ data, originalLength }) => ({
      hex: data.toHex(),
      originalLength,
    })),
  })),
}));

/** What is written to the descriptor comes in on the interface. */
async function openTun(name: string): Promise<number> {
  const path = new TextEncoder().encode("/dev/net/tun\0");
  const fd = libc.check(libc.symbols.open(path, 2), "open");
  const request = new Uint8Array(40);
  request.set(new TextEncoder().encode(name));
  new DataView(request.buffer).setUint16(16, 0x1001, true);
  libc.check(libc.symbols.ioctl(fd, 0x400454can, request), "ioctl");
  await new Deno.Command("ip", { args: ["link", "set", name, "up"] }).output();
  return fd;
}

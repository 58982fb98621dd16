/**
 * Runs a classic BPF program on a packet, as the kernel does.
 *
 * @param program 8 bytes per instruction.
 * @param packet The packet.
 * @param protocol EtherType, for programs that ask the kernel for it.
 * @returns Bytes of the packet to keep, 0 to drop it.
 */
export function runBpf(
  program: Uint8Array,
  packet: Uint8Array,
  protocol = 0,
): number {
  const code = new DataView(
    program.buffer,
    program.byteOffset,
    program.byteLength,
  );
  const memory: number[] = [];
  let a = 0;
  let x = 0;
  const load = (at: number, size: number): number | undefined => {
    if (at === 0xffff_f000) return protocol;
    if (at + size > packet.length) return undefined;
    let value = 0;
    for (let index = 0; index < size; index++) {
      value = value * 256 + packet[at + index]!;
    }
    return value;
  };
  for (let at = 0; at < program.length;) {
    const op = code.getUint16(at, true);
    const yes = code.getUint8(at + 2);
    const no = code.getUint8(at + 3);
    const k = code.getUint32(at + 4, true);
    at += 8;
    const jump = (isTrue: boolean) => at += (isTrue ? yes : no) * 8;
    let loaded: number | undefined = 0;
    switch (op) {
      case 0x28:
        loaded = a = load(k, 2) ?? NaN;
        break;
      case 0x30:
        loaded = a = load(k, 1) ?? NaN;
        break;
      case 0x50:
        loaded = a = load(x + k, 1) ?? NaN;
        break;
      case 0xb1:
        loaded = load(k, 1) ?? NaN;
        x = (loaded & 0xf) * 4;
        break;
      case 0x02:
        memory[k] = a;
        break;
      case 0x60:
        a = memory[k]!;
        break;
      case 0x61:
        x = memory[k]!;
        break;
      case 0x54:
        a = (a & k) >>> 0;
        break;
      case 0x64:
        a = (a << k) >>> 0;
        break;
      case 0x74:
        a = a >>> k;
        break;
      case 0x0c:
        a = (a + x) >>> 0;
        break;
      case 0x1c:
        a = (a - x) >>> 0;
        break;
      case 0x07:
        x = a;
        break;
      case 0x15:
        jump(a === k);
        break;
      case 0x1d:
        jump(a === x);
        break;
      case 0x45:
        jump((a & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`Cannot run BPF: opcode ${op.toString(16)}`);
    }
    // A load beyond the packet drops it.
    if (Number.isNaN(loaded)) return 0;
  }
  throw new Error("Cannot run BPF: program has no end");
}

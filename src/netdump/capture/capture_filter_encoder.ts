import { LINK_TYPE } from "./link_type_table.ts";
import type { LinkType } from "./link_type_table.ts";

/** What {@linkcode encodeCaptureFilter} lets through. */
export interface CaptureFilterOptions {
  /** What packets begin with. @default {1} */
  readonly linkType?: LinkType | undefined;
  /** Whether TCP segments with payload are left out. @default {false} */
  readonly withoutTcpPayload?: boolean | undefined;
  /** Bytes of a packet that are kept. @default {262144} */
  readonly snapLength?: number | undefined;
}

// Opcodes of classic BPF.
const LDH = 0x28;
const LDB = 0x30;
const LDB_X = 0x50;
const LDX_IP_HEADER = 0xb1;
const AND = 0x54;
const RSH = 0x74;
const ADD_X = 0x0c;
const TAX = 0x07;
const JEQ = 0x15;
const JEQ_X = 0x1d;
const JSET = 0x45;
const RET = 0x06;
/** Where the kernel tells the protocol of a packet without link header. */
const PROTOCOL_OFFSET = 0xffff_f000;

const IPV4 = 0x0800;
const ARP = 0x0806;
const IPV6 = 0x86dd;
const ICMP = 1;
const TCP = 6;
const UDP = 17;
const FRAGMENT = 44;
const ICMP6 = 58;
const INSTRUCTION_BYTES = 8;

/** An instruction; jumps go to a label, and on to the next one where there is none. */
interface Step {
  readonly op: number;
  readonly k: number;
  readonly yes?: string;
  readonly no?: string;
  readonly label?: string;
}

/**
 * Makes the program by which the kernel chooses packets: ARP, ICMP, ICMPv6,
 * TCP and UDP over IPv4 and IPv6. Without payload it keeps of TCP only the
 * segments that carry none, over both.
 *
 * @param options Link type and what to leave out.
 * @returns 8 bytes per instruction: u16 opcode, u8 jump if true, u8 jump if false, u32 operand.
 */
export function encodeCaptureFilter(
  options: CaptureFilterOptions = {},
): Uint8Array<ArrayBuffer> {
  const {
    linkType = LINK_TYPE.ethernet,
    withoutTcpPayload = false,
    snapLength = 262_144,
  } = options;
  const isEthernet = linkType === LINK_TYPE.ethernet;
  const net = isEthernet ? 14 : 0;
  const steps = [
    { op: LDH, k: isEthernet ? 12 : PROTOCOL_OFFSET },
    ...(withoutTcpPayload ? emptyTcpSteps(net) : allSteps(net)),
    { op: RET, k: snapLength, label: "accept" },
    { op: RET, k: 0, label: "reject" },
  ];
  return assemble(steps);
}

/** `icmp or icmp6 or arp or tcp or udp`, as tcpdump compiles it. */
function allSteps(net: number): Step[] {
  return [
    { op: JEQ, k: IPV4, no: "not4" },
    { op: LDB, k: net + 9 },
    { op: JEQ, k: ICMP, yes: "accept", no: "ports" },
    { op: JEQ, k: IPV6, no: "arp", label: "not4" },
    { op: LDB, k: net + 6 },
    { op: JEQ, k: ICMP6, yes: "accept" },
    { op: JEQ, k: FRAGMENT, no: "ports" },
    { op: LDB, k: net + 40 },
    { op: JEQ, k: ICMP6, yes: "accept" },
    { op: JEQ, k: TCP, yes: "accept", label: "ports" },
    { op: JEQ, k: UDP, yes: "accept", no: "reject" },
    { op: JEQ, k: ARP, no: "reject", label: "arp" },
  ];
}

function emptyTcpSteps(net: number): Step[] {
  return [
    { op: JEQ, k: ARP, yes: "accept" },
    { op: JEQ, k: IPV4, yes: "ip4" },
    { op: JEQ, k: IPV6, yes: "ip6", no: "reject" },

    { op: LDB, k: net + 9, label: "ip4" },
    { op: JEQ, k: ICMP, yes: "accept" },
    { op: JEQ, k: UDP, yes: "accept" },
    { op: JEQ, k: TCP, no: "reject" },
    // Later fragments are payload.
    { op: LDH, k: net + 6 },
    { op: JSET, k: 0x1fff, yes: "reject" },
    // Total length equals IP header and TCP header.
    { op: LDX_IP_HEADER, k: net },
    { op: LDB_X, k: net + 12 },
    { op: AND, k: 0xf0 },
    { op: RSH, k: 2 },
    { op: ADD_X, k: 0 },
    { op: TAX, k: 0 },
    { op: LDH, k: net + 2 },
    { op: JEQ_X, k: 0, yes: "accept", no: "reject" },

    { op: LDB, k: net + 6, label: "ip6" },
    { op: JEQ, k: ICMP6, yes: "accept" },
    { op: JEQ, k: UDP, yes: "accept" },
    { op: JEQ, k: TCP, yes: "tcp6" },
    { op: JEQ, k: FRAGMENT, no: "reject" },
    { op: LDB, k: net + 40 },
    { op: JEQ, k: ICMP6, yes: "accept" },
    { op: JEQ, k: UDP, yes: "accept", no: "reject" },

    // Payload length equals TCP header.
    { op: LDB, k: net + 52, label: "tcp6" },
    { op: AND, k: 0xf0 },
    { op: RSH, k: 2 },
    { op: TAX, k: 0 },
    { op: LDH, k: net + 4 },
    { op: JEQ_X, k: 0, yes: "accept", no: "reject" },
  ];
}

function assemble(steps: readonly Step[]): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(steps.length * INSTRUCTION_BYTES);
  const view = new DataView(program.buffer);
  const distance = (from: number, label: string | undefined): number => {
    if (label === undefined) return 0;
    return steps.findIndex((step) => step.label === label) - from - 1;
  };
  for (const [index, { op, k, yes, no }] of steps.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, op, true);
    view.setUint8(at + 2, distance(index, yes));
    view.setUint8(at + 3, distance(index, no));
    view.setUint32(at + 4, k, true);
  }
  return program;
}

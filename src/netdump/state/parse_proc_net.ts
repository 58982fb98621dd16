import { formatIpAddress } from "../../codec/ip_address.ts";
import type {
  AddressState,
  ConntrackState,
  LinkCounters,
  NeighbourState,
  RouteState,
} from "./types.ts";

const RTF_UP = 1;
const RTF_GATEWAY = 2;
const RTF_REJECT = 0x200;
const IFA_F_PERMANENT = 0x80;
const ARP_COMPLETE = 2;

/** @param text `/proc/net/dev`. @returns Counters by interface. */
export function parseProcDev(text: string): ReadonlyMap<string, LinkCounters> {
  const counters = new Map<string, LinkCounters>();
  for (const line of text.split("\n")) {
    const match = /^\s*(\S+?):\s*(.*)$/.exec(line);
    const numbers = match?.[2]?.trim().split(/\s+/).map(Number) ?? [];
    if (match === null || numbers.length < 12) continue;
    counters.set(match[1]!, {
      rxBytes: numbers[0]!,
      rxPackets: numbers[1]!,
      rxErrors: numbers[2]!,
      rxDropped: numbers[3]!,
      txBytes: numbers[8]!,
      txPackets: numbers[9]!,
      txErrors: numbers[10]!,
      txDropped: numbers[11]!,
    });
  }
  return counters;
}

/**
 * @param text `/proc/net/route`: 32-bit words in the byte order of the machine.
 * @returns Routes of IPv4.
 */
export function parseProcRoute(text: string): RouteState[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [device, destination, gateway, flagText] = words;
    const flags = parseInt(flagText ?? "0", 16);
    if (words.length < 8 || (flags & RTF_UP) === 0) return [];
    const mask = [...hexBytes(words[7]!)].map((byte) =>
      byte.toString(2).replaceAll("0", "").length
    ).reduce((sum, bits) => sum + bits, 0);
    const target = formatIpAddress(hexBytes(destination!).reverse());
    return [{
      family: 4,
      table: "main",
      destination: mask === 0 ? "default" : `${target}/${mask}`,
      type: (flags & RTF_REJECT) === 0 ? "unicast" : "unreachable",
      hops: [{
        gateway: (flags & RTF_GATEWAY) === 0
          ? ""
          : formatIpAddress(hexBytes(gateway!).reverse()),
        device: device!,
      }],
      source: "",
      metric: Number(words[6]),
      protocol: "",
      scope: "",
      mtu: undefined,
      isDead: false,
    }];
  });
}

/** @param text `/proc/net/ipv6_route`. @returns Routes of IPv6 in the main table. */
export function parseProcIpv6Route(text: string): RouteState[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    if (words.length < 10) return [];
    const flags = parseInt(words[8]!, 16);
    const device = words[9]!;
    const length = parseInt(words[1]!, 16);
    const isLocal = (flags & 0x80000000) !== 0;
    if ((flags & RTF_UP) === 0 || isLocal) return [];
    const gateway = formatIpAddress(hexBytes(words[4]!));
    const target = formatIpAddress(hexBytes(words[0]!));
    return [{
      family: 6 as const,
      table: "main",
      destination: length === 0 ? "default" : `${target}/${length}`,
      type: (flags & RTF_REJECT) === 0 ? "unicast" : "unreachable",
      hops: [{
        gateway: (flags & RTF_GATEWAY) === 0 ? "" : gateway,
        device: device === "lo" ? "" : device,
      }],
      source: "",
      metric: parseInt(words[5]!, 16),
      protocol: "",
      scope: "",
      mtu: undefined,
      isDead: false,
    }];
  });
}

/** @param text `/proc/net/if_inet6`. @returns Addresses of IPv6 with their interfaces. */
export function parseProcIfInet6(
  text: string,
): readonly { readonly device: string; readonly address: AddressState }[] {
  return text.split("\n").flatMap((line) => {
    const [hex, , length, scope, flagText, device] = line.trim().split(/\s+/);
    if (device === undefined || hex?.length !== 32) return [];
    const flags = parseInt(flagText!, 16);
    return [{
      device,
      address: {
        ip: formatIpAddress(hexBytes(hex)),
        prefixLength: parseInt(length!, 16),
        scope: scope === "10" ? "host" : scope === "20" ? "link" : "global",
        isDynamic: (flags & IFA_F_PERMANENT) === 0,
        isTentative: (flags & 0x40) !== 0,
        isDuplicate: (flags & 0x08) !== 0,
      },
    }];
  });
}

/** @param text `/proc/net/arp`. @returns Neighbours of IPv4. */
export function parseProcArp(text: string): NeighbourState[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [ip, , flags, mac, , device] = words;
    if (device === undefined) return [];
    const isKnown = (parseInt(flags!, 16) & ARP_COMPLETE) !== 0;
    return [{
      ip: ip!,
      device,
      mac: isKnown ? mac! : "",
      state: isKnown ? "reachable" : "incomplete",
      isRouter: false,
    }];
  });
}

/**
 * @param count `/proc/sys/net/netfilter/nf_conntrack_count`.
 * @param max `/proc/sys/net/netfilter/nf_conntrack_max`.
 * @param stat `/proc/net/stat/nf_conntrack`: a row per processor, in hexadecimal.
 * @returns State of the table of connections, `undefined` where there is none.
 */
export function parseConntrackState(
  count: string | undefined,
  max: string | undefined,
  stat: string | undefined,
): ConntrackState | undefined {
  const numbers = [Number(count?.trim() || NaN), Number(max?.trim() || NaN)];
  if (numbers.some((value) => !Number.isFinite(value))) return undefined;
  const rows = (stat ?? "").trim().split("\n").map((line) =>
    line.trim().split(/\s+/)
  );
  const columns = rows[0] ?? [];
  let drops = 0;
  for (const row of rows.slice(1)) {
    for (const name of ["drop", "early_drop"]) {
      drops += parseInt(row[columns.indexOf(name)] ?? "0", 16) || 0;
    }
  }
  return { count: numbers[0]!, max: numbers[1]!, drops };
}

function hexBytes(hex: string): Uint8Array<ArrayBuffer> {
  return /^([0-9a-fA-F]{2})*$/.test(hex)
    ? Uint8Array.fromHex(hex)
    : new Uint8Array(4);
}

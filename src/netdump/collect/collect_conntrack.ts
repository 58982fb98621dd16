import {
  NETLINK_PROTOCOL,
  NetlinkSocket,
} from "../../platform/netlink_socket.ts";
import { joinHostPort } from "../../codec/ip_address.ts";
import type { DumpEntry } from "../dump_entry.ts";
import { decodeConntrackEntry } from "../tracer/conntrack_decoder.ts";
import type { ConntrackEntry } from "../tracer/conntrack_decoder.ts";
import { encodeConntrackDump } from "../tracer/conntrack_encoder.ts";
import type { CollectKit } from "./collect_kit.ts";

/** Rows that are kept. */
const MAX_ROWS = 10_000;
const MESSAGE_GET = 0x0101;
const FLAGS_DUMP = 0x301;

/**
 * Gathers the table of connections, at most 10,000 of them, and its limits.
 *
 * @param kit Files.
 * @returns Entries.
 */
export function collectConntrack(kit: CollectKit): DumpEntry[] {
  const sysctl = "/proc/sys/net/netfilter/nf_conntrack";
  const limits = ["count", "max", "buckets", "acct"].flatMap((name) => {
    const value = kit.procText(`${sysctl}_${name}`)?.trim();
    return value === undefined ? [] : [`nf_conntrack_${name} ${value}`];
  });
  const entries: DumpEntry[] = [];
  if (limits.length > 0) {
    entries.push(
      kit.text("conntrack-limits.txt", `${limits.join("\n")}\n`, "proc"),
    );
  }
  const text = kit.procText("/proc/net/nf_conntrack");
  if (text !== undefined) {
    const rows = text.split("\n").filter((row) => row !== "");
    return [...entries, tableEntry(kit, rows, "proc")];
  }
  try {
    const rows = kit.within(readTable).map(formatEntry);
    return [...entries, tableEntry(kit, rows, "netlink")];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [...entries, kit.absent("conntrack.txt", reason, "netlink")];
  }
}

function tableEntry(
  kit: CollectKit,
  rows: readonly string[],
  source: "proc" | "netlink",
): DumpEntry {
  const kept = rows.slice(0, MAX_ROWS);
  const entry = kit.text(
    "conntrack.txt",
    kept.map((row) => `${row}\n`).join(""),
    source,
  );
  return kept.length < rows.length ? { ...entry, truncated: true } : entry;
}

function readTable(): ConntrackEntry[] {
  using socket = new NetlinkSocket(NETLINK_PROTOCOL.netfilter);
  return [true, false].flatMap((isIpv4) =>
    socket.request(
      MESSAGE_GET,
      FLAGS_DUMP,
      encodeConntrackDump(isIpv4),
      MAX_ROWS + 1,
    ).flatMap(({ payload }) => decodeConntrackEntry(payload) ?? [])
  );
}

function formatEntry(entry: ConntrackEntry): string {
  const { protocol, tcpState, addrOrig, addrReply, status, mark } = entry;
  const tuple = (address: ConntrackEntry["addrOrig"]) =>
    `${joinHostPort(address.srcIp, address.srcPort)} > ${
      joinHostPort(address.dstIp, address.dstPort)
    }`;
  return `protocol ${protocol} ${tcpState || "-"} ${tuple(addrOrig)} reply ${
    tuple(addrReply)
  } sent ${entry.packetsSent}/${entry.bytesSent} received ${entry.packetsRecv}/${entry.bytesRecv} mark ${mark} ${status}`;
}

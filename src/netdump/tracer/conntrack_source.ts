import { OsError } from "../../base/errors.ts";
import { parseIpAddress } from "../../codec/ip_address.ts";
import {
  NETLINK_PROTOCOL,
  NetlinkSocket,
} from "../../platform/netlink_socket.ts";
import {
  decodeConntrackEntry,
  parseConntrackLine,
} from "./conntrack_decoder.ts";
import type { ConntrackEntry } from "./conntrack_decoder.ts";
import {
  encodeConntrackDump,
  encodeConntrackGet,
  IP_PROTOCOL,
} from "./conntrack_encoder.ts";

/** A connection to look up; without a source the entry is searched for. */
export interface ConntrackQuery {
  readonly protocol: "tcp" | "udp";
  readonly source?:
    | { readonly address: string; readonly port: number }
    | undefined;
  readonly destination: { readonly address: string; readonly port: number };
}

/** The kernel's table of connections. */
export interface ConntrackTable extends Disposable {
  /** Answers so far whose layout is not known. */
  readonly unreadable: number;
  /**
   * @param query A connection.
   * @returns Its entry; `undefined` when there is none or its layout is not known.
   * @throws {OsError} When the kernel refuses to answer.
   */
  lookup(query: ConntrackQuery): ConntrackEntry | undefined;
}

const MESSAGE_GET = 0x0101;
const FLAG_REQUEST = 1;
const FLAGS_DUMP = 0x301;
const ENOENT = 2;
const EINVAL = 22;
/** More entries are not searched for one without a source. */
const MAX_DUMP_ENTRIES = 100_000;
const PROC_FILE = "/proc/net/nf_conntrack";

/**
 * Opens the table by netlink or, where FFI is not permitted, as
 * `/proc/net/nf_conntrack`.
 *
 * @returns The table.
 * @throws {Deno.errors.PermissionDenied} When a capability is missing.
 * @throws {OsError} When the kernel refuses otherwise.
 * @throws {Deno.errors.NotSupported} When this system has none.
 */
export function openConntrackTable(): ConntrackTable {
  try {
    const socket = new NetlinkSocket(NETLINK_PROTOCOL.netfilter);
    try {
      probe(socket);
    } catch (error) {
      socket.close();
      throw error;
    }
    return new NetlinkConntrackTable(socket);
  } catch (error) {
    if (error instanceof OsError && error.code === "EPERM") {
      throw new Deno.errors.PermissionDenied(
        "Cannot ask connection tracking: CAP_NET_ADMIN is missing; run as root or grant the capability",
        { cause: error },
      );
    }
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    try {
      Deno.statSync(PROC_FILE);
    } catch {
      throw error;
    }
    return new ProcConntrackTable();
  }
}

/** A kernel without connection tracking answers EINVAL to any question. */
function probe(socket: NetlinkSocket): void {
  const nowhere = new Uint8Array(4);
  try {
    socket.request(
      MESSAGE_GET,
      FLAG_REQUEST,
      encodeConntrackGet({
        source: nowhere,
        sourcePort: 0,
        destination: nowhere,
        destinationPort: 0,
        protocol: IP_PROTOCOL.tcp,
      }),
    );
  } catch (error) {
    if (!(error instanceof OsError) || error.errno !== ENOENT) throw error;
  }
}

class NetlinkConntrackTable implements ConntrackTable {
  unreadable = 0;
  readonly #socket: NetlinkSocket;

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  lookup(query: ConntrackQuery): ConntrackEntry | undefined {
    const destination = parseIpAddress(query.destination.address);
    if (destination === undefined) return undefined;
    const { source } = query;
    if (source === undefined) return this.#search(query, destination);
    const from = parseIpAddress(source.address);
    if (from?.length !== destination.length) return undefined;
    try {
      const [answer] = this.#socket.request(
        MESSAGE_GET,
        FLAG_REQUEST,
        encodeConntrackGet({
          source: from,
          sourcePort: source.port,
          destination,
          destinationPort: query.destination.port,
          protocol: IP_PROTOCOL[query.protocol],
        }),
      );
      return answer === undefined ? undefined : this.#decode(answer.payload);
    } catch (error) {
      const isNone = error instanceof OsError &&
        (error.errno === ENOENT || error.errno === EINVAL);
      if (isNone) return undefined;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #search(
    query: ConntrackQuery,
    destination: Uint8Array,
  ): ConntrackEntry | undefined {
    const answers = this.#socket.request(
      MESSAGE_GET,
      FLAGS_DUMP,
      encodeConntrackDump(destination.length === 4),
      MAX_DUMP_ENTRIES,
    );
    return newestOf(
      answers.map(({ payload }) => this.#decode(payload)),
      query,
    );
  }

  #decode(payload: Uint8Array): ConntrackEntry | undefined {
    const entry = decodeConntrackEntry(payload);
    if (entry === undefined) this.unreadable++;
    return entry;
  }
}

class ProcConntrackTable implements ConntrackTable {
  // Lines of other protocols are no fault.
  readonly unreadable = 0;

  lookup(query: ConntrackQuery): ConntrackEntry | undefined {
    const entries = Deno.readTextFileSync(PROC_FILE).split("\n")
      .slice(0, MAX_DUMP_ENTRIES).map(parseConntrackLine);
    return newestOf(entries, query);
  }

  [Symbol.dispose](): void {}
}

/** The last of the entries that fit: tables grow at their end as far as they have an order. */
function newestOf(
  entries: readonly (ConntrackEntry | undefined)[],
  query: ConntrackQuery,
): ConntrackEntry | undefined {
  const { source, destination } = query;
  return entries.findLast((entry): entry is ConntrackEntry =>
    entry !== undefined &&
    entry.protocol === IP_PROTOCOL[query.protocol] &&
    entry.addrOrig.dstIp === destination.address &&
    entry.addrOrig.dstPort === destination.port &&
    (source === undefined ||
      (entry.addrOrig.srcIp === source.address &&
        entry.addrOrig.srcPort === source.port))
  );
}

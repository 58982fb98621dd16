import {
  NETLINK_PROTOCOL,
  NetlinkSocket,
} from "../../platform/netlink_socket.ts";
import {
  decodeAddress,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  decodeRule,
} from "./rtnetlink_decoder.ts";
import type { DecodedLink } from "./rtnetlink_decoder.ts";
import type {
  AddressState,
  LinkState,
  NeighbourState,
  RouteState,
  RuleState,
} from "./types.ts";

const FLAGS_DUMP = 0x301;
/** What is read of one kind at most; a router of the internet has a million routes. */
const MAX_MESSAGES = 20_000;

/** Number of a question and bytes of its structure. */
const ASK = {
  links: { type: 18, bytes: 16 },
  addresses: { type: 22, bytes: 8 },
  routes: { type: 26, bytes: 12 },
  neighbours: { type: 30, bytes: 12 },
  rules: { type: 34, bytes: 12 },
} as const;

/** What the kernel tells of its network by netlink. */
export interface RtnetlinkState {
  readonly links: readonly LinkState[];
  readonly routes: readonly RouteState[];
  readonly rules: readonly RuleState[];
  readonly neighbours: readonly NeighbourState[];
}

/**
 * Asks the kernel for links, addresses, routes, rules and neighbours of both
 * families. It is done when it returns, so it can be called within another
 * namespace.
 *
 * @returns The answers; a million routes are cut to 20,000.
 * @throws {OsError} When the kernel refuses.
 * @throws {Deno.errors.NotCapable} When FFI is not permitted.
 * @throws {Deno.errors.NotSupported} When this system is not Linux.
 */
export function readRtnetlink(): RtnetlinkState {
  using socket = new NetlinkSocket(NETLINK_PROTOCOL.route);
  const ask = (kind: keyof typeof ASK): Uint8Array[] => {
    const { type, bytes } = ASK[kind];
    const question = new Uint8Array(bytes);
    return socket.request(type, FLAGS_DUMP, question, MAX_MESSAGES)
      .map(({ payload }) => payload);
  };
  const decoded = ask("links").flatMap((payload) => decodeLink(payload) ?? []);
  const names = new Map(decoded.map(({ link }) => [link.index, link.name]));
  const addresses = new Map<number, AddressState[]>();
  for (const payload of ask("addresses")) {
    const found = decodeAddress(payload);
    if (found === undefined) continue;
    const known = addresses.get(found.linkIndex) ?? [];
    addresses.set(found.linkIndex, [...known, found.address]);
  }
  return {
    links: decoded.map((each) => withNames(each, names, addresses)),
    routes: ask("routes").flatMap((each) => decodeRoute(each, names) ?? []),
    rules: ask("rules").flatMap((payload) => decodeRule(payload) ?? []),
    neighbours: ask("neighbours").flatMap((payload) =>
      decodeNeighbour(payload, names) ?? []
    ),
  };
}

function withNames(
  { link, masterIndex, parentIndex }: DecodedLink,
  names: ReadonlyMap<number, string>,
  addresses: ReadonlyMap<number, AddressState[]>,
): LinkState {
  // The other end of a veth pair may be in another namespace: a number only.
  const parent = parentIndex === 0 || parentIndex === link.index
    ? ""
    : link.kind === "veth"
    ? `if${parentIndex}`
    : names.get(parentIndex) ?? `if${parentIndex}`;
  return {
    ...link,
    master: masterIndex === 0 ? "" : names.get(masterIndex) ?? "",
    parent,
    addresses: addresses.get(link.index) ?? [],
  };
}

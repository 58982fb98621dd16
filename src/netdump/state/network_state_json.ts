import { toJsonText } from "../../base/json_text.ts";
import {
  countOf,
  isTrue,
  numberOf,
  parseJsonText,
  recordOf,
  recordsOf,
  stringOf,
  stringsOf,
} from "./json_values.ts";
import type { JsonRecord } from "./json_values.ts";
import type {
  AddressState,
  LinkCounters,
  LinkState,
  NeighbourState,
  NetworkState,
  RouteState,
  RuleState,
} from "./types.ts";

/** Name of the state in a dump, below the top folder or that of a namespace. */
export const STATE_NAME = "linux/state.json";

/** Most items of each list: a router can have a million of routes. */
const MAX_LISTED = 10_000;

/**
 * Writes a state. Of each list the first 10,000 are written, default routes in
 * front of others; how many more there were stands in `leftOut`.
 *
 * @param state The state.
 * @returns JSON text with a line feed at the end.
 */
export function formatNetworkState(state: NetworkState): string {
  const leftOut: Record<string, number> = {};
  const limit = <T>(
    name: string,
    items: readonly T[],
    isFirst: (item: T) => boolean = () => false,
  ): readonly T[] => {
    if (items.length <= MAX_LISTED) return items;
    leftOut[name] = items.length - MAX_LISTED;
    return [
      ...items.filter(isFirst),
      ...items.filter((item) => !isFirst(item)),
    ].slice(0, MAX_LISTED);
  };
  const limited = {
    ...state,
    links: limit("links", state.links),
    routes: limit(
      "routes",
      state.routes,
      ({ destination }) => destination === "default",
    ),
    rules: limit("rules", state.rules),
    neighbours: limit("neighbours", state.neighbours),
    leases: limit("leases", state.leases),
  };
  const value = {
    schema: 1,
    ...limited,
    leftOut: Object.keys(leftOut).length > 0 ? leftOut : undefined,
  };
  return `${toJsonText(value, 1)}\n`;
}

/**
 * Reads a state; what is not as it should be reads as empty.
 *
 * @param text JSON text.
 * @returns The state, or `undefined` when it is none.
 */
export function parseNetworkState(text: string): NetworkState | undefined {
  const value = recordOf(parseJsonText(text));
  if (value["schema"] !== 1) return undefined;
  const resolver = recordOf(value["resolver"]);
  const conntrack = recordOf(value["conntrack"]);
  const clock = recordOf(value["clock"]);
  return {
    readAtMs: countOf(value["readAtMs"]),
    sources: textsOf(value["sources"]),
    links: recordsOf(value["links"]).map(linkOf),
    routes: recordsOf(value["routes"]).map(routeOf),
    rules: recordsOf(value["rules"]).map(ruleOf),
    neighbours: recordsOf(value["neighbours"]).map(neighbourOf),
    resolver: value["resolver"] === undefined ? undefined : {
      servers: stringsOf(resolver["servers"]),
      behindStub: stringsOf(resolver["behindStub"]),
      search: stringsOf(resolver["search"]),
      source: stringOf(resolver["source"]),
    },
    conntrack: value["conntrack"] === undefined ? undefined : {
      count: countOf(conntrack["count"]),
      max: countOf(conntrack["max"]),
      drops: countOf(conntrack["drops"]),
    },
    clock: value["clock"] === undefined ? undefined : {
      isSynchronized: typeof clock["isSynchronized"] === "boolean"
        ? clock["isSynchronized"]
        : undefined,
    },
    leases: recordsOf(value["leases"]).map((lease) => ({
      device: stringOf(lease["device"]),
      source: stringOf(lease["source"]),
      values: textsOf(lease["values"]),
    })),
  };
}

function linkOf(link: JsonRecord): LinkState {
  return {
    name: stringOf(link["name"]),
    index: countOf(link["index"]),
    isUp: isTrue(link["isUp"]),
    hasCarrier: isTrue(link["hasCarrier"]),
    isLoopback: isTrue(link["isLoopback"]),
    mtu: countOf(link["mtu"]),
    mac: stringOf(link["mac"]),
    kind: stringOf(link["kind"]),
    master: stringOf(link["master"]),
    parent: stringOf(link["parent"]),
    vlanId: numberOf(link["vlanId"]),
    addresses: recordsOf(link["addresses"]).map(addressOf),
    counters: link["counters"] === undefined
      ? undefined
      : countersOf(recordOf(link["counters"])),
  };
}

function addressOf(address: JsonRecord): AddressState {
  return {
    ip: stringOf(address["ip"]),
    prefixLength: countOf(address["prefixLength"]),
    scope: stringOf(address["scope"]),
    isDynamic: isTrue(address["isDynamic"]),
    isTentative: isTrue(address["isTentative"]),
    isDuplicate: isTrue(address["isDuplicate"]),
  };
}

function countersOf(counters: JsonRecord): LinkCounters {
  return {
    rxPackets: countOf(counters["rxPackets"]),
    rxBytes: countOf(counters["rxBytes"]),
    rxErrors: countOf(counters["rxErrors"]),
    rxDropped: countOf(counters["rxDropped"]),
    txPackets: countOf(counters["txPackets"]),
    txBytes: countOf(counters["txBytes"]),
    txErrors: countOf(counters["txErrors"]),
    txDropped: countOf(counters["txDropped"]),
  };
}

function routeOf(route: JsonRecord): RouteState {
  return {
    family: route["family"] === 6 ? 6 : 4,
    table: stringOf(route["table"]),
    destination: stringOf(route["destination"]),
    type: stringOf(route["type"]),
    hops: recordsOf(route["hops"]).map((hop) => ({
      gateway: stringOf(hop["gateway"]),
      device: stringOf(hop["device"]),
    })),
    source: stringOf(route["source"]),
    metric: countOf(route["metric"]),
    protocol: stringOf(route["protocol"]),
    scope: stringOf(route["scope"]),
    mtu: numberOf(route["mtu"]),
    isDead: isTrue(route["isDead"]),
  };
}

function ruleOf(rule: JsonRecord): RuleState {
  return {
    family: rule["family"] === 6 ? 6 : 4,
    priority: countOf(rule["priority"]),
    selector: stringOf(rule["selector"]),
    action: stringOf(rule["action"]),
    table: stringOf(rule["table"]),
  };
}

function neighbourOf(neighbour: JsonRecord): NeighbourState {
  return {
    ip: stringOf(neighbour["ip"]),
    device: stringOf(neighbour["device"]),
    mac: stringOf(neighbour["mac"]),
    state: stringOf(neighbour["state"]),
    isRouter: isTrue(neighbour["isRouter"]),
  };
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).filter((entry): entry is [string, string] =>
      typeof entry[1] === "string"
    ),
  );
}

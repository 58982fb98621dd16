import {
  countOf,
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
  IpFamily,
  LinkState,
  NeighbourState,
  RouteState,
  RuleState,
} from "./types.ts";

/** @param text Output of `ip -s -d -json addr`. @returns Links with addresses. */
export function parseIpJsonLinks(text: string): LinkState[] {
  return recordsOf(parseJsonText(text)).map((link) => {
    const flags = stringsOf(link["flags"]);
    const stats = recordOf(link["stats64"] ?? link["stats"]);
    const rx = recordOf(stats["rx"]);
    const tx = recordOf(stats["tx"]);
    const info = recordOf(link["linkinfo"]);
    const mac = stringOf(link["address"]);
    return {
      name: stringOf(link["ifname"]),
      index: countOf(link["ifindex"]),
      isUp: flags.includes("UP"),
      hasCarrier: flags.includes("LOWER_UP"),
      isLoopback: flags.includes("LOOPBACK"),
      mtu: countOf(link["mtu"]),
      mac: mac.length === 17 ? mac : "",
      kind: stringOf(info["info_kind"]),
      master: stringOf(link["master"]),
      parent: stringOf(link["link"]) ||
        (link["link_index"] === undefined ? "" : `if${link["link_index"]}`),
      vlanId: numberOf(recordOf(info["info_data"])["id"]),
      addresses: recordsOf(link["addr_info"]).map(addressOf),
      counters: link["stats64"] === undefined && link["stats"] === undefined
        ? undefined
        : {
          rxPackets: countOf(rx["packets"]),
          rxBytes: countOf(rx["bytes"]),
          rxErrors: countOf(rx["errors"]),
          rxDropped: countOf(rx["dropped"]),
          txPackets: countOf(tx["packets"]),
          txBytes: countOf(tx["bytes"]),
          txErrors: countOf(tx["errors"]),
          txDropped: countOf(tx["dropped"]),
        },
    };
  });
}

function addressOf(address: JsonRecord): AddressState {
  return {
    ip: stringOf(address["local"]),
    prefixLength: countOf(address["prefixlen"]),
    scope: stringOf(address["scope"]),
    isDynamic: address["dynamic"] === true,
    isTentative: address["tentative"] === true,
    isDuplicate: address["dadfailed"] === true,
  };
}

/**
 * @param text Output of `ip -json route show table all`.
 * @param family Family that was listed.
 * @returns Routes.
 */
export function parseIpJsonRoutes(
  text: string,
  family: IpFamily,
): RouteState[] {
  return recordsOf(parseJsonText(text)).map((route) => {
    const paths = recordsOf(route["nexthops"]);
    const flags = stringsOf(route["flags"]);
    const destination = stringOf(route["dst"]);
    const isWhole = destination === "default" || destination.includes("/");
    return {
      family,
      table: stringOf(route["table"]) || "main",
      destination: isWhole
        ? destination
        : `${destination}/${family === 4 ? 32 : 128}`,
      type: stringOf(route["type"]) || "unicast",
      hops: (paths.length === 0 ? [route] : paths).map((path) => ({
        gateway: stringOf(path["gateway"]) ||
          stringOf(recordOf(path["via"])["host"]),
        device: stringOf(path["dev"]),
      })),
      source: stringOf(route["prefsrc"]),
      metric: countOf(route["metric"]),
      protocol: stringOf(route["protocol"]),
      scope: stringOf(route["scope"]),
      mtu: numberOf(recordsOf(route["metrics"])[0]?.["mtu"]),
      isDead: flags.includes("dead") || flags.includes("linkdown"),
    };
  });
}

/**
 * @param text Output of `ip -json rule`.
 * @param family Family that was listed.
 * @returns Rules.
 */
export function parseIpJsonRules(text: string, family: IpFamily): RuleState[] {
  return recordsOf(parseJsonText(text)).map((rule) => {
    const words = ["from", network(rule, "src")];
    if (rule["dst"] !== undefined) words.push("to", network(rule, "dst"));
    for (const key of ["fwmark", "iif", "oif", "ipproto", "sport", "dport"]) {
      const value = rule[key];
      if (value !== undefined) words.push(key, String(value));
    }
    const table = stringOf(rule["table"]);
    return {
      family,
      priority: countOf(rule["priority"]),
      selector: words.join(" "),
      action: table === "" ? stringOf(rule["action"]) || "nop" : "lookup",
      table,
    };
  });
}

function network(rule: JsonRecord, key: "src" | "dst"): string {
  const length = rule[`${key}len`];
  const address = stringOf(rule[key]) || "all";
  return length === undefined ? address : `${address}/${length}`;
}

/** @param text Output of `ip -json neigh`. @returns Neighbours. */
export function parseIpJsonNeighbours(text: string): NeighbourState[] {
  return recordsOf(parseJsonText(text)).map((neighbour) => ({
    ip: stringOf(neighbour["dst"]),
    device: stringOf(neighbour["dev"]),
    mac: stringOf(neighbour["lladdr"]),
    state: (stringsOf(neighbour["state"])[0] ?? "").toLowerCase(),
    isRouter: neighbour["router"] !== undefined,
  }));
}

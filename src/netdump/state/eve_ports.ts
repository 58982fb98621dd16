import {
  countOf,
  isTrue,
  parseJsonText,
  recordOf,
  recordsOf,
  stringOf,
  stringsOf,
} from "./json_values.ts";

/** What EVE says of one of its ports. */
export interface EvePort {
  readonly device: string;
  readonly isManagement: boolean;
  readonly isUp: boolean;
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
  readonly dnsServers: readonly string[];
  readonly domain: string;
  readonly lastError: string;
}

/** What EVE says of its ports. */
export interface EvePortStatus {
  /** State of the test of the configuration, for example `success`. */
  readonly state: string;
  readonly ports: readonly EvePort[];
}

const STATES: readonly string[] = [
  "none",
  "fail",
  "fail with IP and DNS",
  "success",
  "waiting for IP and DNS",
  "waiting for PCI",
  "waiting for interface",
  "remote side broken",
  "waiting for asynchronous work",
  "waiting for modem",
];

/**
 * Reads EVE's `dns.json`, the state of its ports.
 *
 * @param text JSON text.
 * @returns The ports, or `undefined` when it is no such file.
 */
export function parseEvePorts(text: string): EvePortStatus | undefined {
  const value = recordOf(parseJsonText(text));
  if (!Array.isArray(value["Ports"])) return undefined;
  const state = countOf(value["State"]);
  return {
    state: STATES[state] ?? `state ${state}`,
    ports: recordsOf(value["Ports"]).map((port) => ({
      device: stringOf(port["IfName"]),
      isManagement: isTrue(port["IsMgmt"]),
      isUp: isTrue(port["Up"]),
      addresses: recordsOf(port["AddrInfoList"]).map(({ Addr }) =>
        stringOf(Addr)
      ).filter((address) => address !== ""),
      gateways: stringsOf(port["DefaultRouters"]),
      dnsServers: stringsOf(port["DNSServers"]),
      domain: stringOf(port["DomainName"]),
      lastError: stringOf(port["LastError"]),
    })),
  };
}

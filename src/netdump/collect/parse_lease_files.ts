import { formatIpAddress } from "../../codec/ip_address.ts";

/** What a lease says, with the names of dhcpcd. */
export type LeaseValues = Readonly<Record<string, string>>;

/** BOOTP: 236 bytes, cookie 63 82 53 63, then options of type, length, value. */
const BOOTP_BYTES = 236;
const COOKIE = "63825363";

const NETWORKD_NAMES: Readonly<Record<string, string>> = {
  ADDRESS: "ip_address",
  NETMASK: "subnet_mask",
  ROUTER: "routers",
  DNS: "domain_name_servers",
  NTP: "ntp_servers",
  DOMAINNAME: "domain_name",
  SERVER_ADDRESS: "dhcp_server_identifier",
  LIFETIME: "dhcp_lease_time",
  T1: "dhcp_renewal_time",
  T2: "dhcp_rebinding_time",
  MTU: "interface_mtu",
};

/** @param text A file of `/run/systemd/netif/leases`. @returns What it says. */
export function parseNetworkdLease(text: string): LeaseValues {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    const name = key === undefined ? undefined : NETWORKD_NAMES[key];
    if (name !== undefined) values[name] = value!;
  }
  return values;
}

/**
 * @param text Output of `nmcli -t -f DHCP4,IP4 device show`.
 * @returns What it says, `undefined` when there is no lease in it.
 */
export function parseNmcliLease(text: string): LeaseValues | undefined {
  const values: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const option = /^DHCP4\.OPTION\[\d+\]:\s*(\S+)\s*=\s*(.*)$/.exec(line);
    if (option === null) continue;
    values[option[1]!.replaceAll("-", "_")] = option[2]!;
  }
  return Object.keys(values).length === 0 ? undefined : values;
}

/**
 * @param text A file of leases of dhclient.
 * @param device The interface.
 * @returns What the last lease of the interface says, if there is one.
 */
export function parseDhclientLeases(
  text: string,
  device: string,
): LeaseValues | undefined {
  let last: Record<string, string> | undefined;
  for (const [, body] of text.matchAll(/lease6?\s*\{([^}]*)\}/g)) {
    const own = /interface\s+"([^"]*)"/.exec(body!)?.[1];
    if (own !== device) continue;
    const values: Record<string, string> = {};
    for (
      const [, name, value] of body!.matchAll(/option\s+(\S+)\s+([^;]*);/g)
    ) {
      values[name!.replaceAll("-", "_")] = value!.replaceAll('"', "")
        .replaceAll(",", " ");
    }
    const address = /fixed-address\s+([^;]+);/.exec(body!)?.[1];
    if (address !== undefined) values["ip_address"] = address;
    const expire = /expire\s+\d\s+([^;]+);/.exec(body!)?.[1];
    if (expire !== undefined) values["expire"] = expire;
    last = values;
  }
  return last;
}

/** Options that are lists of addresses, and others, by number. */
const ADDRESS_OPTIONS: Readonly<Record<number, string>> = {
  1: "subnet_mask",
  3: "routers",
  6: "domain_name_servers",
  28: "broadcast_address",
  42: "ntp_servers",
  54: "dhcp_server_identifier",
};
const TIME_OPTIONS: Readonly<Record<number, string>> = {
  51: "dhcp_lease_time",
  58: "dhcp_renewal_time",
  59: "dhcp_rebinding_time",
};
const TEXT_OPTIONS: Readonly<Record<number, string>> = {
  12: "host_name",
  15: "domain_name",
};

/**
 * Decodes a DHCP packet, which is what dhcpcd keeps of a lease.
 *
 * @param packet The packet.
 * @returns What it says, `undefined` when it is no such packet.
 */
export function decodeDhcpPacket(packet: Uint8Array): LeaseValues | undefined {
  const cookie = packet.subarray(BOOTP_BYTES, BOOTP_BYTES + 4);
  if (cookie.toHex() !== COOKIE) return undefined;
  const values: Record<string, string> = {
    "ip_address": formatIpAddress(packet.subarray(16, 20)),
  };
  for (let at = BOOTP_BYTES + 4; at < packet.length;) {
    const type = packet[at]!;
    if (type === 255) break;
    if (type === 0) {
      at++;
      continue;
    }
    const length = packet[at + 1];
    if (length === undefined || at + 2 + length > packet.length) break;
    const value = packet.subarray(at + 2, at + 2 + length);
    const addresses = ADDRESS_OPTIONS[type];
    if (addresses !== undefined && length % 4 === 0) {
      values[addresses] = Array.from(
        { length: length / 4 },
        (_, index) => formatIpAddress(value.subarray(index * 4, index * 4 + 4)),
      ).join(" ");
    } else if (TIME_OPTIONS[type] !== undefined && length === 4) {
      const seconds = new DataView(value.buffer, value.byteOffset).getUint32(0);
      values[TIME_OPTIONS[type]] = String(seconds);
    } else if (TEXT_OPTIONS[type] !== undefined) {
      values[TEXT_OPTIONS[type]] = new TextDecoder().decode(value)
        // deno-lint-ignore no-control-regex
        .replaceAll(/[\x00-\x1f]/g, "");
    }
    at += 2 + length;
  }
  return values;
}

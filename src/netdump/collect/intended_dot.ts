/** A configuration file of a network manager. */
export interface ConfigurationFile {
  /** Where it lies; the ending tells what it is. */
  readonly path: string;
  /** Its content. */
  readonly text: string;
}

/** What one file wants of one interface. */
interface Intention {
  readonly path: string;
  device: string;
  /** Nodes that the interface leads to. */
  readonly wants: string[];
}

/** What a name of networkd, NetworkManager, ifupdown or dhcpcd asks for. */
const NODES: Readonly<Record<string, string>> = {
  Address: "Address",
  Gateway: "Gateway",
  DNS: "NameServer",
  NTP: "TimeServer",
  Bridge: "Interface",
  Bond: "Interface",
  VLAN: "Interface",
  VRF: "Interface",
  address: "Address",
  addresses: "Address",
  gateway: "Gateway",
  dns: "NameServer",
  master: "Interface",
  controller: "Interface",
  parent: "Interface",
  "dns-nameservers": "NameServer",
  "bond-master": "Interface",
  "vlan-raw-device": "Interface",
  "bridge_ports": "Interface",
  "ip_address": "Address",
  "ip6_address": "Address",
  routers: "Gateway",
  "domain_name_servers": "NameServer",
};

/**
 * Draws what the configuration of a device wants its network to be, in the
 * language of Graphviz. Only interfaces, addresses, gateways, name servers and
 * time servers are taken from the files, never a secret.
 *
 * @param files Files of systemd-networkd (`.network`), NetworkManager
 * (`.nmconnection`), ifupdown (`interfaces`) and dhcpcd (`dhcpcd.conf`).
 * @returns The graph, `undefined` where the files want nothing.
 */
export function formatIntendedDot(
  files: readonly ConfigurationFile[],
): string | undefined {
  const edges = new Set<string>();
  for (const { path, device, wants } of files.flatMap(readFile)) {
    const own = `Interface/${device}`;
    edges.add(`\t${quote(`Configuration/${path}`)} -> ${quote(own)};`);
    for (const node of wants) edges.add(`\t${quote(own)} -> ${quote(node)};`);
  }
  return edges.size === 0
    ? undefined
    : ["digraph G {", "\tnode [shape=box];", ...edges, "}", ""].join("\n");
}

function readFile(file: ConfigurationFile): readonly Intention[] {
  const { path } = file;
  if (path.endsWith(".network")) return [readSections(file, "*")];
  if (path.endsWith(".nmconnection")) return [readSections(file, "*")];
  return readBlocks(file);
}

/** `[Section]` and `name=value`, as systemd and NetworkManager write. */
function readSections(file: ConfigurationFile, device: string): Intention {
  const found: Intention = { path: file.path, device, wants: [] };
  let section = "";
  for (const line of linesOf(file.text)) {
    const head = /^\[([^\]]*)\]$/.exec(line)?.[1];
    if (head !== undefined) {
      section = head;
      continue;
    }
    const at = line.indexOf("=");
    if (at < 0) continue;
    const name = line.slice(0, at).trim();
    const value = line.slice(at + 1).trim();
    const isDevice = (section === "Match" && name === "Name") ||
      (section === "connection" && name === "interface-name");
    if (isDevice) found.device = value;
    else if (name === "DHCP" && !/^(no|false|none)$/i.test(value)) {
      found.wants.push("DHCP");
    } else if (name === "method" && /^ipv[46]$/.test(section)) {
      if (value === "auto") found.wants.push(`DHCP/${section}`);
    } else addWants(found, name.replace(/^(address)\d+$/, "$1"), value);
  }
  return found;
}

/** `iface eth0 inet static` or `interface eth0` and lines about it. */
function readBlocks(file: ConfigurationFile): readonly Intention[] {
  const found: Intention[] = [];
  let current: Intention | undefined;
  for (const line of linesOf(file.text)) {
    const [first = "", second = "", family = "", method = ""] = line.split(
      /[ \t]+/,
    );
    if (first === "iface" || first === "interface") {
      current = { path: file.path, device: second, wants: [] };
      if (method === "dhcp") current.wants.push(`DHCP/${family}`);
      found.push(current);
    } else if (current !== undefined && first === "static") {
      const at = second.indexOf("=");
      const rest = line.slice(line.indexOf("=") + 1);
      if (at > 0) addWants(current, second.slice(0, at), rest);
    } else if (current !== undefined) {
      addWants(current, first, line.slice(first.length).trim());
    }
  }
  return found;
}

function addWants(found: Intention, name: string, value: string): void {
  const kind = NODES[name];
  if (kind === undefined) return;
  const parts = value.split(/[ \t;,]+/).filter((part) => part !== "");
  // "address1=10.0.0.2/24,10.0.0.1" of NetworkManager names the gateway too.
  const [first, second] = parts;
  if (kind === "Address" && first !== undefined && value.includes(",")) {
    found.wants.push(`Address/${first}`);
    if (second !== undefined) found.wants.push(`Gateway/${second}`);
    return;
  }
  for (const part of parts) {
    if (part !== "none") found.wants.push(`${kind}/${part}`);
  }
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !/^[#;]/.test(line));
}

function quote(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

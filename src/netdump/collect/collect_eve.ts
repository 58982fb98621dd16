import type { DumpEntry } from "../dump_entry.ts";
import { hashMachineId } from "../host_facts.ts";
import { VERSION } from "../../base/version.ts";
import { readProcText } from "../../platform/proc_file.ts";
import type { LinkState, NetworkState } from "../state/types.ts";
import { formatDnsJson } from "./eve_dns_json.ts";
import { formatGoJson, GO_ZERO_TIME } from "./go_json.ts";
import type { GoJson } from "./go_json.ts";
import type { CollectKit } from "./collect_kit.ts";
import { collectModems } from "./collect_modems.ts";
import { formatIntendedDot } from "./intended_dot.ts";
import type { ConfigurationFile } from "./intended_dot.ts";
import { formatInnerDot, formatStateDot } from "./state_dot.ts";
import { isWireless } from "./wireless_link.ts";

/** Files that exist on EVE only. */
const EVE_MARKS = ["/run/eve-release", "/run/nim"] as const;

/** Where EVE keeps what goes into its dumps, in their order. */
const EVE_FILES: readonly (readonly [name: string, path: string])[] = [
  ["version.txt", "/run/eve-release"],
  ["device-uuid.txt", "/persist/status/uuid"],
  ["controller.txt", "/config/server"],
  ["nim-current-state.dot", "/run/nim-current-state.dot"],
  ["nim-intended-state.dot", "/run/nim-intended-state.dot"],
  ["zedrouter-current-state.dot", "/run/zedrouter-current-state.dot"],
  ["zedrouter-intended-state.dot", "/run/zedrouter-intended-state.dot"],
  ["dns.json", "/run/nim/DeviceNetworkStatus/global.json"],
  ["dpcl.json", "/persist/status/nim/DevicePortConfigList/global.json"],
  ["aa.json", "/run/domainmgr/AssignableAdapters/global.json"],
  ["wwan-config.json", "/run/nim/WwanConfig/global.json"],
  ["wwan-status.json", "/run/wwan/WwanStatus/global.json"],
  ["wwan-metrics.json", "/run/wwan/WwanMetrics/global.json"],
];

/** Where network managers keep what they are to do. */
const CONFIGURATION_FOLDERS: readonly (readonly [
  folder: string,
  ending: string,
])[] = [
  ["/etc/network/interfaces.d", ""],
  ["/etc/systemd/network", ".network"],
  ["/run/systemd/network", ".network"],
  ["/etc/NetworkManager/system-connections", ".nmconnection"],
  ["/run/NetworkManager/system-connections", ".nmconnection"],
];
const MAX_CONFIGURATION_FILES = 256;
const MAX_CONFIGURATION_LENGTH = 65_536;

/** What {@linkcode collectEve} knows beside the state. */
export interface CollectEveOptions {
  /** What requests are made to, for `controller.txt`. */
  readonly targets: readonly string[];
  /** Names of other network namespaces. */
  readonly namespaces: readonly string[];
  /** Whether `/etc/machine-id` is given as it is. @default {false} */
  readonly rawMachineId?: boolean | undefined;
  /** Outcome of requests, where there were any. */
  readonly outcome?:
    | { readonly isOk: boolean; readonly error: string; readonly time: string }
    | undefined;
  /** Environment with proxies. */
  readonly env: (name: string) => string | undefined;
}

/**
 * Gathers the files below `eve/`: copies on EVE, and on any other Linux what
 * stands for them.
 *
 * @param kit Programs and files.
 * @param state State of the network.
 * @param options What else is known.
 * @returns Entries in EVE's order.
 */
export async function collectEve(
  kit: CollectKit,
  state: NetworkState,
  options: CollectEveOptions,
): Promise<DumpEntry[]> {
  const isEve = EVE_MARKS.some(exists);
  const entries = isEve
    ? await Promise.all(
      EVE_FILES.map(([name, path]) => kit.file(`eve/${name}`, path)),
    )
    : await describeLinux(kit, state, options);
  entries.push(text(
    "runtime-version.txt",
    `tracedeck ${VERSION}\ndeno ${Deno.version.deno}\nv8 ${Deno.version.v8}\ntarget ${Deno.build.target}\n`,
  ));
  return entries;
}

async function describeLinux(
  kit: CollectKit,
  state: NetworkState,
  options: CollectEveOptions,
): Promise<DumpEntry[]> {
  const manager = findManager();
  const entries: DumpEntry[] = [
    text("version.txt", `${describeSystem()}\n`),
    uuidEntry(options.rawMachineId === true),
  ];
  if (options.targets.length > 0) {
    entries.push(text("controller.txt", `${options.targets.join("\n")}\n`));
  }
  entries.push(text("nim-current-state.dot", formatStateDot(state)));
  const intended = formatIntendedDot(readConfiguration());
  if (intended !== undefined) {
    entries.push(text("nim-intended-state.dot", intended));
  }
  const inner = formatInnerDot(state, options.namespaces);
  if (inner !== undefined) {
    entries.push(text("zedrouter-current-state.dot", inner));
  }
  entries.push(
    text(
      "dns.json",
      formatDnsJson(state, {
        manager,
        pciAddress,
        isWireless,
        bonding: (link, file) =>
          readProcText(`/sys/class/net/${link}/bonding/${file}`)?.trim() ?? "",
        proxies: readProxies(options.env),
        noProxy: options.env("no_proxy") ?? options.env("NO_PROXY") ?? "",
        outcome: options.outcome,
      }),
    ),
    text("dpcl.json", formatDpcl(state, manager, options)),
    text("aa.json", formatAdapters(state.links)),
    ...await collectModems(kit),
  );
  return entries;
}

/** Files of network managers, as far as they may be read. */
function readConfiguration(): readonly ConfigurationFile[] {
  const paths = ["/etc/network/interfaces", "/etc/dhcpcd.conf"];
  for (const [folder, ending] of CONFIGURATION_FOLDERS) {
    try {
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
        .filter((name) => name.endsWith(ending)).sort();
      paths.push(...names.map((name) => `${folder}/${name}`));
    } catch {
      // Not this manager, or not to be read.
    }
  }
  return paths.slice(0, MAX_CONFIGURATION_FILES).flatMap((path) => {
    const text = readText(path)?.slice(0, MAX_CONFIGURATION_LENGTH);
    return text === undefined ? [] : [{ path, text }];
  });
}

function text(name: string, content: string): DumpEntry {
  return {
    name: `eve/${name}`,
    source: "generated",
    content: new TextEncoder().encode(content),
  };
}

function describeSystem(): string {
  const release = readText("/etc/os-release") ?? "";
  const name = /^PRETTY_NAME="?(.*?)"?$/m.exec(release)?.[1] ?? Deno.build.os;
  let kernel = "";
  try {
    kernel = Deno.osRelease();
  } catch {
    // It may not be asked.
  }
  return [name, kernel, Deno.build.arch].filter((part) => part !== "")
    .join(", ");
}

function uuidEntry(isRaw: boolean): DumpEntry {
  const hex = isRaw
    ? readText("/etc/machine-id")?.trim()
    : hashMachineId("tracedeck netdump device uuid 1")?.toHex();
  if (hex === undefined || !/^[0-9a-f]{32}$/.test(hex)) {
    return {
      name: "eve/device-uuid.txt",
      source: "generated",
      skippedReason: "the machine has no id",
    };
  }
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return text("device-uuid.txt", `${uuid}\n`);
}

function findManager(): string {
  const marks: readonly (readonly [path: string, name: string])[] = [
    ["/run/NetworkManager", "NetworkManager"],
    ["/run/systemd/netif/state", "systemd-networkd"],
    ["/run/connman", "connman"],
    ["/run/dhcpcd", "dhcpcd"],
    ["/etc/network/interfaces", "ifupdown"],
  ];
  for (const [path, name] of marks) {
    if (exists(path)) return name;
  }
  return "manual";
}

/** One list entry: the configuration that is in use, as far as it shows. */
function formatDpcl(
  state: NetworkState,
  manager: string,
  { outcome }: CollectEveOptions,
): string {
  const ports = state.links.filter(({ isLoopback, kind }) =>
    !isLoopback && kind === ""
  );
  const port: GoJson = {
    Key: manager,
    LastError: outcome?.isOk === false ? outcome.error : "",
    LastFailed: outcome?.isOk === false ? outcome.time : GO_ZERO_TIME,
    LastIPAndDNS: GO_ZERO_TIME,
    LastSucceeded: outcome?.isOk === true ? outcome.time : GO_ZERO_TIME,
    LastWarning: "",
    Ports: ports.map((link) => ({
      IfName: link.name,
      Phylabel: link.name,
      Logicallabel: link.name,
      IsL3Port: true,
      IsMgmt: state.routes.some(({ destination, hops }) =>
        destination === "default" &&
        hops.some(({ device }) => device === link.name)
      ),
      MTU: link.mtu,
      Dhcp: state.leases.some(({ device }) => device === link.name) ? 4 : 1,
      Type: 4,
    })),
    State: outcome === undefined ? 0 : outcome.isOk ? 3 : 1,
    TimePriority: GO_ZERO_TIME,
    Version: 1,
  };
  return formatGoJson({ CurrentIndex: 0, PortConfigList: [port] });
}

function formatAdapters(links: readonly LinkState[]): string {
  const hardware = links.filter(({ kind, isLoopback }) =>
    kind === "" && !isLoopback
  );
  return formatGoJson({
    Initialized: true,
    IoBundleList: hardware.map((link) => ({
      Type: isWireless(link.name) ? 5 : 1,
      Phylabel: link.name,
      Logicallabel: link.name,
      AssignmentGroup: "",
      Usage: 0,
      Cost: 0,
      Ifname: link.name,
      PciLong: pciAddress(link.name),
      Irq: "",
      UsbAddr: "",
      UsbProduct: "",
      MacAddr: link.mac,
      UsedByUUID: "00000000-0000-0000-0000-000000000000",
      IsPCIBack: false,
      IsPort: true,
      Error: "",
      Vfs: {
        Count: Number(
          readProcText(`/sys/class/net/${link.name}/device/sriov_numvfs`) ?? 0,
        ) || 0,
        Data: null,
      },
    })),
  });
}

function pciAddress(link: string): string {
  try {
    const target = Deno.readLinkSync(`/sys/class/net/${link}/device`);
    const last = target.split("/").at(-1)!;
    return /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(last)
      ? last
      : "";
  } catch {
    return "";
  }
}

/** Credentials in the addresses of proxies are left out. */
function readProxies(env: CollectEveOptions["env"]): {
  readonly scheme: "http" | "https" | "socks" | "ftp";
  readonly server: string;
  readonly port: number;
}[] {
  const variables = [
    ["http", "http_proxy"],
    ["https", "https_proxy"],
    ["socks", "all_proxy"],
    ["ftp", "ftp_proxy"],
  ] as const;
  return variables.flatMap(([scheme, name]) => {
    const value = env(name) ?? env(name.toUpperCase()) ?? "";
    if (!URL.canParse(value)) return [];
    const { hostname, port } = new URL(value);
    return [{ scheme, server: hostname, port: Number(port) || 0 }];
  });
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}

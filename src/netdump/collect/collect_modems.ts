import type { DumpEntry } from "../dump_entry.ts";
import {
  countOf,
  parseJsonText,
  recordOf,
  stringOf,
  stringsOf,
} from "../state/json_values.ts";
import type { JsonRecord } from "../state/json_values.ts";
import { formatGoJson, GO_ZERO_TIME } from "./go_json.ts";
import type { GoJson } from "./go_json.ts";
import type { CollectKit } from "./collect_kit.ts";

/** What EVE writes for a signal that is not known. */
const UNKNOWN_SIGNAL = 2_147_483_647;
const MAX_MODEMS = 8;
const RATS: Readonly<Record<string, string>> = {
  gsm: "gsm",
  gprs: "gsm",
  edge: "gsm",
  umts: "umts",
  hspa: "umts",
  lte: "lte",
  "5gnr": "5gnr",
};

/**
 * Gathers modems of ModemManager in the form of EVE's `wwan-status.json` and
 * `wwan-metrics.json`; ids of modem and SIM keep their last four digits.
 *
 * @param kit Programs.
 * @returns Entries; none where there is no modem.
 */
export async function collectModems(kit: CollectKit): Promise<DumpEntry[]> {
  const listed = await ask(kit, ["mmcli", "-J", "-L"]);
  const paths = stringsOf(listed?.["modem-list"]).slice(0, MAX_MODEMS);
  if (paths.length === 0) return [];
  const status: GoJson[] = [];
  const metrics: GoJson[] = [];
  for (const path of paths) {
    const modem = recordOf(
      (await ask(kit, ["mmcli", "-J", "-m", path]))?.["modem"],
    );
    const signal = recordOf(
      (await ask(kit, ["mmcli", "-J", "-m", path, "--signal-get"]))?.["modem"],
    );
    const sim = await askFirst(kit, "-i", recordOf(modem["generic"])["sim"]);
    const bearer = await askFirst(
      kit,
      "-b",
      stringsOf(recordOf(modem["generic"])["bearers"])[0],
    );
    status.push(describeModem(modem, sim, bearer));
    metrics.push(describeSignal(kit, modem, signal));
  }
  const entry = (name: string, value: GoJson): DumpEntry => ({
    name: `eve/${name}`,
    source: "command",
    command: "mmcli -J",
    content: new TextEncoder().encode(formatGoJson(value)),
  });
  return [
    entry("wwan-status.json", { Networks: status }),
    entry("wwan-metrics.json", { Networks: metrics }),
  ];
}

async function ask(
  kit: CollectKit,
  command: readonly string[],
): Promise<JsonRecord | undefined> {
  const { status, exit, stdout } = await kit.run(command);
  if (status !== "done" || exit !== 0) return undefined;
  return recordOf(parseJsonText(new TextDecoder().decode(stdout)));
}

async function askFirst(
  kit: CollectKit,
  option: "-i" | "-b",
  path: unknown,
): Promise<JsonRecord> {
  if (typeof path !== "string" || !path.startsWith("/")) return {};
  const answer = await ask(kit, ["mmcli", "-J", option, path]);
  return recordOf(answer?.[option === "-i" ? "sim" : "bearer"]);
}

function describeModem(
  modem: JsonRecord,
  sim: JsonRecord,
  bearer: JsonRecord,
): GoJson {
  const generic = recordOf(modem["generic"]);
  const network = recordOf(modem["3gpp"]);
  const card = recordOf(sim["properties"]);
  const ip = recordOf(bearer["ipv4-config"]);
  const state = stringOf(generic["state"]);
  return {
    LogicalLabel: stringOf(generic["primary-port"]),
    PhysAddrs: physicalAddress(modem),
    Module: {
      Name: stringOf(generic["device-identifier"]),
      IMEI: maskId(stringOf(network["imei"])),
      Model: stringOf(generic["model"]),
      Manufacturer: stringOf(generic["manufacturer"]),
      Revision: stringOf(generic["revision"]),
      ControlProtocol: stringOf(generic["primary-port"]).includes("mbim")
        ? "mbim"
        : "qmi",
      OpMode: operatingMode(state),
    },
    SimCards: Object.keys(card).length === 0 ? null : [{
      SlotNumber: 1,
      SlotActivated: true,
      ICCID: maskId(stringOf(card["iccid"])),
      IMSI: maskId(stringOf(card["imsi"])),
      Type: "",
      State: stringOf(card["active"]) === "yes" ? "active" : "",
    }],
    ConfigError: stringOf(generic["state-failed-reason"]).replace(/^--$/, ""),
    ProbeError: "",
    CurrentProvider: {
      PLMN: stringOf(network["operator-code"]),
      Description: stringOf(network["operator-name"]),
      CurrentServing: true,
      Roaming: stringOf(network["registration-state"]) === "roaming",
      Forbidden: false,
    },
    VisibleProviders: null,
    CurrentRATs: stringsOf(generic["access-technologies"]).flatMap((name) =>
      RATS[name] ?? []
    ),
    ConnectedAt: 0,
    IPSettings: {
      Address: stringOf(ip["address"]),
      Gateway: stringOf(ip["gateway"]),
      DNSServers: stringsOf(ip["dns"]),
      MTU: Number(stringOf(ip["mtu"])) || 0,
    },
    LocationTracking: false,
    Bearers: null,
    Profiles: null,
    LastUpdate: GO_ZERO_TIME,
  };
}

function describeSignal(
  kit: CollectKit,
  modem: JsonRecord,
  signal: JsonRecord,
): GoJson {
  const signals = recordOf(signal["signal"]);
  const known =
    ["lte", "5g", "umts", "gsm"].map((name) => recordOf(signals[name])).find((
      values,
    ) => Number.isFinite(Number(values["rssi"]))) ?? {};
  const level = (key: string): number => {
    const value = Number(known[key]);
    return Number.isFinite(value) ? Math.round(value) : UNKNOWN_SIGNAL;
  };
  const link = physicalAddress(modem).Interface;
  const count = (file: string) =>
    countOf(Number(kit.procText(`/sys/class/net/${link}/statistics/${file}`)));
  return {
    LogicalLabel: stringOf(recordOf(modem["generic"])["primary-port"]),
    PhysAddrs: physicalAddress(modem),
    PacketStats: {
      RxBytes: count("rx_bytes"),
      RxPackets: count("rx_packets"),
      RxDrops: count("rx_dropped"),
      TxBytes: count("tx_bytes"),
      TxPackets: count("tx_packets"),
      TxDrops: count("tx_dropped"),
    },
    SignalInfo: {
      RSSI: level("rssi"),
      RSRQ: level("rsrq"),
      RSRP: level("rsrp"),
      SNR: level("snr"),
    },
  };
}

function physicalAddress(modem: JsonRecord): {
  readonly Interface: string;
  readonly USB: string;
  readonly PCI: string;
  readonly Dev: string;
} {
  const generic = recordOf(modem["generic"]);
  const port = stringsOf(generic["ports"]).find((each) =>
    each.endsWith("(net)")
  );
  return {
    Interface: port?.replace(/ \(net\)$/, "") ?? "",
    USB: "",
    PCI: "",
    Dev: stringOf(generic["device"]),
  };
}

function operatingMode(state: string): string {
  switch (state) {
    case "connected":
      return "online-and-connected";
    case "registered":
    case "enabled":
    case "searching":
    case "connecting":
      return "online";
    case "disabled":
    case "disabling":
      return "radio-off";
    case "failed":
    case "locked":
      return "offline";
    default:
      return "unrecognized";
  }
}

/** Ids of people keep their last four digits. */
function maskId(id: string): string {
  return id.length <= 4 ? id : "*".repeat(id.length - 4) + id.slice(-4);
}

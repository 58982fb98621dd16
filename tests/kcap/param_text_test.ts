import { assertEquals } from "@std/assert";
import type { KcapParamType } from "../../src/kcap/param_type_table.ts";
import { paramText } from "../../src/kcap/param_text.ts";
import type { KcapValue } from "../../src/kcap/types.ts";

const FILE = { name: "CreateFile", category: "file" };
const hex = (text: string) => Uint8Array.fromHex(text);
const SYSTEM_SID = "010100000000000512000000";
const HIGH_SID = "010100000000001000300000";
const TOKEN_USER = "00".repeat(16);

const CASES: readonly (readonly [
  name: string,
  type: KcapParamType,
  value: KcapValue,
  text: string,
  owner?: { readonly name: string; readonly category: string },
])[] = [
  ["a", "UnicodeString", "x", "x"],
  ["a", "Path", "C:\\x", "C:\\x"],
  ["sid", "SID", hex(SYSTEM_SID), "S-1-5-18"],
  ["sid", "WbemSID", hex(TOKEN_USER + SYSTEM_SID), "S-1-5-18"],
  ["sid", "WbemSID", "NT AUTHORITY\\SYSTEM", "NT AUTHORITY\\SYSTEM"],
  ["sid", "SID", hex("0105"), "0105"],
  ["token_integrity_level", "SID", hex(HIGH_SID), "HIGH"],
  ["token_integrity_level", "SID", hex(SYSTEM_SID), "UNKNOWN"],
  ["status", "Status", 0, "Success"],
  ["status", "Status", 259, "Success"],
  ["status", "Status", 0xc0000022, "Access is denied"],
  ["status", "Status", 0xc0000999, "0xc0000999"],
  ["a", "Address", 0xffffd105e9baaf70n, "ffffd105e9baaf70"],
  ["a", "HexInt64", 0n, "0"],
  ["a", "HexInt16", 255, "ff"],
  ["a", "Port", 443, "443"],
  ["a", "IPv4", hex("8efab80e"), "142.250.184.14"],
  ["a", "IPv6", hex("fe800000000000000000000000000001"), "fe80::1"],
  ["a", "IPv6", hex("00000000000000000000ffff01020304"), "1.2.3.4"],
  ["a", "Bool", true, "true"],
  ["a", "Float", 0.5, "0.500000"],
  ["a", "Time", "2024-10-10T07:00:00Z", "2024-10-10 07:00:00 +0000 UTC"],
  [
    "a",
    "Time",
    "2024-10-10T07:00:00.5+02:00",
    "2024-10-10 07:00:00.5 +0200 +0200",
  ],
  ["a", "Time", "never", "never"],
  ["create_disposition", "Enum", 2, "CREATE"],
  ["create_disposition", "Enum", 99, "99"],
  ["l4_proto", "Enum", 1, "TCP"],
  ["unknown", "Enum", 1, "1"],
  ["signature_level", "Enum", 12, "WINDOWS"],
  ["page_type", "Enum", 0x20000, "PRIVATE"],
  ["share_mask", "Flags", 5, "READ|DELETE"],
  ["share_mask", "Flags", 0, "DENY"],
  ["attributes", "Flags", 0, ""],
  ["unknown", "Flags", 1, ""],
  ["options", "Flags64", 0x6000n, "ADDRCONFIG|DUAL_ADDR"],
  ["flags", "Flags", 6, "WOW64|PROTECTED", {
    name: "CreateProcess",
    category: "process",
  }],
  ["flags", "Flags", 6, ""],
  ["protection", "Flags", 4, "READWRITE", {
    name: "VirtualAlloc",
    category: "mem",
  }],
  ["protection", "Flags", 0x40000, "READWRITE", {
    name: "MapViewFile",
    category: "file",
  }],
  ["desired_access", "Flags", 0x1fffff, "ALL_ACCESS", {
    name: "OpenProcess",
    category: "process",
  }],
  ["desired_access", "Flags", 2, "CREATE_THREAD", {
    name: "OpenProcess",
    category: "process",
  }],
  ["desired_access", "Flags", 2, "SUSPEND_THREAD", {
    name: "OpenThread",
    category: "thread",
  }],
  ["desired_access", "Flags", 0x10000000, "GENERIC_ALL", {
    name: "CreateSymbolicLinkObject",
    category: "object",
  }],
  ["a", "Slice", { kind: "strings", items: ["a", "b"] }, "a,b"],
  ["a", "Slice", { kind: "addresses", items: [1n, 255n] }, "1,ff"],
  ["a", "Binary", hex("010200ff"), "010200ff"],
  ["a", "Int64", -1n, "-1"],
];

for (const [name, type, value, text, owner = FILE] of CASES) {
  Deno.test(`paramText shows ${type} ${name} of ${owner.name} as "${text}"`, () => {
    assertEquals(
      paramText({ name, storedName: name, type, value }, owner),
      text,
    );
  });
}

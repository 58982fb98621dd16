import { ENUMS } from "./enum_table.ts";
import { flagNames, flagsOf } from "./flag_table.ts";
import { formatGoTime } from "./capture_time.ts";
import { ipText } from "./ip_text.ts";
import { integrityLevelText, sidText } from "./sid_text.ts";
import { statusText } from "./status_table.ts";
import type { KcapEvent, KcapParam } from "./types.ts";

/** The event that a parameter belongs to, as far as its text depends on it. */
export type ParamOwner = Pick<KcapEvent, "name" | "category">;

/**
 * Renders the value of a parameter: enumerations and flags by their symbols,
 * addresses in hexadecimal, statuses by their Windows text.
 *
 * @param param The parameter.
 * @param owner Its event.
 * @returns The text, not escaped; lone surrogates stand for bytes that are not
 * UTF-8.
 *
 * @example What a capture holds as a number
 * ```ts
 * import { paramText } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const param = {
 *   name: "share_mask",
 *   storedName: "share_mask",
 *   type: "Flags",
 *   value: 5,
 * } as const;
 * const owner = { name: "CreateFile", category: "file" };
 * assertEquals(paramText(param, owner), "READ|DELETE");
 * ```
 */
export function paramText(param: KcapParam, owner: ParamOwner): string {
  const { value, type } = param;
  switch (typeof value) {
    case "string":
      return type === "Time" ? formatGoTime(value) : value;
    case "boolean":
      return String(value);
    case "bigint":
      return bigText(param, value, owner);
    case "number":
      return numberText(param, value, owner);
    case "object":
      if (value instanceof Uint8Array) return bytesText(param, value);
      return value.kind === "strings"
        ? value.items.join(",")
        : value.items.map((item) => item.toString(16)).join(",");
  }
}

function bigText(
  { name, type }: KcapParam,
  value: bigint,
  owner: ParamOwner,
): string {
  switch (type) {
    case "Address":
    case "HexInt64":
      return value.toString(16);
    case "Flags64": {
      const flags = flagsOf(name, owner.name, owner.category);
      return flags === undefined ? "" : flagNames(value, flags).join("|");
    }
    default:
      return String(value);
  }
}

function numberText(
  { name, type }: KcapParam,
  value: number,
  owner: ParamOwner,
): string {
  switch (type) {
    case "Enum":
      return enumText(name, value);
    case "Flags": {
      const flags = flagsOf(name, owner.name, owner.category);
      return flags === undefined ? "" : flagNames(value, flags).join("|");
    }
    case "Status":
      return statusText(value);
    case "HexInt8":
    case "HexInt16":
    case "HexInt32":
      return value.toString(16);
    case "Float":
    case "Double":
      return value.toFixed(6);
    default:
      return String(value);
  }
}

/**
 * @param name Today's name of an enumeration parameter.
 * @param value Its number.
 * @returns Its symbol, or the number in decimal when it has none.
 */
export function enumText(name: string, value: number): string {
  return ENUMS.get(name)?.get(value) ?? String(value);
}

function bytesText({ name, type }: KcapParam, bytes: Uint8Array): string {
  switch (type) {
    case "IPv4":
    case "IPv6":
      return ipText(bytes);
    case "SID":
    case "WbemSID":
      return name === "token_integrity_level"
        ? integrityLevelText(bytes, type === "WbemSID")
        : sidText(bytes, type === "WbemSID");
    default:
      return bytes.toHex();
  }
}

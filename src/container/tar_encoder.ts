import { encodePaxRecord } from "./_pax_records.ts";
import { sumTarHeader, writeTarNumber } from "./_tar_number.ts";

const USTAR_MAGIC = "ustar\x0000";
const GNU_MAGIC = "ustar  \0";
/** Largest number that seven octal digits hold. */
const MAX_OCTAL7 = 8 ** 7 - 1;
const encoder = new TextEncoder();

/** What {@linkcode encodeTarHeader} says of an entry. */
export interface TarHeaderInput {
  /** Whole name, without a slash at the end. */
  readonly path: string;
  /** Kind of the entry. */
  readonly type: "file" | "directory";
  /** Rights; numbers beyond seven octal digits make a GNU header. */
  readonly mode: number;
  /** Bytes of content. @default {0} */
  readonly size?: number | undefined;
  /** Seconds since 1970, an integer. @default {0} */
  readonly mtime?: number | undefined;
  /** Number of the owner. @default {0} */
  readonly uid?: number | undefined;
  /** Number of the group. @default {0} */
  readonly gid?: number | undefined;
  /** Name of the owner. @default {""} */
  readonly userName?: string | undefined;
  /** Name of the group. @default {""} */
  readonly groupName?: string | undefined;
}

/**
 * Encodes the header of an entry, byte for byte as Go's `archive/tar` does:
 * ustar where it fits, GNU where a number needs it, and a PAX header in front
 * where a name needs it.
 *
 * @param input The entry.
 * @returns One block of 512 bytes, or more with a PAX header.
 * @throws {RangeError} When a number is no integer.
 *
 * @example The header of a folder
 * ```ts
 * import { encodeTarHeader } from "../../src/container/tar_encoder.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const header = encodeTarHeader({ path: "a", type: "directory", mode: 0o755 });
 * assertEquals(new TextDecoder().decode(header.subarray(100, 107)), "0000755");
 * ```
 */
export function encodeTarHeader(
  input: TarHeaderInput,
): Uint8Array<ArrayBuffer> {
  const { path, userName = "", groupName = "" } = input;
  for (const key of ["mode", "size", "mtime", "uid", "gid"] as const) {
    const value = input[key] ?? 0;
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(
        `Cannot encode tar header: ${key} is ${value}, expected an integer`,
      );
    }
  }
  const { mode, uid = 0, gid = 0, size = 0, mtime = 0 } = input;
  const isLarge = mode > MAX_OCTAL7 || uid > MAX_OCTAL7 || gid > MAX_OCTAL7 ||
    size >= 8 ** 11 || mtime >= 8 ** 11 ||
    Math.min(mode, uid, gid, size, mtime) < 0;
  const fields = {
    prefix: "",
    flag: input.type === "directory" ? "5" : "0",
    numbers: [mode, uid, gid, size, mtime],
  };
  if (isLarge) {
    // Only GNU headers hold such numbers; long names then go the GNU way too.
    const header = encodeBlock({
      ...fields,
      name: path,
      magic: GNU_MAGIC,
      userName,
      groupName,
    });
    const isLong = encoder.encode(path).length > 100;
    return isLong ? join([encodeLongName(path), header]) : header;
  }
  const split = splitPath(path);
  const pax = new Map<string, string>();
  if (split === undefined) pax.set("path", path);
  if (!fits(userName, 32)) pax.set("uname", userName);
  if (!fits(groupName, 32)) pax.set("gname", groupName);
  const header = encodeBlock({
    ...fields,
    name: split?.name ?? toAscii(path),
    prefix: split?.prefix ?? "",
    magic: USTAR_MAGIC,
    userName: toAscii(userName),
    groupName: toAscii(groupName),
  });
  return pax.size === 0 ? header : join([encodePaxHeader(path, pax), header]);
}

interface BlockFields {
  readonly name: string;
  readonly prefix: string;
  readonly flag: string;
  readonly magic: string;
  /** Mode, uid, gid, size, mtime. */
  readonly numbers: readonly number[];
  readonly userName: string;
  readonly groupName: string;
}

function encodeBlock(fields: BlockFields): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512);
  const text = (at: number, size: number, value: string): void =>
    block.set(encoder.encode(value).subarray(0, size), at);
  text(0, 100, fields.name);
  const places = [[100, 108], [108, 116], [116, 124], [124, 136], [136, 148]];
  for (const [index, [start, end]] of places.entries()) {
    writeTarNumber(block.subarray(start, end), fields.numbers[index]!);
  }
  text(156, 1, fields.flag);
  text(257, 8, fields.magic);
  text(265, 32, fields.userName);
  text(297, 32, fields.groupName);
  writeTarNumber(block.subarray(329, 337), 0);
  writeTarNumber(block.subarray(337, 345), 0);
  text(345, 155, fields.prefix);
  const sum = sumTarHeader(block).unsigned.toString(8).padStart(6, "0");
  text(148, 8, `${sum}\0 `);
  return block;
}

function encodeLongName(path: string): Uint8Array<ArrayBuffer> {
  const content = encoder.encode(`${path}\0`);
  const header = encodeMetaBlock(
    "././@LongLink",
    "L",
    GNU_MAGIC,
    content.length,
  );
  return join([header, content, new Uint8Array(-content.length & 511)]);
}

/** A header that comes in front of another one; it names no owner and no devices. */
function encodeMetaBlock(
  name: string,
  flag: string,
  magic: string,
  size: number,
): Uint8Array<ArrayBuffer> {
  const block = encodeBlock({
    name,
    prefix: "",
    flag,
    magic,
    numbers: [0, 0, 0, size, 0],
    userName: "",
    groupName: "",
  });
  block.fill(0, 329, 345);
  const sum = sumTarHeader(block).unsigned.toString(8).padStart(6, "0");
  block.set(encoder.encode(sum), 148);
  return block;
}

function encodePaxHeader(
  path: string,
  records: ReadonlyMap<string, string>,
): Uint8Array<ArrayBuffer> {
  const content = join(
    [...records].sort(([a], [b]) => a < b ? -1 : 1).map(([key, value]) =>
      encodePaxRecord(key, value)
    ),
  );
  const cut = path.lastIndexOf("/");
  const name = `${path.slice(0, cut + 1)}PaxHeaders.0/${path.slice(cut + 1)}`;
  const block = encodeMetaBlock(
    toAscii(name).slice(0, 100).replace(/\/+$/, ""),
    "x",
    USTAR_MAGIC,
    content.length,
  );
  return join([block, content, new Uint8Array(-content.length & 511)]);
}

function splitPath(
  path: string,
): { readonly prefix: string; readonly name: string } | undefined {
  if (!isAscii(path)) return undefined;
  if (path.length <= 100) return { prefix: "", name: path };
  // The last slash within the prefix's bytes, and one byte behind them.
  const cut = path.slice(0, 156).lastIndexOf("/");
  const name = path.slice(cut + 1);
  if (cut <= 0 || name.length > 100 || name === "") return undefined;
  return { prefix: path.slice(0, cut), name };
}

function fits(text: string, size: number): boolean {
  return text.length <= size && isAscii(text);
}

function isAscii(text: string): boolean {
  // deno-lint-ignore no-control-regex
  return /^[\x01-\x7f]*$/.test(text);
}

function toAscii(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[^\x01-\x7f]/gu, "");
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

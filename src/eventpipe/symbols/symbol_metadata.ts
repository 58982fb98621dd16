/** How the symbols of a Windows or .NET image are found. */
export interface PeSymbolMetadata {
  readonly type: "PE";
  /** Path of the symbol file at build time. */
  readonly name: string;
  /** GUID of the symbol file, lower case with dashes; empty where absent. */
  readonly signature: string;
  readonly age: number;
  /** Name of the perf map of the precompiled code. */
  readonly perfmapName: string;
  /** Offset of the code section once it is loaded. */
  readonly textOffset: number;
}

/** How the symbols of an ELF file are found. */
export interface ElfSymbolMetadata {
  readonly type: "ELF";
  /** Build id in hexadecimal. */
  readonly buildId: string;
  /** Name of the separate symbol file. */
  readonly debugLink: string;
  /** Virtual address and file offset of the code segment. */
  readonly virtualAddress: bigint;
  readonly fileOffset: bigint;
}

/** What the mapping metadata of a universal trace says about symbols. */
export type SymbolMetadata = PeSymbolMetadata | ElfSymbolMetadata;

/**
 * Reads the `SymbolMetadata` of a mapping.
 *
 * @param text JSON.
 * @returns What it says, `undefined` when it is no JSON or of another type.
 */
export function parseSymbolMetadata(text: string): SymbolMetadata | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const members = parsed as Readonly<Record<string, unknown>>;
  switch (members.type) {
    case "PE":
      return {
        type: "PE",
        name: toText(members.name),
        signature: toGuid(toText(members.signature)),
        age: Number(toInteger(members.age)),
        perfmapName: toText(members.perfmap_name),
        textOffset: Number(toInteger(members.text_offset)),
      };
    case "ELF":
      return {
        type: "ELF",
        buildId: toText(members.build_id),
        debugLink: toText(members.debug_link),
        virtualAddress: toInteger(members.p_vaddr),
        fileOffset: toInteger(members.p_offset),
      };
    default:
      return undefined;
  }
}

function toText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** A number, decimal text or `0x` text; anything else is 0. */
function toInteger(value: unknown): bigint {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? BigInt(value) : 0n;
  }
  return typeof value === "string" && /^(0x[0-9a-f]+|\d+)$/i.test(value)
    ? BigInt(value)
    : 0n;
}

function toGuid(digits: string): string {
  const match = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(digits.toLowerCase());
  return match === null || !/^[0-9a-f]+$/.test(match[0])
    ? ""
    : match.slice(1).join("-");
}

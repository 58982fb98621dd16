/** Kind of a tar entry. `other` is a type flag without a meaning here. */
export type TarEntryType =
  | "file"
  | "directory"
  | "symlink"
  | "hardlink"
  | "character-device"
  | "block-device"
  | "fifo"
  | "other";

/** What the header of a tar entry says. */
export interface TarEntry {
  /** Number of the entry in the archive, from 0; headers of names and such do not count. */
  readonly index: number;
  /** Whole name as the archive has it, without a slash at the end: it can lead anywhere. */
  readonly path: string;
  /** Kind of the entry. */
  readonly type: TarEntryType;
  /** The type flag, one character; NUL reads as `0`. */
  readonly typeFlag: string;
  /** Rights and whatever else the writer put there; EVE sets bit 31 of directories. */
  readonly mode: number;
  /** Number of the owner. */
  readonly uid: number;
  /** Number of the group. */
  readonly gid: number;
  /** Bytes of content that follow the header. */
  readonly size: number;
  /** Seconds since 1970, negative before. */
  readonly mtime: number;
  /** Name of the owner, empty where unknown. */
  readonly userName: string;
  /** Name of the group, empty where unknown. */
  readonly groupName: string;
  /** Where a link leads, else empty. */
  readonly linkPath: string;
  /** Dialect of the header. */
  readonly format: "v7" | "ustar" | "gnu" | "pax";
  /** Absolute offset of the header in the tar stream. */
  readonly offset: number;
}

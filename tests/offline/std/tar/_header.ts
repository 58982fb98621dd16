import type {
  TarStreamFile,
  TarStreamInput,
  TarStreamOptions,
} from "./tar_stream.ts";

/** The largest size that twelve octal digits, the last field's end, can hold. */
const MAX_FILE_BYTES = 8 ** 12;

const TYPE_FLAGS = { file: "0", symlink: "2", directory: "5" } as const;
const DEFAULT_MODES = {
  file: 0o644,
  symlink: 0o777,
  directory: 0o755,
} as const;

/**
 * Encodes the header of an entry.
 *
 * | offset | bytes | field | offset | bytes | field |
 * | ---: | ---: | --- | ---: | ---: | --- |
 * | 0 | 100 | name | 157 | 100 | link name |
 * | 100 | 8 | mode | 257 | 8 | magic and version |
 * | 108 | 8 | uid | 265 | 32 | user name |
 * | 116 | 8 | gid | 297 | 32 | group name |
 * | 124 | 12 | size | 329 | 8 | device, major |
 * | 136 | 12 | mtime | 337 | 8 | device, minor |
 * | 148 | 8 | checksum | 345 | 155 | prefix of the name |
 * | 156 | 1 | type | 500 | 12 | unused |
 *
 * @param input The entry.
 * @returns One block of 512 bytes.
 * @throws {RangeError} When the path or size is out of bounds.
 * @throws {TypeError} When an option, link or path cannot be written.
 */
export function encodeHeader(input: TarStreamInput): Uint8Array<ArrayBuffer> {
  const { options = {} } = input;
  checkOptions(options);
  const block = new Uint8Array(512);
  const encoder = new TextEncoder();
  const text = (offset: number, value: string): void => {
    block.set(encoder.encode(value), offset);
  };
  const octal = (offset: number, digits: number, value: number): void =>
    text(offset, Math.trunc(value).toString(8).padStart(digits, "0"));
  const { prefix, name } = splitPath(encoder.encode(input.path));
  block.set(name, 0);
  octal(100, 6, options.mode ?? DEFAULT_MODES[input.type]);
  octal(108, 6, options.uid ?? 0);
  octal(116, 6, options.gid ?? 0);
  for (const end of [106, 114, 122, 135, 147]) text(end, " ");
  const size = input.type === "file" ? checkSize(input) : 0;
  octal(124, size > 8 ** 11 ? 12 : 11, size);
  octal(136, 11, options.mtime ?? Date.now() / 1000);
  text(148, " ".repeat(8));
  text(156, TYPE_FLAGS[input.type]);
  if (input.type === "symlink") block.set(checkLink(input.linkname), 157);
  text(257, "ustar\x0000");
  text(265, options.uname ?? "");
  text(297, options.gname ?? "");
  text(329, options.devmajor ?? "");
  text(337, options.devminor ?? "");
  block.set(prefix, 345);
  octal(148, 6, block.reduce((sum, byte) => sum + byte));
  block[154] = 0;
  return block;
}

/**
 * Cuts a path into the two fields that hold it.
 *
 * @param path The path's bytes.
 * @returns The parts before and behind a slash; no prefix if it fits without.
 * @throws {RangeError} When it, or its last part, is too long.
 * @throws {TypeError} When no slash cuts it into parts that fit.
 */
export function splitPath(
  path: Uint8Array,
): { prefix: Uint8Array; name: Uint8Array } {
  if (path.length <= 100) return { prefix: path.subarray(0, 0), name: path };
  if (path.length > 256) {
    throw new RangeError(
      `Cannot archive path: it has ${path.length} bytes, 256 are the most`,
    );
  }
  const slash = "/".charCodeAt(0);
  let cut = Math.max(0, path.lastIndexOf(slash));
  if (path.length - cut > 100) {
    throw new RangeError(
      `Cannot archive path: its last part has ${
        path.length - cut
      } bytes with the slash, 100 are the most`,
    );
  }
  while (cut > 0) {
    const earlier = path.lastIndexOf(slash, cut - 1);
    if (path.length - earlier > 100) break;
    cut = earlier;
  }
  if (cut > 155) {
    throw new TypeError(
      "Cannot archive path: no slash cuts it into 155 and 100 bytes",
    );
  }
  return { prefix: path.subarray(0, cut), name: path.subarray(cut + 1) };
}

function checkSize(input: TarStreamFile): number {
  if (input.size >= 0 && input.size <= MAX_FILE_BYTES) return input.size;
  throw new RangeError(
    `Cannot archive "${input.path}": its size is ${input.size}, it must be 0 to ${MAX_FILE_BYTES} bytes`,
  );
}

function checkLink(target: string): Uint8Array {
  const bytes = new TextEncoder().encode(target);
  if (bytes.length > 0 && bytes.length <= 100) return bytes;
  throw new TypeError(
    `Cannot archive link: its target has ${bytes.length} bytes, it must have 1 to 100`,
  );
}

function checkOptions(options: TarStreamOptions): void {
  const digits = { mode: 6, uid: 6, gid: 6, mtime: 11 } as const;
  for (const [name, count] of Object.entries(digits)) {
    const value = options[name as keyof typeof digits];
    if (value === undefined) continue;
    if (!(value >= 0 && Math.trunc(value) < 8 ** count)) failOn(name, value);
  }
  for (const name of ["uname", "gname"] as const) {
    const value = options[name] ?? "";
    // deno-lint-ignore no-control-regex
    if (!/^[\x00-\x7f]{0,31}$/.test(value)) failOn(name, value);
  }
  for (const name of ["devmajor", "devminor"] as const) {
    const value = options[name] ?? "";
    if (value.length > 8) failOn(name, value);
  }
}

function failOn(option: string, value: string | number): never {
  throw new TypeError(
    `Cannot archive entry: option ${option} is ${JSON.stringify(value)}`,
  );
}

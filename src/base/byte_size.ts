const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/**
 * Renders a number of bytes with a unit that people read easily.
 *
 * @param bytes An amount, or a difference below 0.
 * @returns For example `512 bytes`, `1.5 KiB`, `28.3 MiB`.
 */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = Math.abs(bytes);
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 ? value : Number(value.toPrecision(3));
  return `${bytes < 0 ? "-" : ""}${digits} ${UNITS[unit]}`;
}

const SIZE_REGEXP = /^(\d+(?:\.\d+)?)\s*(?:([kmgt]?)(i?)b?)$/i;

/**
 * Reads a size such as `100`, `64KiB`, `1.5M` or `2GB`. One-letter units and
 * those with an `i` are powers of 1024, those like `MB` powers of 1000.
 *
 * @param text The text.
 * @returns Bytes, rounded down.
 * @throws {SyntaxError} When the text is not a size.
 */
export function parseByteSize(text: string): number {
  const match = SIZE_REGEXP.exec(text.trim());
  if (match === null) {
    throw new SyntaxError(
      `Cannot read size "${text}": expected a number with a unit such as 512, 64KiB or 10MB`,
    );
  }
  const [, digits = "", letter = "", binary = ""] = match;
  const isDecimal = letter !== "" && binary === "" && /b$/i.test(text.trim());
  const exponent = letter === "" ? 0 : "kmgt".indexOf(letter.toLowerCase()) + 1;
  return Math.floor(Number(digits) * (isDecimal ? 1000 : 1024) ** exponent);
}

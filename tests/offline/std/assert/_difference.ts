/** Lines kept around a change. */
const CONTEXT_LINES = 3;

/** Above this many cells the table of common lines is not worth its memory. */
const MAX_TABLE_CELLS = 4_000_000;

interface Line {
  readonly sign: "+" | "-" | " ";
  readonly text: string;
}

/**
 * Describes how two values differ: a line diff of their full rendering, `-` for
 * what was got, `+` for what was expected.
 *
 * @param actual What was got.
 * @param expected What was expected.
 * @returns Text of several lines.
 */
export function formatDifference(actual: unknown, expected: unknown): string {
  const bothText = typeof actual === "string" && typeof expected === "string";
  const a = bothText ? textLines(actual) : inspect(actual).split("\n");
  const b = bothText ? textLines(expected) : inspect(expected).split("\n");
  const lines = compareLines(a, b);
  const body = lines.every((line) => line.sign === " ")
    ? ["    Both are written the same, yet are not equal."]
    : withContext(lines);
  return ["", "", "    - Actual", "    + Expected", "", ...body, ""].join("\n");
}

/**
 * Renders a value completely, keys sorted, for messages.
 *
 * @param value Any value.
 * @returns Its text.
 */
export function inspect(value: unknown): string {
  return Deno.inspect(value, {
    depth: Infinity,
    sorted: true,
    trailingComma: true,
    compact: false,
    iterableLimit: Infinity,
    strAbbreviateSize: Infinity,
    getters: true,
  });
}

function textLines(text: string): string[] {
  if (!text.includes("\n")) return [JSON.stringify(text)];
  // Each line shows its own end, so that "\r\n" against "\n" can be seen.
  return text.split(/(?<=\n)/).map((line) => JSON.stringify(line).slice(1, -1));
}

function compareLines(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (
    tail < a.length - head && tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) tail++;
  const same = (text: string): Line => ({ sign: " ", text });
  return [
    ...a.slice(0, head).map(same),
    ...compareMiddles(
      a.slice(head, a.length - tail),
      b.slice(head, b.length - tail),
    ),
    ...a.slice(a.length - tail).map(same),
  ];
}

/** Longest common subsequence by the usual table, filled from the end. */
function compareMiddles(a: readonly string[], b: readonly string[]): Line[] {
  const lines: Line[] = [];
  const width = b.length + 1;
  let i = 0;
  let j = 0;
  if ((a.length + 1) * width <= MAX_TABLE_CELLS) {
    const common = new Uint32Array((a.length + 1) * width);
    const at = (row: number, column: number): number =>
      common[row * width + column] ?? 0;
    for (let row = a.length - 1; row >= 0; row--) {
      for (let column = b.length - 1; column >= 0; column--) {
        common[row * width + column] = a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
    while (i < a.length && j < b.length) {
      if (a[i] === b[j]) {
        lines.push({ sign: " ", text: a[i] ?? "" });
        i++;
        j++;
      } else if (at(i + 1, j) >= at(i, j + 1)) {
        lines.push({ sign: "-", text: a[i++] ?? "" });
      } else {
        lines.push({ sign: "+", text: b[j++] ?? "" });
      }
    }
  }
  for (; i < a.length; i++) lines.push({ sign: "-", text: a[i] ?? "" });
  for (; j < b.length; j++) lines.push({ sign: "+", text: b[j] ?? "" });
  return lines;
}

function withContext(lines: readonly Line[]): string[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, at) => {
    if (line.sign !== " ") {
      near.fill(1, Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1);
    }
  });
  const shown: string[] = [];
  let hidden = 0;
  const flush = (): void => {
    if (hidden > 0) shown.push(`    … ${hidden} unchanged lines …`);
    hidden = 0;
  };
  lines.forEach((line, at) => {
    if (near[at] === 0) {
      hidden++;
      return;
    }
    flush();
    shown.push(`${line.sign}   ${line.text}`);
  });
  flush();
  return shown;
}

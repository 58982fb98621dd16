/**
 * Reads counters out of files of `/proc/net`, whichever of their forms they have.
 *
 * @param text A file: pairs of lines with names and values (`snmp`, `netstat`),
 * a name and a value per line (`snmp6`), or names with many values (`dev`,
 * `sockstat`, `softnet_stat`).
 * @returns Values by name.
 */
export function readCounters(text: string): ReadonlyMap<string, number> {
  const counters = new Map<string, number>();
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  for (let at = 0; at < lines.length; at++) {
    const [label = "", ...words] = lines[at]!.trim().split(/\s+/);
    const next = lines[at + 1]?.trim().split(/\s+/) ?? [];
    const isPair = next[0] === label && label.endsWith(":") &&
      words.length === next.length - 1 && !/^-?\d/.test(words[0] ?? "");
    if (isPair) {
      for (const [index, name] of words.entries()) {
        put(counters, `${label.slice(0, -1)}.${name}`, next[index + 1]);
      }
      at++;
    } else if (isHexRow([label, ...words])) readRow(counters, label, words, at);
    else if (words.length === 1) put(counters, label, words[0]);
    else readRow(counters, label, words, at);
  }
  return counters;
}

function readRow(
  counters: Map<string, number>,
  label: string,
  words: readonly string[],
  row: number,
): void {
  // sockstat: "TCP: inuse 5 orphan 0".
  if (
    words.every((word, index) => /^-?\d+$/.test(word) === (index % 2 === 1))
  ) {
    for (let at = 0; at + 1 < words.length; at += 2) {
      put(counters, `${label}${words[at]}`, words[at + 1]);
    }
    return;
  }
  const isHex = isHexRow([label, ...words]);
  const values = isHex ? [label, ...words] : words;
  const name = isHex ? `cpu${row}` : label.replace(/:$/, "");
  for (const [index, word] of values.entries()) {
    const value = isHex ? String(parseInt(word, 16)) : word;
    put(counters, `${name}.${index}`, value);
  }
}

/** softnet_stat has a row of words of 32 bits for each processor. */
function isHexRow(words: readonly string[]): boolean {
  return words.every((word) => /^[0-9a-f]{8}$/.test(word));
}

function put(
  counters: Map<string, number>,
  name: string,
  value: string | undefined,
): void {
  if (value !== undefined && /^-?\d+$/.test(value)) {
    counters.set(name, Number(value));
  }
}

/**
 * Tells what counters did between two readings.
 *
 * @param before The first file.
 * @param after The same file later.
 * @returns Lines of names and differences, only where there is one.
 */
export function counterDelta(before: string, after: string): readonly string[] {
  const first = readCounters(before);
  return [...readCounters(after)].flatMap(([name, value]) => {
    const change = value - (first.get(name) ?? 0);
    if (change === 0) return [];
    return [`${name} ${change > 0 ? "+" : ""}${change}`];
  });
}

import type { IpFamily, RuleState } from "./types.ts";

const ACTIONS: ReadonlySet<string> = new Set([
  "blackhole",
  "unreachable",
  "prohibit",
  "nop",
  "goto",
]);

/**
 * Reads the output of `ip rule list`.
 *
 * @param text The output.
 * @param family Family that was listed.
 * @returns The rules in order; lines that are none are passed over.
 */
export function parseIpRule(text: string, family: IpFamily = 4): RuleState[] {
  const rules: RuleState[] = [];
  for (const line of text.split("\n")) {
    const match = /^(\d+):\s+(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const words = match[2]!.split(/\s+/);
    const lookup = words.indexOf("lookup");
    const other = words.findIndex((word) => ACTIONS.has(word));
    const at = lookup >= 0 ? lookup : other;
    if (at < 0) continue;
    rules.push({
      family,
      priority: Number(match[1]),
      selector: words.slice(0, at).join(" "),
      action: words[at]!,
      table: lookup >= 0 ? words[at + 1] ?? "" : "",
    });
  }
  return rules;
}

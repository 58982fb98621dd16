import { escapeForTerminal } from "../../base/terminal_text.ts";
import type { Finding } from "./finding.ts";

/** Evidence shown of one finding; the rest is counted. */
const MAX_EVIDENCE = 6;

/**
 * Lays out findings for people.
 *
 * @param name Name of the dump.
 * @param findings Findings in order.
 * @returns Lines without control characters, without a line break at the end.
 */
export function renderFindings(
  name: string,
  findings: readonly Finding[],
): string {
  const main = findings.filter(({ severity, explainedBy }) =>
    severity !== "note" && explainedBy === undefined
  );
  const later = findings.filter(({ severity, explainedBy }) =>
    severity !== "note" && explainedBy !== undefined
  );
  const notes = findings.filter(({ severity }) => severity === "note");
  const blocks = [escapeForTerminal(`${name}: ${summarize(findings)}`)];
  for (const [index, finding] of main.entries()) {
    blocks.push(renderOne(`${index + 1}. `, finding));
  }
  if (later.length > 0) {
    blocks.push(
      [
        "What follows from these:",
        ...later.map((finding) =>
          `  ${
            escapeForTerminal(finding.title)
          } (${finding.id}, explained by ${finding.explainedBy})`
        ),
      ].join("\n"),
    );
  }
  if (notes.length > 0) {
    blocks.push(
      [
        "Notes:",
        ...notes.map(({ title, id }) =>
          `  ${escapeForTerminal(title)} (${id})`
        ),
      ].join("\n"),
    );
  }
  return blocks.join("\n\n");
}

/**
 * Counts findings in words.
 *
 * @param findings Findings in any order.
 * @returns For example `2 problems, 1 warning`.
 */
export function summarize(findings: readonly Finding[]): string {
  const count = (severity: Finding["severity"], word: string): string[] => {
    const amount = findings.filter((each) => each.severity === severity).length;
    return amount === 0 ? [] : [`${amount} ${word}${amount === 1 ? "" : "s"}`];
  };
  const parts = [
    ...count("problem", "problem"),
    ...count("warning", "warning"),
  ];
  return parts.length === 0 ? "nothing wrong found" : parts.join(", ");
}

function renderOne(number: string, finding: Finding): string {
  const { severity, title, id, hint, evidence } = finding;
  const indent = " ".repeat(number.length);
  const lines = [`${number}${severity}: ${escapeForTerminal(title)} (${id})`];
  for (const { path, detail } of evidence.slice(0, MAX_EVIDENCE)) {
    const place = path === "" ? "" : `${path}: `;
    lines.push(escapeForTerminal(`${indent}seen: ${place}${detail}`));
  }
  if (evidence.length > MAX_EVIDENCE) {
    lines.push(
      `${indent}and ${evidence.length - MAX_EVIDENCE} more like these`,
    );
  }
  lines.push(`${indent}do: ${escapeForTerminal(hint)}`);
  return lines.join("\n");
}

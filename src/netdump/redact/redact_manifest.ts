import type { Manifest } from "../manifest.ts";
import type { Redactor } from "./redactor.ts";

/**
 * Takes out of a manifest what must not leave the device: names in paths,
 * commands, reasons, targets and notes. All else is the tool's own.
 *
 * @param manifest The manifest.
 * @param redactor What to take out.
 * @returns The manifest with the level of the redactor.
 */
export function redactManifest(
  manifest: Manifest,
  redactor: Redactor,
): Manifest {
  const text = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : redactor.redactText(value);
  return {
    ...manifest,
    redaction: redactor.level,
    redactions: manifest.redactions?.map((each) => ({
      ...each,
      path: redactor.redactName(each.path),
    })),
    requests: manifest.requests.map(({ name, result, target }) => ({
      name: redactRequestName(name, redactor),
      result,
      target: redactor.redactText(target),
    })),
    notes: manifest.notes?.map((note) => redactor.redactText(note)),
    entries: manifest.entries.map((entry) => ({
      ...entry,
      path: redactor.redactName(entry.path),
      command: text(entry.command),
      skippedReason: text(entry.skippedReason),
    })),
  };
}

/** A request is named as its folder is. */
function redactRequestName(name: string, redactor: Redactor): string {
  return redactor.redactName(`requests/${name}`).slice("requests/".length);
}

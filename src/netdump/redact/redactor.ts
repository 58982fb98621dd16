import type { RedactionLevel } from "../manifest.ts";

/** What was taken out of one entry. */
export interface RedactedEntry {
  /** What is left. */
  readonly content: Uint8Array;
  /** What was taken out how often, by kind. */
  readonly removed: ReadonlyMap<string, number>;
}

/** Takes out of a dump what must not leave the device. */
export interface Redactor {
  /** How much is taken out. */
  readonly level: RedactionLevel;
  /**
   * Learns from an entry which names to look for; call it with all entries
   * before the first is redacted.
   *
   * @param name Path below the top folder.
   * @param content The content.
   */
  learn(name: string, content: Uint8Array): void;
  /**
   * Redacts one entry. Equal texts become equal tokens in all entries.
   *
   * @param name Path below the top folder; it tells what the content is.
   * @param content The content.
   */
  redactEntry(name: string, content: Uint8Array): RedactedEntry;
  /**
   * Redacts a text that stands for itself: a command, a reason, a note.
   *
   * @param text The text.
   * @returns What is left.
   */
  redactText(text: string): string;
  /**
   * Redacts a path.
   *
   * @param name Path below the top folder.
   * @returns The path without names that are not to be told.
   */
  redactName(name: string): string;
}

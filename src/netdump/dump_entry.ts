import type { ManifestEntry } from "./manifest.ts";

/** One thing that is to go into a dump, or that could not be had. */
export interface DumpEntry extends
  Pick<
    ManifestEntry,
    "source" | "command" | "exit" | "durationMs" | "truncated" | "skippedReason"
  > {
  /** Path below the top folder. */
  readonly name: string;
  /** The content; absent when it could not be had. */
  readonly content?: Uint8Array | undefined;
  /** Rights; those of a copied file are its own. @default {0o664} */
  readonly mode?: number | undefined;
  /** When a copied file was changed, in ms since 1970; the time of writing where absent. */
  readonly mtimeMs?: number | undefined;
  /** Number of the owner; the process's own where absent. */
  readonly uid?: number | undefined;
  /** Number of the group; the process's own where absent. */
  readonly gid?: number | undefined;
}

/** Bounds of a {@linkcode DumpSource}. */
export interface DumpContext {
  /** Ends the work; what is not gathered yet is given without content. */
  readonly signal: AbortSignal;
  /** Whether little space is left, so that only what is needed most is wanted. */
  readonly isScarce: boolean;
}

/** Gives entries for a dump, in the order of its layout. */
export interface DumpSource {
  /**
   * Gathers entries. What cannot be had is given as an entry without content;
   * nothing that is missing is an error.
   *
   * @param context Bounds of the work.
   */
  collect(context: DumpContext): AsyncIterable<DumpEntry>;
}

/** Exit codes of every command. */
export const EXIT_CODE = {
  /** Done. */
  done: 0,
  /** Failed. */
  failed: 1,
  /** Wrong usage. */
  usage: 2,
  /** Done, but the input was damaged or data was lost. */
  damaged: 3,
  /** Interrupted. */
  interrupted: 130,
} as const;

/** Names of the levels of events, by number. */
export const LEVEL_NAMES = [
  "LogAlways",
  "Critical",
  "Error",
  "Warning",
  "Informational",
  "Verbose",
] as const;

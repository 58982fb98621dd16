const ARGUMENT_REGEXP = /"[^"]+"[^\t\n\f\r ]*|[^\t\n\f\r ]+/g;

/**
 * Cuts a command line into arguments as Fibratus does: a quoted run with what
 * is glued to it, or a run without blanks. Quotes stay.
 *
 * @param commandLine The command line.
 * @returns The arguments, the program first.
 */
export function splitCommandLine(commandLine: string): readonly string[] {
  return commandLine.match(ARGUMENT_REGEXP) ?? [];
}

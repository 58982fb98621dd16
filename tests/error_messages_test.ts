import { assertEquals } from "@std/assert";
import { sourceFiles } from "./support/source_files.ts";

const THROW_REGEXP =
  /new (?:[A-Z][A-Za-z]*Error|Error)\(\s*(?<quote>["'`])(?<text>(?:\\.|(?!\k<quote>).)*)\k<quote>/gs;

/**
 * Classes whose text is another one's: a command line's, upstream's to the
 * letter, or the state alone, before which the class puts what could not be
 * done.
 */
const FOREIGN_REGEXP =
  /^new (?:UsageError|InterruptedError|FilterError|RequestError|StaleConnectionError|DiagnosticError|ServerNotAvailableError|MalformedReplyError|SessionIdMismatchError|UnsupportedCommandError)\(/;

/** Causes that are never shown by themselves. */
const CAUSES = new Set(["closed", "reset", "closed early"]);

const CONTRACTION_REGEXP =
  /\b(?:can|don|isn|won|doesn|couldn|hasn|haven|aren)'t\b/i;

Deno.test("error messages say what could not be done and the state that was found", async () => {
  const faults: string[] = [];
  let count = 0;
  for await (const { path, text } of sourceFiles("src")) {
    for (const match of text.matchAll(THROW_REGEXP)) {
      if (FOREIGN_REGEXP.test(match[0])) continue;
      const message = match.groups!["text"]!;
      if (CAUSES.has(message)) continue;
      count++;
      const say = (fault: string) =>
        faults.push(`${path}: "${message.slice(0, 80)}" ${fault}`);
      if (message.endsWith(".")) say("ends with a full stop");
      if (CONTRACTION_REGEXP.test(message)) say("has a contraction");
      if (/^[a-z]/.test(message) && !message.startsWith("${")) {
        say("begins in lower case");
      }
      if (!message.startsWith("Cannot ") && !message.startsWith("${")) {
        say('does not begin with "Cannot"');
      }
    }
  }
  assertEquals(faults, []);
  // Guards the pattern itself.
  assertEquals(count > 20, true, `found ${count} messages`);
});

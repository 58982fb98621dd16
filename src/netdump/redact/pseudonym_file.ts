import { createOutputFile } from "../../platform/output_file.ts";
import { toJsonText } from "../../base/json_text.ts";
import { parseJsonText, recordOf, stringOf } from "../state/json_values.ts";
import { Pseudonyms } from "./pseudonyms.ts";

/**
 * Reads a table of pseudonyms.
 *
 * @param path The file.
 * @returns The pseudonyms, new ones where there is no such file.
 * @throws {SyntaxError} When the file is no such table.
 */
export async function readPseudonyms(path: string): Promise<Pseudonyms> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Pseudonyms();
    throw error;
  }
  const value = recordOf(parseJsonText(text));
  const key = stringOf(value["key"]);
  if (value["schema"] !== 1 || !/^[0-9a-f]{64}$/.test(key)) {
    throw new SyntaxError(
      `Cannot read pseudonyms ${path}: file is no table of them`,
    );
  }
  const originals = Object.entries(recordOf(value["originals"])).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return new Pseudonyms({
    schema: 1,
    key,
    originals: Object.fromEntries(originals),
  });
}

/**
 * Writes a table of pseudonyms, readable for its owner only: it undoes what
 * redaction did.
 *
 * @param path The file.
 * @param pseudonyms The pseudonyms.
 */
export async function writePseudonyms(
  path: string,
  pseudonyms: Pseudonyms,
): Promise<void> {
  await using file = await createOutputFile(path, { mode: 0o600 });
  const text = `${toJsonText(pseudonyms.toTable(), 1)}\n`;
  await file.write(new TextEncoder().encode(text));
  await file.commit();
}

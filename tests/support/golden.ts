import { assertEquals } from "@std/assert";
import { REPOSITORY } from "./file_url.ts";

/**
 * Compares text with a file of `tests/golden/`, or writes the file when the
 * tests run with `-- --update`.
 *
 * @param path The file, relative to `tests/golden/`.
 * @param text What it must hold.
 */
export async function assertGolden(path: string, text: string): Promise<void> {
  const file = `${REPOSITORY}/tests/golden/${path}`;
  if (Deno.args.includes("--update")) {
    await Deno.mkdir(file.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(file, text);
    return;
  }
  assertEquals(text, await Deno.readTextFile(file), `golden text ${path}`);
}

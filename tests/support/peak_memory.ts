import { assert, assertEquals } from "@std/assert";
import { REPOSITORY } from "./file_url.ts";

/**
 * Runs a command line of tracedeck in a process of its own.
 *
 * @param args The command line, which must succeed.
 * @param input Its standard input.
 * @returns MiB that the process took at most.
 */
export async function peakMemory(
  args: readonly string[],
  input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<number> {
  const map = Deno.env.get("TRACEDECK_STD") === "jsr"
    ? []
    : [`--import-map=${REPOSITORY}/tests/offline/import_map.json`];
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-lock", ...map],
      ...[`${REPOSITORY}/tests/support/_peak_memory.ts`, ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const [said, { code }] = await Promise.all([
    new Response(child.stderr).text(),
    child.status,
    ReadableStream.from(input).pipeTo(child.stdin),
  ]);
  const [, mib] = /^peak (\d+) MiB$/m.exec(said) ?? [];
  assert(mib !== undefined, said);
  assertEquals(code, 0, said);
  return Number(mib);
}

import { runDeno, type RunDenoResult } from "../support/run_deno.ts";
import type { ServedFolder } from "../support/serve_folder.ts";

/**
 * Runs `deno run` on a served folder from an empty one, as somebody does who
 * has nothing of ours on disk. Where JSR does not answer, the import map is
 * served too.
 *
 * @param served The served repository.
 * @param flags Flags of `deno run`.
 * @param args The module and its arguments.
 * @returns What became of it.
 */
export async function runRemotely(
  served: ServedFolder,
  flags: readonly string[],
  args: readonly string[],
): Promise<RunDenoResult> {
  const folder = await Deno.makeTempDir();
  const hosts = [new URL(served.url).host];
  const map: string[] = [];
  if (Deno.env.get("TRACEDECK_STD") === "jsr") {
    hosts.push(new URL(Deno.env.get("JSR_URL") || "https://jsr.io").host);
  } else {
    map.push(`--import-map=${served.url}tests/offline/import_map.json`);
  }
  // Every permission includes that of importing.
  const importing = flags.includes("-A")
    ? []
    : [`--allow-import=${hosts.join(",")}`];
  try {
    return await runDeno(
      [
        "run",
        "--no-prompt",
        "--quiet",
        ...importing,
        // Another run may have had another server at this very port.
        `--reload=${served.url}`,
        ...map,
        ...flags,
        ...args,
      ],
      { cwd: folder },
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

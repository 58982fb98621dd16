import { formatBytes } from "../../../base/byte_size.ts";
import { toJsonText } from "../../../base/json_text.ts";
import { defaultPublishDirectory } from "../../../netdump/default_publish_directory.ts";
import {
  listDumps,
  pruneDumps,
  removeStalePartials,
} from "../../../netdump/dump_store.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { UsageError } from "../../usage_error.ts";

/**
 * Deletes old dumps.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options } = context;
  const directory = (options["directory"] as string | undefined) ??
    defaultPublishDirectory();
  const maxDumps = options["max"] as number | undefined;
  const maxBytes = options["max-bytes"] as number | undefined;
  const olderThan = options["older-than"] as number | undefined;
  if (
    maxDumps === undefined && maxBytes === undefined && olderThan === undefined
  ) {
    throw new UsageError(
      "Cannot prune: nothing tells what may stay",
      "give --max, --max-bytes or --older-than",
    );
  }
  const topics = (options["topic"] as readonly string[] | undefined) ??
    (await listDumps(directory)).map(({ topic }) => topic);
  const dryRun = options["dry-run"] === true;
  const removed = await pruneDumps(directory, topics, {
    maxDumps,
    maxBytes,
    maxAgeMs: olderThan === undefined ? undefined : olderThan / 1e6,
    dryRun,
  });
  const partials = dryRun ? [] : await removeStalePartials(directory);
  for (const { path, topic, sizeBytes } of removed) {
    await console.print(
      options["json"] === true
        ? toJsonText({ path, topic, sizeBytes, isDeleted: !dryRun })
        : path,
    );
  }
  const bytes = removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  console.note(
    `${dryRun ? "would delete" : "deleted"} ${removed.length} dumps, ${
      formatBytes(bytes)
    }`,
  );
  if (partials.length > 0) {
    console.note(`deleted ${partials.length} partial files`);
  }
  return EXIT_CODE.done;
}

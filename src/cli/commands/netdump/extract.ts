import { formatBytes } from "../../../base/byte_size.ts";
import { extractNetdump } from "../../../netdump/extract_netdump.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { openArchive } from "./archive_options.ts";

/**
 * Extracts an archive.
 *
 * @param context Arguments and the outside.
 * @returns The exit code; 3 also when entries were left out.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const [archivePath, ...paths] = positionals;
  const directory = options["directory"] as string;
  const input = await openArchive(archivePath!, context);
  const wanted = paths.map((path) => path.replace(/\/+$/, ""));
  const topName = input.name.split(/[\\/]/).at(-1)!
    .replace(/\.(tgz|tar\.gz|tar)$/, "").replaceAll(/[^A-Za-z0-9._-]/g, "_");
  const { files, bytes, refused } = await extractNetdump(
    input.open(),
    directory,
    {
      ...input.options,
      topName,
      overwrite: options["overwrite"] === true,
      filter: (name) =>
        wanted.length === 0 ||
        wanted.some((path) => name === path || name.startsWith(`${path}/`)),
    },
  );
  for (const { path, reason } of refused) {
    console.warn(`left out ${path}: ${reason}`);
  }
  if (files === 0 && wanted.length > 0 && refused.length === 0) {
    throw new UsageError(
      `Cannot extract ${paths.join(", ")}: the archive has no such entry`,
      `"tracedeck netdump show ${input.name}" lists what it has`,
    );
  }
  console.note(
    `extracted ${files} files, ${formatBytes(bytes)}, into ${directory}`,
  );
  const damage = reportDamage(console, input.name, input.stats, {
    accept: options["accept-damage"] === true,
  });
  return refused.length > 0 ? EXIT_CODE.damaged : damage;
}

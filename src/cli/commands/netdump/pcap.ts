import { mergeCaptures } from "../../../netdump/merge_captures.ts";
import type { NamedCapture } from "../../../netdump/merge_captures.ts";
import { loadNetdump } from "../../../netdump/netdump_archive.ts";
import type { NetdumpArchive } from "../../../netdump/netdump_archive.ts";
import { parseCaptureName } from "../../../netdump/traced_net_request.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";
import { reportDamage } from "../../report_damage.ts";
import { UsageError } from "../../usage_error.ts";
import { refuseBinaryToTerminal, writeOutput } from "../../write_output.ts";
import { openArchive } from "./archive_options.ts";

/**
 * Writes captures of an archive as one pcap file.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const [archivePath, request] = positionals;
  const path = options["output"] as string | undefined;
  if (path === undefined || path === "-") refuseBinaryToTerminal(console, true);
  const input = await openArchive(archivePath!, context);
  const archive = await loadNetdump(input.open(), input.options);
  const captures = chooseCaptures(
    archive,
    request,
    options["interface"] as readonly string[] | undefined,
  );
  await writeOutput(console, ReadableStream.from(mergeCaptures(captures)), {
    path,
    binary: true,
    mode: 0o600,
  });
  const accept = options["accept-damage"] === true;
  const damage = reportDamage(console, input.name, input.stats, { accept });
  const cut = archive.entries.filter(({ name, isCut }) =>
    isCut && captures.some((capture) => capture.name === name)
  );
  for (const { name } of cut) console.warn(`${name}: only its beginning`);
  return cut.length > 0 && !accept ? EXIT_CODE.damaged : damage;
}

function chooseCaptures(
  archive: NetdumpArchive,
  request: string | undefined,
  interfaces: readonly string[] | undefined,
): NamedCapture[] {
  const all = archive.entries.flatMap(({ name, type, content }) => {
    const [, folder, fileName] = /^requests\/([^/]+)\/([^/]+)$/.exec(name) ??
      [];
    const parsed = fileName === undefined
      ? undefined
      : parseCaptureName(fileName);
    if (type !== "file" || parsed === undefined) return [];
    return [{ name, content, request: folder!, ...parsed }];
  });
  const chosen = all.filter((capture) =>
    (request === undefined || capture.request === request) &&
    (interfaces === undefined || interfaces.includes(capture.interfaceName))
  );
  if (chosen.length > 0) return chosen;
  const offer = all.map(({ request, interfaceName }) =>
    `${request} (${interfaceName})`
  );
  throw new UsageError(
    "Cannot write captures: the archive has none that is asked for",
    offer.length === 0 ? "it has no captures" : `it has ${offer.join(", ")}`,
  );
}

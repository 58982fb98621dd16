/**
 * Publishing a dump of 64 files and 32 MB (texts of tools, packets) against
 * `tar cz` of the same files, process start included on its side: goal at most
 * 1.3 times its time. Publishing also hashes every file, writes a manifest and
 * syncs file and folder; with redaction it looks through all texts as well.
 */
import { NetDumper } from "../../src/netdump/net_dumper.ts";
import type { DumpEntry } from "../../src/netdump/dump_entry.ts";
import { createRedactor } from "../../src/netdump/redact/create_redactor.ts";
import type { Redactor } from "../../src/netdump/redact/redactor.ts";
import { seededRandom } from "../support/mutations.ts";
import { findPeer } from "../support/peers.ts";
import { sampleText } from "../support/sample_text.ts";

const TEXT_BYTES = 500_000;
const CAPTURE_BYTES = 500_000;
const COUNT = 32;

const random = seededRandom(1);
const entries: DumpEntry[] = [];
for (let index = 0; index < COUNT; index++) {
  entries.push({
    name: `linux/tool-${index}.txt`,
    source: "command",
    content: sampleText(TEXT_BYTES),
  });
  // Packets pack badly, their headers well.
  const packets = new Uint8Array(CAPTURE_BYTES);
  for (let at = 0; at < packets.length; at++) {
    packets[at] = at % 100 < 40 ? at % 40 : random(256);
  }
  entries.push({
    name: `requests/r-${index}/eth0.pcap`,
    source: "capture",
    content: packets,
  });
}

const folder = await Deno.makeTempDir({ prefix: "tracedeck-bench-" });
globalThis.addEventListener("unload", () => {
  Deno.removeSync(folder, { recursive: true });
});
for (const { name, content } of entries) {
  const path = `${folder}/in/${name}`;
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeFile(path, content!);
}

const group = "netdump of 64 files, 32 MB";
const tar = findPeer("tar");
if (tar === undefined) {
  // deno-lint-ignore no-console
  console.log("no baseline: tar is not on PATH");
} else {
  Deno.bench({ name: "tar cz", group, baseline: true }, async () => {
    const { success } = await new Deno.Command(tar, {
      args: ["czf", `${folder}/out.tgz`, "-C", folder, "in"],
    }).output();
    if (!success) throw new Error("tar failed");
  });
}

async function publish(redactor: Redactor | undefined): Promise<void> {
  const directory = `${folder}/dumps`;
  const dumper = new NetDumper({
    directory,
    redactor,
    sources: [{
      collect: async function* () {
        yield* entries;
      },
    }],
  });
  const path = await dumper.publish("bench");
  await Deno.remove(path);
}

Deno.bench({ name: "publish", group }, async () => await publish(undefined));
Deno.bench(
  { name: "publish with standard redaction", group },
  async () => await publish(createRedactor("standard")),
);

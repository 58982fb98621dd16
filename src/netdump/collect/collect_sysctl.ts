import type { DumpEntry } from "../dump_entry.ts";
import type { CollectKit } from "./collect_kit.ts";

const ROOT = "/proc/sys/net";
/** Settings that are read at most. */
const MAX_SETTINGS = 20_000;
/** Folders per interface that are gone into. */
const MAX_LINKS = 32;
const MAX_VALUE_LENGTH = 4096;

/**
 * Gathers the network settings of the kernel.
 *
 * @param kit Files.
 * @returns One entry with a line per setting.
 */
export function collectSysctl(kit: CollectKit): DumpEntry {
  const lines: string[] = [];
  let isCut = false;
  const walk = (folder: string): void => {
    const names = kit.within(() => listFolder(folder));
    // A folder of each interface: the common ones and the first others.
    const isPerLink = /\/(conf|neigh)$/.test(folder);
    const common = names.filter(({ name }) =>
      name === "all" || name === "default"
    );
    const chosen = isPerLink
      ? [
        ...common,
        ...names.filter((each) => !common.includes(each)).slice(0, MAX_LINKS),
      ]
      : names;
    isCut ||= chosen.length < names.length;
    for (const { name, isDirectory } of chosen) {
      if (kit.signal.aborted || lines.length >= MAX_SETTINGS) {
        isCut = true;
        return;
      }
      const path = `${folder}/${name}`;
      if (isDirectory) walk(path);
      else {
        // Some can only be written.
        const value = kit.procText(path)?.trimEnd();
        if (value === undefined) continue;
        const key = path.slice("/proc/sys/".length).replaceAll("/", ".");
        const text = value.slice(0, MAX_VALUE_LENGTH).replaceAll("\n", " ");
        lines.push(`${key} = ${text}`);
      }
    }
  };
  walk(ROOT);
  if (lines.length === 0) {
    return kit.absent("sysctl-net.txt", `${ROOT} cannot be read`, "proc");
  }
  const entry = kit.text("sysctl-net.txt", `${lines.join("\n")}\n`, "proc");
  return isCut ? { ...entry, truncated: true } : entry;
}

function listFolder(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)].sort((a, b) =>
      a.name < b.name ? -1 : 1
    );
  } catch {
    return [];
  }
}

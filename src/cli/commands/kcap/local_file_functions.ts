import type { LocalFiles } from "../../../kcap/filter/local_files.ts";
import { compileWildcard } from "../../../kcap/filter/wildcard.ts";

const MINIDUMP_MAGIC = "MDMP";

/** Files of this machine, for filters that may look at them. */
export const LOCAL_FILES: LocalFiles = {
  glob(pattern) {
    const cut = Math.max(pattern.lastIndexOf("/"), pattern.lastIndexOf("\\"));
    const folder = pattern.slice(0, cut + 1);
    const matches = compileWildcard(pattern.slice(cut + 1), {
      ignoreCase: Deno.build.os === "windows",
    });
    try {
      return Array.from(
        Deno.readDirSync(folder === "" ? "." : folder),
        ({ name }) => name,
      ).filter(matches).sort().map((name) => folder + name);
    } catch {
      return []; // no such folder, or none that may be read
    }
  },
  isMinidump(path) {
    try {
      using file = Deno.openSync(path, { read: true });
      const magic = new Uint8Array(MINIDUMP_MAGIC.length);
      const count = file.readSync(magic) ?? 0;
      return new TextDecoder().decode(magic.subarray(0, count)) ===
        MINIDUMP_MAGIC;
    } catch {
      return false; // no such file, or none that may be read
    }
  },
  readLink(path) {
    try {
      return Deno.realPathSync(path);
    } catch {
      return path; // no such file
    }
  },
};

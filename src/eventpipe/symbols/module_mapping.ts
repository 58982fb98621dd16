import type { Mapping } from "../../profile/types.ts";
import type { TracedModule } from "./module_table.ts";

/**
 * Makes the mapping of a module, as profiles have it.
 *
 * @param module The module.
 * @returns Its file, with the id under which symbol servers know it: of a managed
 * module its GUID without dashes and its age.
 */
export function moduleMapping(module: TracedModule): Mapping {
  const { start, end, fileOffset, path, buildId, pdbGuid, pdbAge } = module;
  return {
    start,
    end,
    fileOffset,
    fileName: path,
    buildId: buildId !== "" || pdbGuid === ""
      ? buildId
      : `${pdbGuid.replaceAll("-", "")}${pdbAge.toString(16)}`,
  };
}

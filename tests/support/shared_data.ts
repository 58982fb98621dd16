import { fromFileUrl } from "./file_url.ts";
import type { Requirement } from "./requirement.ts";

/**
 * Finds a file or folder among the captures that are shared between machines
 * but not part of the repository: `../shared/data/`, or `data/` in the folder
 * that `TRACEDECK_SHARED` names.
 *
 * @param path Relative to the data folder: `"kcap/x.cap"`.
 * @returns Its absolute path, or `undefined` if it is not there.
 */
export function sharedData(path: string): string | undefined {
  const found = locate(path);
  try {
    Deno.statSync(found);
    return found;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Requires shared captures; strict if `TRACEDECK_REQUIRE_SHARED` is `1`.
 *
 * @param paths Relative to the data folder.
 * @returns The requirement, for `testWith`.
 */
export function requireSharedData(...paths: readonly string[]): Requirement {
  const strict = Deno.env.get("TRACEDECK_REQUIRE_SHARED") === "1";
  const missing = paths.filter((path) => sharedData(path) === undefined);
  if (missing.length === 0) return { strict };
  return { missing: `no shared data ${missing.join(", ")}`, strict };
}

function locate(path: string): string {
  const root = Deno.env.get("TRACEDECK_SHARED") ??
    fromFileUrl(new URL("../../../shared", import.meta.url));
  return `${root}/data/${path}`;
}

import { fileURLToPath } from "node:url";

/**
 * Turns a `file:` address into a path of this system.
 *
 * @param url The address.
 * @returns The path.
 */
export function fromFileUrl(url: string | URL): string {
  return fileURLToPath(url);
}

/** The folder of the repository, without a slash at the end. */
export const REPOSITORY: string = fromFileUrl(
  new URL("../..", import.meta.url),
).replace(/[\\/]$/, "");

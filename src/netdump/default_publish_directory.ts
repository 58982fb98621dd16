import { readOwnAccount } from "../platform/own_account.ts";

/** Where EVE keeps its dumps. */
const EVE_DIRECTORY = "/persist/netdump";
const ROOT_DIRECTORY = "/var/lib/netdump";

/**
 * Tells where dumps are kept unless somebody says otherwise.
 *
 * @returns EVE's folder where there is one, `/var/lib/netdump` for root, and
 * `netdump` in the user's state folder for others.
 */
export function defaultPublishDirectory(): string {
  if (isDirectory(EVE_DIRECTORY)) return EVE_DIRECTORY;
  if (readOwnAccount()?.uid === 0) return ROOT_DIRECTORY;
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE") ?? ".";
  const state = Deno.env.get("XDG_STATE_HOME") || `${home}/.local/state`;
  return `${state}/netdump`;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

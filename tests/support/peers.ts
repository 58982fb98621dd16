import type { Requirement } from "./requirement.ts";

/**
 * Finds a program that tracedeck is compared with, as a shell would.
 *
 * @param names The names it may have, best first: `"chromium", "google-chrome"`.
 * @returns The path of the first that is there, or `undefined`.
 */
export function findPeer(...names: readonly string[]): string | undefined {
  const windows = Deno.build.os === "windows";
  const folders = (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":");
  for (const name of names) {
    for (const folder of folders) {
      if (folder === "") continue;
      const path = `${folder}/${name}${windows ? ".exe" : ""}`;
      if (isProgram(path)) return path;
    }
  }
  return undefined;
}

/**
 * Requires real peer programs; strict if `TRACEDECK_REQUIRE_PEERS` is `1`.
 *
 * @param peers One entry per program; `"a|b"` is met by either name.
 * @returns The requirement, for `testWith`.
 */
export function requirePeers(...peers: readonly string[]): Requirement {
  const strict = Deno.env.get("TRACEDECK_REQUIRE_PEERS") === "1";
  const missing = peers.filter((peer) =>
    findPeer(...peer.split("|")) === undefined
  );
  if (missing.length === 0) return { strict };
  return { missing: `no ${missing.join(", ")} on PATH`, strict };
}

function isProgram(path: string): boolean {
  try {
    const info = Deno.statSync(path);
    return info.isFile && (info.mode === null || (info.mode & 0o111) !== 0);
  } catch {
    return false;
  }
}

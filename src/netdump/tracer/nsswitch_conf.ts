/** Where names may be looked up. */
export type HostSource = "files" | "dns";

/**
 * Reads the `hosts` line of an `nsswitch.conf(5)`.
 *
 * @param text The file.
 * @returns The sources that this resolver has, in order; files before DNS when
 * the line is missing or names neither.
 */
export function parseNsswitchHosts(text: string): readonly HostSource[] {
  const line = text.split("\n").map((each) => each.replace(/#.*$/, "").trim())
    .find((each) => /^hosts\s*:/.test(each));
  const sources = (line ?? "").replace(/^hosts\s*:/, "")
    .replace(/\[[^\]]*\]/g, " ").trim().split(/\s+/);
  const known: HostSource[] = [];
  for (const source of sources) {
    // systemd-resolved and mDNS stand in front of DNS; both are asked by DNS here.
    const own = source === "files"
      ? "files"
      : source === "dns" || source === "resolve"
      ? "dns"
      : undefined;
    if (own !== undefined && !known.includes(own)) known.push(own);
  }
  return known.length > 0 ? known : ["files", "dns"];
}

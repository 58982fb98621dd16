import { formatIpAddress, parseIpAddress } from "../../codec/ip_address.ts";

/**
 * Finds a name in the text of a `hosts(5)` file.
 *
 * @param text The file.
 * @param name A name; case and a dot at the end do not matter.
 * @returns Its addresses in the order of the file, empty when it is not there.
 */
export function lookupHostsFile(text: string, name: string): readonly string[] {
  const wanted = normalize(name);
  const found: string[] = [];
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*$/, "").trim()
      .split(/\s+/);
    if (!names.some((each) => normalize(each) === wanted)) continue;
    const bytes = parseIpAddress(address);
    if (bytes === undefined) continue;
    const plain = formatIpAddress(bytes);
    if (!found.includes(plain)) found.push(plain);
  }
  return found;
}

function normalize(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

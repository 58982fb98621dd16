/** Names of users and groups, as the system's files have them. */
export class AccountNames {
  readonly #users = readNames("/etc/passwd");
  readonly #groups = readNames("/etc/group");

  /** @param uid Number of a user. @returns The name, empty where it has none. */
  user(uid: number): string {
    return this.#users.get(uid) ?? "";
  }

  /** @param gid Number of a group. @returns The name, empty where it has none. */
  group(gid: number): string {
    return this.#groups.get(gid) ?? "";
  }
}

function readNames(path: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  let text = "";
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    // Systems without accounts have numbers only.
  }
  for (const line of text.split("\n")) {
    const [name, , id] = line.split(":");
    const number = Number(id);
    // Old readers take 31 characters of ASCII.
    if (!name || !/^[\x21-\x7e]{1,31}$/.test(name) || !id) continue;
    if (Number.isInteger(number) && !names.has(number)) names.set(number, name);
  }
  return names;
}

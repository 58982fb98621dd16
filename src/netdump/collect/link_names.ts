import type { LinkState } from "../state/types.ts";

/** Interfaces that are looked at one by one, at most. */
const MAX_LINKS = 64;

/**
 * Chooses the interfaces that are worth a closer look: hardware before virtual
 * ones, those that are up before those that are not.
 *
 * @param links All interfaces.
 * @returns Names, at most 64, without the loopback.
 */
export function chooseLinks(links: readonly LinkState[]): readonly string[] {
  const weight = (link: LinkState) =>
    (link.kind === "" ? 0 : 2) + (link.isUp ? 0 : 1);
  return links.filter(({ isLoopback, name }) => !isLoopback && name !== "")
    .map((link) => link)
    .sort((a, b) => weight(a) - weight(b) || a.index - b.index)
    .slice(0, MAX_LINKS)
    .map(({ name }) => name);
}

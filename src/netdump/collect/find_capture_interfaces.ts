import { readNetworkState } from "../state/read_network_state.ts";
import { CollectKit } from "./collect_kit.ts";

/** Interfaces to capture on, at most. */
const MAX_INTERFACES = 4;

/**
 * Finds the interfaces that packets of requests go through: those of default
 * routes.
 *
 * @returns Their names.
 */
export async function findCaptureInterfaces(): Promise<readonly string[]> {
  const kit = new CollectKit({ signal: new AbortController().signal });
  const { routes, links } = await readNetworkState(kit);
  const names = new Set(
    routes.filter(({ destination }) => destination === "default")
      .flatMap(({ hops }) => hops.map(({ device }) => device)),
  );
  return links.filter(({ name, isUp }) => isUp && names.has(name))
    .map(({ name }) => name).slice(0, MAX_INTERFACES);
}

import { formerParamNames } from "./legacy_name_table.ts";
import type { KcapEvent, KcapParam, KcapValue } from "./types.ts";

/**
 * Finds a parameter of an event.
 *
 * @param event The event.
 * @param name Today's name; names that it had before are found too.
 * @returns The parameter, `undefined` when the event does not have it.
 */
export function findParam(
  event: Pick<KcapEvent, "params">,
  name: string,
): KcapParam | undefined {
  const { params } = event;
  for (let index = 0; index < params.length; index++) {
    if (params[index]!.name === name) return params[index];
  }
  // Only where legacy names are kept.
  const formers = formerParamNames(name);
  if (formers.length === 0) return undefined;
  for (const former of formers) {
    for (const param of params) {
      if (param.storedName === former && param.name === former) return param;
    }
  }
  return undefined;
}

/**
 * @param event The event.
 * @param name As of {@linkcode findParam}.
 * @returns The value, when it is a number of up to 32 bits.
 */
export function numberParam(
  event: Pick<KcapEvent, "params">,
  name: string,
): number | undefined {
  const value: KcapValue | undefined = findParam(event, name)?.value;
  return typeof value === "number" ? value : undefined;
}

/**
 * @param event The event.
 * @param name As of {@linkcode findParam}.
 * @returns The value, when it is a number, as 64 bits.
 */
export function wideParam(
  event: Pick<KcapEvent, "params">,
  name: string,
): bigint | undefined {
  const value = findParam(event, name)?.value;
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value)
    ? BigInt(value)
    : undefined;
}

/**
 * @param event The event.
 * @param name As of {@linkcode findParam}.
 * @returns The value, when it is text.
 */
export function textParam(
  event: Pick<KcapEvent, "params">,
  name: string,
): string | undefined {
  const value = findParam(event, name)?.value;
  return typeof value === "string" ? value : undefined;
}

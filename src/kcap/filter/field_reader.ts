import { findParam } from "../find_param.ts";
import { flagNames, flagsOf } from "../flag_table.ts";
import { enumText, paramText } from "../param_text.ts";
import type { KcapEvent } from "../types.ts";
import type { FilterValue } from "./filter_value.ts";
import { IpValue } from "./ip_value.ts";

/**
 * Reads a field of an event.
 *
 * @param event The event, with its process.
 * @param argument What stands in brackets, empty where nothing does.
 * @returns The value, `undefined` where the event has none.
 */
export type FieldReader = (event: KcapEvent, argument: string) => FilterValue;

/**
 * @param name Today's name of a parameter.
 * @returns A reader of its text.
 */
export function paramTextReader(name: string): FieldReader {
  return (event) => {
    const param = findParam(event, name);
    return param === undefined ? undefined : paramText(param, event);
  };
}

/**
 * @param name Today's name of a parameter.
 * @returns A reader of its value, when that is a number.
 */
export function numberReader(name: string): FieldReader {
  return (event) => {
    const value = findParam(event, name)?.value;
    return typeof value === "number" || typeof value === "bigint"
      ? value
      : undefined;
  };
}

/**
 * @param name Today's name of a parameter.
 * @returns A reader of its value, when that is a truth value.
 */
export function boolReader(name: string): FieldReader {
  return (event) => {
    const value = findParam(event, name)?.value;
    return typeof value === "boolean" ? value : undefined;
  };
}

/**
 * @param name Today's name of a parameter.
 * @returns A reader of its value, when that is an address of the network.
 */
export function ipReader(name: string): FieldReader {
  return (event) => {
    const value = findParam(event, name)?.value;
    return value instanceof Uint8Array ? new IpValue(value) : undefined;
  };
}

/**
 * @param name Today's name of a parameter.
 * @returns A reader of its elements, when it is a slice of texts.
 */
export function listReader(name: string): FieldReader {
  return (event) => {
    const value = findParam(event, name)?.value;
    return typeof value === "object" && !(value instanceof Uint8Array) &&
        value.kind === "strings"
      ? value.items
      : undefined;
  };
}

/**
 * Reads an enumeration by its symbol, also where earlier releases stored it as
 * a plain number or as text.
 *
 * @param name Today's name of a parameter.
 * @returns The reader.
 */
export function enumReader(name: string): FieldReader {
  return (event) => {
    const param = findParam(event, name);
    if (param === undefined) return undefined;
    return typeof param.value === "number"
      ? enumText(name, param.value)
      : paramText(param, event);
  };
}

/**
 * Reads flags by their names, also where earlier releases stored them as a
 * plain number.
 *
 * @param name Today's name of a parameter.
 * @returns The reader, of a list.
 */
export function flagListReader(name: string): FieldReader {
  return (event) => {
    const value = findParam(event, name)?.value;
    if (typeof value !== "number" && typeof value !== "bigint") {
      return undefined;
    }
    const flags = flagsOf(name, event.name, event.category);
    return flags === undefined ? undefined : flagNames(value, flags);
  };
}

/**
 * As {@linkcode flagListReader}, with the names joined by `|`; text is given as
 * it is.
 *
 * @param name Today's name of a parameter.
 * @returns The reader, of text.
 */
export function flagTextReader(name: string): FieldReader {
  const list = flagListReader(name);
  const text = paramTextReader(name);
  return (event, argument) => {
    const names = list(event, argument);
    return Array.isArray(names) ? names.join("|") : text(event, argument);
  };
}

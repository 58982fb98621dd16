import { PROVIDERS } from "../event_type_table.ts";
import { findParam } from "../find_param.ts";
import type { KcapEvent } from "../types.ts";
import { EVENT_VALUES } from "./event_field_values.ts";
import type { FieldReader } from "./field_reader.ts";
import { type DeclaredType, FIELDS, type FieldSpec } from "./field_table.ts";
import type { FilterValue } from "./filter_value.ts";
import {
  DLL_VALUES,
  DNS_VALUES,
  FILE_VALUES,
  HANDLE_VALUES,
  MEMORY_VALUES,
  MODULE_VALUES,
  NET_VALUES,
  PE_VALUES,
  REGISTRY_VALUES,
  THREADPOOL_VALUES,
} from "./object_field_values.ts";
import { PROCESS_VALUES } from "./process_field_values.ts";
import { THREAD_VALUES } from "./thread_field_values.ts";

/** Readers by today's name of the field. */
const READERS: ReadonlyMap<string, FieldReader> = new Map(
  [
    EVENT_VALUES,
    PROCESS_VALUES,
    THREAD_VALUES,
    MODULE_VALUES,
    DLL_VALUES,
    FILE_VALUES,
    PE_VALUES,
    REGISTRY_VALUES,
    NET_VALUES,
    HANDLE_VALUES,
    MEMORY_VALUES,
    DNS_VALUES,
    THREADPOOL_VALUES,
  ].flatMap((readers) => Object.entries(readers)),
);

/** Categories that 1.x and 2.x stored under another name. */
const FORMER_CATEGORY: Readonly<Record<string, string>> = { module: "image" };

/** Which events can have fields of a family at all. */
const ACCESSIBLE: Readonly<Record<string, (event: KcapEvent) => boolean>> = {
  ps: ({ process, category }) =>
    process !== undefined || category === "process",
  pe: ({ process, pid }) => process !== undefined && pid !== 4,
  thread: (event) =>
    event.category === "thread" || findParam(event, "callstack") !== undefined,
  module: ofCategory("module"),
  dll: ofCategory("module"),
  file: ofCategory("file"),
  registry: ofCategory("registry"),
  net: ofCategory("net"),
  handle: ofCategory("handle"),
  mem: ofCategory("mem"),
  dns: ({ eventType }) => eventType.guid === PROVIDERS.dns,
  threadpool: ofCategory("threadpool"),
};

function ofCategory(category: string): (event: KcapEvent) => boolean {
  const former = FORMER_CATEGORY[category];
  return (event) => event.category === category || event.category === former;
}

const EMPTY_LIST: readonly string[] = [];

/** Value of a field that an event does not have. */
function defaultValue(declared: DeclaredType): FilterValue {
  switch (declared) {
    case "Bool":
      return false;
    case "IP":
    case "Time":
      return undefined;
    case "Slice":
      return EMPTY_LIST;
    case "String":
    case "Address":
    case "Enum":
    case "Map":
    case "Object":
      return "";
    default:
      return 0;
  }
}

/**
 * Binds a field to its argument.
 *
 * @param spec The field; a deprecated one stands for the one to use instead.
 * @param argument What stands in brackets.
 * @returns A function that reads it from an event; where the event has no
 * value, the default of the field's declared type.
 */
export function bindField(
  spec: FieldSpec,
  argument: string | undefined,
): (event: KcapEvent) => FilterValue {
  // The `pe.is_*` fields have values of their own.
  const name = READERS.has(spec.name)
    ? spec.name
    : spec.deprecated?.use ?? spec.name;
  const read = READERS.get(name)!;
  const fallback = defaultValue(FIELDS.get(name)!.declared);
  const family = spec.name.slice(0, spec.name.indexOf("."));
  const isAccessible = ACCESSIBLE[
    family === "image" ? "module" : family
  ];
  const bound = argument ?? "";
  if (isAccessible === undefined) {
    return (event) => read(event, bound) ?? fallback;
  }
  return (event) =>
    isAccessible(event) ? read(event, bound) ?? fallback : fallback;
}

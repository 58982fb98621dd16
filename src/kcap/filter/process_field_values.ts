import { ancestorsOf } from "../ancestors.ts";
import { findParam } from "../find_param.ts";
import { paramText } from "../param_text.ts";
import type { KcapEvent, KcapPair, KcapPe, KcapProcess } from "../types.ts";
import type { FilterValue } from "./filter_value.ts";
import {
  type FieldReader,
  flagListReader,
  listReader,
  paramTextReader,
} from "./field_reader.ts";

type ProcessReader = (process: KcapProcess, argument: string) => FilterValue;

/** Of a process and, with `ps.parent.`, of its parent. */
const OF_PROCESS: Readonly<Record<string, ProcessReader>> = {
  ".name": ({ name }) => name,
  ".cmdline": ({ cmdline }) => cmdline,
  ".exe": ({ exe }) => exe,
  ".cwd": ({ cwd }) => cwd,
  ".sid": ({ sid }) => sid,
  ".domain": ({ domain }) => domain,
  ".username": ({ username }) => username,
  ".args": ({ args }) => args,
  ".sessionid": ({ sessionId }) => sessionId,
  ".envs": ({ envs }, name) => pairValue(envs, name),
  ".handles": ({ handles }) => handles.map(({ name }) => name),
  ".handle.types": ({ handles }) => handles.map(({ kind }) => kind),
  ".dtb": () => undefined,
  ".uuid": ({ uuid }) => uuid,
  ".is_wow64": ({ isWow64 }) => isWow64,
  ".is_packaged": ({ isPackaged }) => isPackaged,
  ".is_protected": ({ isProtected }) => isProtected,
  ".token.integrity_level": ({ integrityLevel }) => integrityLevel,
  ".token.elevation_type": ({ elevationType }) => elevationType,
  ".token.is_elevated": ({ isElevated }) => isElevated,
};

const OF_PE: Readonly<
  Record<string, (pe: KcapPe, argument: string) => FilterValue>
> = {
  ".nsections": ({ sectionCount }) => sectionCount,
  ".nsymbols": ({ symbolCount }) => symbolCount,
  ".address.base": ({ imageBase }) => imageBase,
  ".address.entrypoint": ({ entryPoint }) => entryPoint,
  ".symbols": ({ symbols }) => symbols,
  ".imports": ({ imports }) => imports,
  ".anomalies": ({ anomalies }) => anomalies,
  ".company": (pe) => resource(pe, "CompanyName"),
  ".copyright": (pe) => resource(pe, "LegalCopyright"),
  ".description": (pe) => resource(pe, "FileDescription"),
  ".file.name": (pe) => resource(pe, "OriginalFilename"),
  ".file.version": (pe) => resource(pe, "FileVersion"),
  ".product": (pe) => resource(pe, "ProductName"),
  ".product.version": (pe) => resource(pe, "ProductVersion"),
  ".imphash": ({ importHash }) => importHash,
  ".is_dotnet": ({ isDotnet }) => isDotnet,
  // Found only by looking at a live process.
  ".is_modified": () => false,
  ".resources": ({ resources }, name) => pairValue(resources, name),
};

/** Process that the PE and signature fields never look into: the system itself. */
const SYSTEM_PID = 4;

/** Rights asked for by OpenProcess or OpenThread. */
export function accessReaders(
  prefix: string,
  eventName: string,
): Record<string, FieldReader> {
  const only = (read: FieldReader): FieldReader => (event, argument) =>
    event.name === eventName ? read(event, argument) : undefined;
  const names = flagListReader("desired_access");
  const storedNames = listReader("desired_access_names");
  return {
    [`${prefix}.access.mask`]: only((event) => {
      const param = findParam(event, "desired_access");
      if (param === undefined) return undefined;
      return typeof param.value === "number"
        ? `0x${param.value.toString(16)}`
        : paramText(param, event);
    }),
    [`${prefix}.access.mask.names`]: only((event, argument) =>
      names(event, argument) ?? storedNames(event, argument)
    ),
    [`${prefix}.access.status`]: only(paramTextReader("status")),
  };
}

/** Values of the `ps.` fields. */
export const PROCESS_VALUES: Readonly<Record<string, FieldReader>> = {
  "ps.pid": (event) =>
    event.process !== undefined || event.category === "process"
      ? event.pid
      : undefined,
  "ps.ppid": ({ process }) => process?.ppid,
  "ps.parent.pid": ({ process }) => process?.parent?.pid ?? process?.ppid,
  "ps.modules": ({ process }) =>
    process === undefined
      ? undefined
      : Array.from(process.modules.values(), ({ path }) => path),
  "ps.ancestor": ({ process }, index) => {
    const names = process === undefined
      ? []
      : ancestorsOf(process).map(({ name }) => name);
    return index === "" ? names : names[Number(index)] ?? "";
  },
  ...accessReaders("ps", "OpenProcess"),
  "ps.signature.exists": ofPe(({ isSigned }) => isSigned),
  "ps.signature.trusted": ofPe(({ isTrusted }) => isTrusted),
  "ps.signature.serial": ofPe(({ certificate }) => certificate?.serial),
  "ps.signature.subject": ofPe(({ certificate }) => certificate?.subject),
  "ps.signature.issuer": ofPe(({ certificate }) => certificate?.issuer),
  // The language has no operator for times.
  "ps.signature.after": () => undefined,
  "ps.signature.before": () => undefined,
  ...mapKeys(
    "ps",
    OF_PROCESS,
    (read): FieldReader => (event, argument) =>
      event.process === undefined ? undefined : read(event.process, argument),
  ),
  ...mapKeys(
    "ps.parent",
    OF_PROCESS,
    (read): FieldReader => ({ process }, argument) =>
      process?.parent === undefined
        ? undefined
        : read(process.parent, argument),
  ),
  ...mapKeys("ps.pe", OF_PE, ofPe),
};

function mapKeys<Value>(
  prefix: string,
  record: Readonly<Record<string, Value>>,
  toReader: (value: Value) => FieldReader,
): Record<string, FieldReader> {
  return Object.fromEntries(
    Object.entries(record).map((
      [key, value],
    ) => [prefix + key, toReader(value)]),
  );
}

function ofPe(
  read: (pe: KcapPe, argument: string) => FilterValue,
): FieldReader {
  return (event: KcapEvent, argument) => {
    const pe = event.pid === SYSTEM_PID ? undefined : event.process?.pe;
    return pe === undefined ? undefined : read(pe, argument);
  };
}

function resource({ resources }: KcapPe, name: string): string {
  return resources.find(({ key }) => key === name)?.value ?? "";
}

/** All pairs, or the value of one: by its key, else by the smallest key that begins so. */
function pairValue(pairs: readonly KcapPair[], name: string): FilterValue {
  if (name === "") return pairs.map(({ key, value }) => `${key}:${value}`);
  const exact = pairs.find(({ key }) => key === name);
  if (exact !== undefined) return exact.value;
  let best: KcapPair | undefined;
  for (const pair of pairs) {
    if (
      pair.key.startsWith(name) && (best === undefined || pair.key < best.key)
    ) best = pair;
  }
  return best?.value;
}

import { compareUtf8 } from "./compare_utf8.ts";
import { paramText } from "./param_text.ts";
import type {
  KcapEvent,
  KcapHandle,
  KcapPair,
  KcapParam,
  KcapPe,
  KcapProcess,
  KcapThread,
} from "./types.ts";
import { baseName } from "./windows_path.ts";

/** Parts of events that are left out unless they are asked for. */
export interface RenderJsonOptions {
  /** Threads of the process. @default {false} */
  readonly threads?: boolean | undefined;
  /** Modules of the process. @default {false} */
  readonly modules?: boolean | undefined;
  /** Handles of the process. @default {false} */
  readonly handles?: boolean | undefined;
  /** What is known of the executable. @default {false} */
  readonly pe?: boolean | undefined;
  /** Environment of the process. @default {false} */
  readonly envs?: boolean | undefined;
  /** Integers that a double cannot hold as `number` tokens or as `string`. @default {"number"} */
  readonly bigint?: "number" | "string" | undefined;
}

// deno-lint-ignore no-control-regex
const SPECIAL_REGEXP = /["\\\u0000-\u001f]/;
// deno-lint-ignore no-control-regex
const SPECIALS_REGEXP = /["\\\u0000-\u001f]/g;

/**
 * Renders an event as Fibratus does: one JSON object on one line, keys in fixed
 * order, a blank behind each colon.
 *
 * @param event The event.
 * @param options Parts that are left out otherwise.
 * @returns The line without its break.
 */
export function renderEventJson(
  event: KcapEvent,
  options: RenderJsonOptions = {},
): string {
  const params = event.params.toSorted((a, b) => compareUtf8(a.name, b.name))
    .map((param) => member(param.name, paramJson(param, event, options)));
  const meta = event.meta
    .filter(({ key }) => key !== "")
    .toSorted((a, b) => compareUtf8(a.key, b.key))
    .map(({ key, value }) => member(key, quote(value)));
  const process = event.process ?? event.embedded;
  const members = [
    `"seq": ${wide(event.seq, options)}`,
    `"pid": ${event.pid}`,
    `"tid": ${event.tid}`,
    `"cpu": ${event.cpu}`,
    `"name": ${quote(event.name)}`,
    `"category": ${quote(event.category)}`,
    `"description": ${quote(event.description)}`,
    `"host": ${quote(event.host)}`,
    `"timestamp": ${quote(event.timestamp)}`,
    `"params": {${params.join(",")}}`,
    `"meta": {${meta.join(",")}}`,
  ];
  if (process !== undefined) {
    members.push(`"ps": ${processJson(process, options)}`);
  }
  return `{${members.join(",")}}`;
}

function paramJson(
  param: KcapParam,
  event: KcapEvent,
  options: RenderJsonOptions,
): string {
  const { type, value } = param;
  switch (type) {
    case "Int8":
    case "Uint8":
    case "Int16":
    case "Uint16":
    case "Int32":
    case "Uint32":
    case "PID":
    case "TID":
    case "Port":
      return String(value);
    case "Int64":
    case "Uint64":
      return wide(BigInt(value as bigint), options);
    case "Float":
    case "Double":
      return Number.isFinite(value) ? String(value) : quote(String(value));
    case "Slice":
      if (typeof value === "object" && !(value instanceof Uint8Array)) {
        return value.kind === "strings"
          ? list(value.items, quote)
          : list(value.items, (item) => quote(item.toString(16)));
      }
  }
  return quote(paramText(param, event));
}

type Owner = Omit<
  KcapProcess,
  | "parent"
  | "threads"
  | "modules"
  | "mappings"
  | "integrityLevel"
  | "elevationType"
  | "isElevated"
>;

function processJson(
  process: Owner & Partial<KcapProcess>,
  options: RenderJsonOptions,
): string {
  const members = [
    `"pid": ${process.pid}`,
    `"ppid": ${process.ppid}`,
    ...identity(process),
    `"args": ${list(process.args, quote)}`,
    `"sessionid": ${process.sessionId}`,
  ];
  const { parent } = process;
  if (parent !== undefined) {
    members.push(`"parent": {${identity(parent).join(",")}}`);
  }
  if (options.envs === true) members.push(`"envs": ${pairs(process.envs)}`);
  if (options.threads === true) {
    const threads = [...process.threads?.values() ?? []];
    members.push(`"threads": ${list(threads, threadJson)}`);
  }
  if (options.modules === true) {
    const modules = [...process.modules?.values() ?? []];
    members.push(`"modules": ${
      list(
        modules,
        ({ path, size }) =>
          `{"name": ${quote(baseName(path))},"size": ${wide(size, options)}}`,
      )
    }`);
  }
  if (options.handles === true) {
    members.push(
      `"handles": ${
        list(process.handles, (handle) => handleJson(handle, options))
      }`,
    );
  }
  if (options.pe === true && process.pe !== undefined) {
    members.push(`"pe": ${peJson(process.pe)}`);
  }
  return `{${members.join(",")}}`;
}

function identity(
  process: Pick<KcapProcess, "name" | "cmdline" | "exe" | "cwd" | "sid">,
): readonly string[] {
  return [
    `"name": ${quote(process.name)}`,
    `"cmdline": ${quote(process.cmdline)}`,
    `"exe": ${quote(process.exe)}`,
    `"cwd": ${quote(process.cwd)}`,
    `"sid": ${quote(process.sid)}`,
  ];
}

function threadJson(thread: KcapThread): string {
  return `{${
    [
      `"tid": ${thread.tid}`,
      `"ioprio": ${thread.ioPriority}`,
      `"baseprio": ${thread.basePriority}`,
      `"pageprio": ${thread.pagePriority}`,
      `"start_address": "${thread.startAddress.toString(16)}"`,
      `"ustack_base": "${thread.userStackBase.toString(16)}"`,
      `"ustack_limit": "${thread.userStackLimit.toString(16)}"`,
      `"kstack_base": "${thread.kernelStackBase.toString(16)}"`,
      `"kstack_limit": "${thread.kernelStackLimit.toString(16)}"`,
    ].join(",")
  }}`;
}

function handleJson(handle: KcapHandle, options: RenderJsonOptions): string {
  return `{"name": ${quote(handle.name)},"type": ${quote(handle.kind)},"id": ${
    wide(handle.id, options)
  },"object": "${handle.object.toString(16)}"}`;
}

function peJson(pe: KcapPe): string {
  const members = [
    `"nsections": ${pe.sectionCount}`,
    `"nsymbols": ${pe.symbolCount}`,
    `"image_base": ${quote(pe.imageBase)}`,
    `"entrypoint": ${quote(pe.entryPoint)}`,
    `"link_time": ${quote(pe.linkTime)}`,
  ];
  if (pe.sections.length > 0) {
    members.push(`"sections": ${
      list(
        pe.sections,
        ({ name, size, entropy, md5 }) =>
          `{"name": ${quote(name)},"size": ${size},"entropy": ${
            Number.isFinite(entropy) ? entropy : quote(String(entropy))
          },"md5": ${quote(md5)}}`,
      )
    }`);
  }
  if (pe.symbols.length > 0) {
    members.push(`"symbols": ${list(pe.symbols, quote)}`);
  }
  if (pe.imports.length > 0) {
    members.push(`"imports": ${list(pe.imports, quote)}`);
  }
  if (pe.resources.length > 0) {
    members.push(`"resources": ${pairs(pe.resources)}`);
  }
  return `{${members.join(",")}}`;
}

function pairs(items: readonly KcapPair[]): string {
  return `{${
    items.toSorted((a, b) => compareUtf8(a.key, b.key))
      .map(({ key, value }) => member(key, quote(value))).join(",")
  }}`;
}

function member(key: string, value: string): string {
  return `${quote(key)}: ${value}`;
}

function list<Item>(
  items: readonly Item[],
  render: (item: Item) => string,
): string {
  return `[${items.map(render).join(",")}]`;
}

function wide(value: bigint, { bigint = "number" }: RenderJsonOptions): string {
  const isSafe = value <= Number.MAX_SAFE_INTEGER &&
    value >= Number.MIN_SAFE_INTEGER;
  return bigint === "number" || isSafe ? String(value) : `"${value}"`;
}

/** Nothing is escaped that JSON does not ask for; bytes that are not UTF-8 become U+FFFD. */
function quote(text: string): string {
  const shown = text.isWellFormed() ? text : text.toWellFormed();
  if (!SPECIAL_REGEXP.test(shown)) return `"${shown}"`;
  return `"${shown.replace(SPECIALS_REGEXP, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  switch (unit) {
    case '"':
      return '\\"';
    case "\\":
      return "\\\\";
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
    default:
      return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }
}

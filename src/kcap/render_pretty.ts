import { escapeForTerminal } from "../base/terminal_text.ts";
import { formatGoTime } from "./capture_time.ts";
import { callStackOf } from "./call_stack.ts";
import { compareUtf8 } from "./compare_utf8.ts";
import { paramText } from "./param_text.ts";
import type { KcapEvent, KcapPe } from "./types.ts";

/** What each line of `kcap replay` says unless a template is given. */
export const DEFAULT_TEMPLATE =
  "{{ .Seq }} {{ .Timestamp }} - {{ .CPU }} {{ .Process }} ({{ .Pid }}) - {{ .Type }} ({{ .Params }})";

/** Between name and value of a parameter. */
export const DEFAULT_KV_DELIMITER = "➜ ";

/** How {@linkcode compileTemplate} renders. */
export interface CompileTemplateOptions {
  /** Text between name and value of parameters. @default {"➜ "} */
  readonly kvDelimiter?: string | undefined;
  /** Whether values are coloured for a terminal; missing process values are then `N/A`. @default {false} */
  readonly colour?: boolean | undefined;
}

type Part = (event: KcapEvent) => string;

const FIELDS: ReadonlyMap<string, Part> = new Map<string, Part>([
  [".CPU", ({ cpu }) => String(cpu)],
  [".Callstack", (event) => callStackOf(event).map(frameText).join("|")],
  [".Category", ({ category }) => category],
  [".Cmd", (event) => stateOf(event)?.cmdline ?? ""],
  [".Cwd", (event) => stateOf(event)?.cwd ?? ""],
  [".Description", ({ description }) => description],
  [".Exe", (event) => stateOf(event)?.exe ?? ""],
  [".Host", ({ host }) => host],
  [
    ".Meta",
    ({ meta }) =>
      meta.filter(({ key }) => key !== "")
        .toSorted((a, b) => compareUtf8(a.key, b.key))
        .map(({ key, value }) => `${key}: ${value}`).join(", "),
  ],
  [".PE", (event) => peText(stateOf(event)?.pe)],
  [".Params", () => ""], // rendered with its delimiter
  [".Pcmd", ({ process }) => process?.parent?.cmdline ?? ""],
  [".Pexe", ({ process }) => process?.parent?.exe ?? ""],
  [".Pid", ({ pid }) => String(pid)],
  [".Pname", ({ process }) => process?.parent?.name ?? ""],
  [".Ppid", (event) => String(stateOf(event)?.ppid ?? "")],
  [".Process", (event) => stateOf(event)?.name ?? ""],
  [".Seq", ({ seq }) => String(seq)],
  [".Sid", (event) => stateOf(event)?.sid ?? ""],
  [".Tid", ({ tid }) => String(tid)],
  [".Timestamp", ({ timestamp }) => formatGoTime(timestamp)],
  [".Type", ({ name }) => name],
]);

/** Of fields that a process without state does not have. */
const PROCESS_FIELDS: ReadonlySet<string> = new Set([
  ".Cmd",
  ".Cwd",
  ".Exe",
  ".Pcmd",
  ".Pexe",
  ".Pname",
  ".Ppid",
  ".Process",
  ".Sid",
]);

/** SGR codes by field. */
const COLOURS: ReadonlyMap<string, number> = new Map([
  [".Seq", 90],
  [".Timestamp", 36],
  [".CPU", 90],
  [".Process", 32],
  [".Pid", 33],
  [".Type", 35],
]);

const TAG_REGEXP = /\{\{([^{}]*)\}\}/g;

/**
 * Compiles a template such as `{{ .Seq }} {{ .Type }} {{ .Params.File_path }}`
 * to a function that renders one event as one line.
 *
 * @param template Text with tags.
 * @param options Delimiter and colour.
 * @returns The function; what it gives is safe to show on a terminal.
 * @throws {SyntaxError} When the template has no tag, unbalanced braces, an
 * empty or an unknown tag; the texts are Fibratus'.
 *
 * @example A template of one's own
 * ```ts
 * import { compileTemplate, makeEvent } from "@tracedeck/tracedeck/kcap";
 * import { assertEquals } from "@std/assert";
 *
 * const render = compileTemplate("{{ .Pid }}: {{ .Type }}");
 * const event = makeEvent({
 *   guid: "90cbdc39-4a3e-11d1-84f4-0000f80464e3",
 *   hookId: 67,
 *   pid: 859,
 * });
 * assertEquals(render(event), "859: ReadFile");
 * ```
 */
export function compileTemplate(
  template: string,
  options: CompileTemplateOptions = {},
): (event: KcapEvent) => string {
  checkBraces(template);
  const parts: Part[] = [];
  let from = 0;
  let position = 0;
  for (const match of template.matchAll(TAG_REGEXP)) {
    position++;
    const literal = template.slice(from, match.index);
    if (literal !== "") parts.push(() => literal);
    from = match.index + match[0].length;
    const name = match[1]!.trim();
    if (name === "") {
      throw templateError(`empty field found at position ${position}`);
    }
    parts.push(partOf(name, options));
  }
  const tail = template.slice(from);
  if (tail !== "") parts.push(() => tail);
  return (event) => parts.map((part) => part(event)).join("");
}

function checkBraces(template: string): void {
  if (!/\{\{[^{}]*\}\}/.test(template) && !/[{}]/.test(template)) {
    throw templateError(`invalid template format: "${template}"`);
  }
  const braces = template.replace(/[^{}]/g, "");
  for (let at = 0; at < braces.length; at += 4) {
    if (braces.slice(at, at + 4) !== "{{}}") {
      throw templateError(
        `template syntax error near field #${at / 4 + 1}: "${template}"`,
      );
    }
  }
  if (template.match(TAG_REGEXP)?.length !== braces.length / 4) {
    throw templateError(`invalid template format: "${template}"`);
  }
}

function templateError(message: string): SyntaxError {
  return new SyntaxError(message);
}

function partOf(
  name: string,
  options: CompileTemplateOptions,
): Part {
  const { kvDelimiter = DEFAULT_KV_DELIMITER, colour = false } = options;
  const part = safePartOf(name, kvDelimiter);
  const code = colour ? COLOURS.get(name) : undefined;
  const isOfProcess = colour && PROCESS_FIELDS.has(name);
  if (code === undefined && !isOfProcess) return part;
  return (event) => {
    const text = part(event);
    const shown = text === "" && isOfProcess ? "N/A" : text;
    return code === undefined ? shown : `\x1b[${code}m${shown}\x1b[0m`;
  };
}

/** What a tag stands for, safe to show. */
function safePartOf(name: string, kvDelimiter: string): Part {
  if (name === ".Params") {
    return (event) =>
      event.params.toSorted((a, b) => compareUtf8(a.name, b.name))
        .map((param) =>
          showSafely(param.name) + kvDelimiter +
          showSafely(paramText(param, event))
        )
        .join(", ");
  }
  if (name.startsWith(".Params.") && name.length > ".Params.".length) {
    const wanted = name.slice(".Params.".length);
    const param = wanted[0]!.toLowerCase() + wanted.slice(1);
    return (event) => {
      const found = event.params.find(({ name }) => name === param);
      return found === undefined ? "" : showSafely(paramText(found, event));
    };
  }
  const part = FIELDS.get(name);
  if (part !== undefined) return (event) => showSafely(part(event));
  throw templateError(
    `${name} is not a known field name. Maybe you meant one of the following fields: ${
      [...FIELDS.keys()].join(" ")
    }`,
  );
}

function stateOf(
  event: KcapEvent,
): KcapEvent["process"] | KcapEvent["embedded"] {
  return event.process ?? event.embedded;
}

function frameText(
  { address, module }: { readonly address: bigint; readonly module: string },
): string {
  return `0x${address.toString(16)}${module === "" ? "" : ` ${module}`}`;
}

function peText(pe: KcapPe | undefined): string {
  if (pe === undefined) return "";
  return [
    `Number of sections: ${pe.sectionCount}`,
    `Number of symbols: ${pe.symbolCount}`,
    `Image base: ${pe.imageBase}`,
    `Entrypoint: ${pe.entryPoint}`,
    `Link time: ${pe.linkTime}`,
  ].join(", ");
}

// deno-lint-ignore no-control-regex
const CONTROL_REGEXP = /[\u0000-\u001f\u007f-\u009f]/g;

/** Nearly all texts: nothing in them needs a closer look. */
const PRINTABLE_REGEXP = /^[ -~]*$/;

/** Control characters become `\xNN`, what else could disturb a terminal `\uXXXX`. */
function showSafely(text: string): string {
  if (PRINTABLE_REGEXP.test(text)) return text;
  return escapeForTerminal(
    text.toWellFormed().replace(
      CONTROL_REGEXP,
      (unit) => `\\x${unit.charCodeAt(0).toString(16).padStart(2, "0")}`,
    ),
  );
}

import type { OptionSpec } from "../formats/option_spec.ts";
import { GLOBAL_OPTIONS } from "./common_options.ts";
import type { Command, CommandGroup } from "./command.ts";

const PROGRAM = "tracedeck";

/**
 * Renders the help of one command.
 *
 * @param command The command.
 * @param group Name of the system it belongs to, if any.
 * @returns Lines, without a line break at the end.
 */
export function renderCommandHelp(command: Command, group?: string): string {
  const path = [PROGRAM, ...(group === undefined ? [] : [group]), command.name]
    .join(" ");
  const positionals = command.positionals.map(
    ({ name, required, variadic }) => {
      const word = variadic === true ? `${name}…` : name;
      return required ? word : `[${word}]`;
    },
  );
  const rest = command.passthrough === true ? ["[-- COMMAND ARG…]"] : [];
  const parts = [
    command.summary,
    `Usage: ${[path, "[OPTION…]", ...positionals, ...rest].join(" ")}`,
    command.details,
    command.options.length === 0
      ? ""
      : `Options:\n${renderOptions(command.options)}`,
    `Options of every command:\n${renderOptions(GLOBAL_OPTIONS)}`,
    command.examples.length === 0
      ? ""
      : `Examples:\n${
        command.examples.map(([line, meaning]) =>
          `  ${PROGRAM} ${line}\n      ${meaning}`
        ).join("\n")
      }`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/**
 * Renders the list of a system's commands.
 *
 * @param group The system.
 * @returns Lines, without a line break at the end.
 */
export function renderGroupHelp(group: CommandGroup): string {
  return [
    group.summary,
    `Usage: ${PROGRAM} ${group.name} COMMAND [OPTION…] …`,
    `Commands:\n${renderNames(group.commands)}`,
    `Run "${PROGRAM} ${group.name} COMMAND --help" for the options of a command.`,
  ].join("\n\n");
}

/**
 * Renders the list of everything.
 *
 * @param commands Commands for any file.
 * @param groups Systems.
 * @returns Lines, without a line break at the end.
 */
export function renderTopHelp(
  commands: readonly Command[],
  groups: readonly CommandGroup[],
): string {
  const systems = groups.map(({ name, commands }) => ({
    name,
    summary: commands.map((command) => command.name).join(" | "),
  }));
  return [
    "Captures, reads, converts, replays and shows diagnostic traces.",
    `Usage: ${PROGRAM} COMMAND [OPTION…] …`,
    `Commands:\n${renderNames(commands)}`,
    groups.length === 0 ? "" : `Systems:\n${renderNames(systems)}`,
    `Run "${PROGRAM} COMMAND --help" for the options of a command.`,
  ].filter((part) => part !== "").join("\n\n");
}

function renderNames(
  entries: readonly { name: string; summary: string }[],
): string {
  const width = Math.max(...entries.map(({ name }) => name.length));
  return entries.map(({ name, summary }) =>
    `  ${name.padEnd(width)}  ${summary}`
  ).join("\n");
}

function renderOptions(options: readonly OptionSpec[]): string {
  const left = options.map((option) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    const name = option.type === "boolean" && option.default === true
      ? `--[no-]${option.name}`
      : `--${option.name}`;
    const value = option.type === "boolean"
      ? ""
      : ` ${option.valueName ?? VALUE_NAMES[option.type]}`;
    return `  ${short}${name}${value}`;
  });
  const width = Math.min(34, Math.max(...left.map((text) => text.length)));
  return options.map((option, index) => {
    const notes = [
      option.choices === undefined ? "" : `one of ${option.choices.join(", ")}`,
      option.type === "list" ? "may be given several times" : "",
      option.default === undefined || option.type === "boolean"
        ? ""
        : `default ${defaultText(option)}`,
    ].filter((note) => note !== "");
    const help = notes.length === 0
      ? option.help
      : `${option.help} (${notes.join("; ")})`;
    const name = left[index]!;
    return name.length > width
      ? `${name}\n${" ".repeat(width)}  ${help}`
      : `${name.padEnd(width)}  ${help}`;
  }).join("\n");
}

/** As it would be typed. */
function defaultText({ type, default: value }: OptionSpec): string {
  if (typeof value !== "number") return String(value);
  const units = type === "duration"
    ? DURATION_UNITS
    : type === "size"
    ? SIZE_UNITS
    : [];
  const unit = units.find(([, factor]) =>
    value >= factor && value % factor === 0
  );
  return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`;
}

const DURATION_UNITS = [
  ["h", 3600e9],
  ["m", 60e9],
  ["s", 1e9],
  ["ms", 1e6],
  ["us", 1e3],
  ["ns", 1],
] as const;

const SIZE_UNITS = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

const VALUE_NAMES = {
  string: "TEXT",
  number: "N",
  duration: "TIME",
  size: "SIZE",
  list: "TEXT",
} as const;

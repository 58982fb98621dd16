import type { OptionSpec } from "../../formats/option_spec.ts";
import type { Command, CommandContext } from "../command.ts";
import { loadAllCommands } from "../command_table.ts";
import type { AllCommands } from "../command_table.ts";
import { GLOBAL_OPTIONS } from "../common_options.ts";
import { EXIT_CODE } from "../exit_code.ts";
import { UsageError } from "../usage_error.ts";

const PROGRAM = "tracedeck";

const SCRIPTS: Readonly<Record<string, (all: AllCommands) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/**
 * Prints a completion script, made from the command table.
 *
 * @param context Arguments and the outside.
 * @returns The exit code.
 */
export async function run(
  { positionals, console }: CommandContext,
): Promise<number> {
  const shell = positionals[0]!;
  const script = SCRIPTS[shell];
  if (script === undefined) {
    throw new UsageError(
      `Cannot complete for "${shell}": shells are ${
        Object.keys(SCRIPTS).join(", ")
      }`,
    );
  }
  await console.print(script(await loadAllCommands()));
  return EXIT_CODE.done;
}

/** A command with the words that lead to it. */
interface CommandPath {
  readonly words: readonly string[];
  readonly command: Command;
}

function commandPaths({ commands, groups }: AllCommands): CommandPath[] {
  return [
    ...commands.map((command) => ({ words: [command.name], command })),
    ...groups.flatMap((group) =>
      group.commands.map((command) => ({
        words: [group.name, command.name],
        command,
      }))
    ),
  ];
}

function optionsOf(command: Command): readonly OptionSpec[] {
  return [...command.options, ...GLOBAL_OPTIONS];
}

function bashScript(all: AllCommands): string {
  const cases = commandPaths(all).map(({ words, command }) =>
    `    "${words.join(" ")}") options="${
      optionsOf(command).map(({ name }) => `--${name}`).join(" ")
    }" ;;`
  );
  const choices = commandPaths(all).flatMap(({ words, command }) =>
    command.options.filter(({ choices }) => choices !== undefined).map((
      { name, choices },
    ) => `    "${words.join(" ")} --${name}") words="${choices!.join(" ")}" ;;`)
  );
  const groups = all.groups.map(({ name, commands }) =>
    `    ${name}) words="${
      commands.map((command) => command.name).join(" ")
    }" ;;`
  );
  return `# bash completion of ${PROGRAM}
_${PROGRAM}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local words="" options="" path="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${
    [...all.commands, ...all.groups].map(({ name }) => name).join(" ")
  }"
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$path" in
${groups.join("\n")}
  esac
  if [ -n "$words" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return
    fi
    path="$path \${COMP_WORDS[2]}"
    words=""
  fi
  case "$path $previous" in
${choices.join("\n")}
  esac
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$path" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -o filenames -F _${PROGRAM} ${PROGRAM}`;
}

function zshScript(all: AllCommands): string {
  const describe = (entries: readonly { name: string; summary: string }[]) =>
    entries.map(({ name, summary }) =>
      zshQuote(`${name}:${summary.replaceAll(":", "\\:")}`)
    )
      .join(" ");
  const cases = commandPaths(all).map(({ words, command }) => {
    const specs = optionsOf(command).map((option) => zshQuote(zshSpec(option)));
    return `    ${zshQuote(words.join(" "))}) _arguments ${
      specs.join(" ")
    } '*:file:_files' ;;`;
  });
  const groups = all.groups.map(({ name, commands }) =>
    `    ${name}) entries=(${describe(commands)}) ;;`
  );
  return `#compdef ${PROGRAM}
# zsh completion of ${PROGRAM}
_${PROGRAM}() {
  local -a entries
  local command="\${words[2]}"
  if (( CURRENT == 2 )); then
    entries=(${describe([...all.commands, ...all.groups])})
    _describe command entries
    return
  fi
  case "$command" in
${groups.join("\n")}
  esac
  if (( \${#entries} )); then
    if (( CURRENT == 3 )); then
      _describe command entries
      return
    fi
    command="$command \${words[3]}"
    shift words
    (( CURRENT-- ))
  fi
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
_${PROGRAM} "$@"`;
}

function zshSpec(option: OptionSpec): string {
  const help = option.help.replace(/[[\]:]/g, "\\$&");
  if (option.type === "boolean") return `--${option.name}[${help}]`;
  const action = option.choices === undefined
    ? "_files"
    : `(${option.choices.join(" ")})`;
  return `${
    option.type === "list" ? "*" : ""
  }--${option.name}=[${help}]:value:${action}`;
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishScript(all: AllCommands): string {
  const lines = [
    `# fish completion of ${PROGRAM}`,
    ...[...all.commands, ...all.groups].map(({ name, summary }) =>
      `complete -c ${PROGRAM} -f -n __fish_use_subcommand -a ${name} -d ${
        fishQuote(summary)
      }`
    ),
  ];
  for (const { name, commands } of all.groups) {
    const names = commands.map((command) => command.name).join(" ");
    for (const command of commands) {
      lines.push(
        `complete -c ${PROGRAM} -f -n "__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${names}" -a ${command.name} -d ${
          fishQuote(command.summary)
        }`,
      );
    }
  }
  for (const { words, command } of commandPaths(all)) {
    const condition = words.map((word) => `__fish_seen_subcommand_from ${word}`)
      .join("; and ");
    for (const option of optionsOf(command)) {
      lines.push(
        `complete -c ${PROGRAM} -n "${condition}" -l ${option.name}${
          option.short === undefined ? "" : ` -s ${option.short}`
        }${option.type === "boolean" ? "" : " -r"}${
          option.choices === undefined
            ? ""
            : ` -f -a "${option.choices.join(" ")}"`
        } -d ${fishQuote(option.help)}`,
      );
    }
  }
  return lines.join("\n");
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}

import { toJsonText } from "../../../base/json_text.ts";
import { nearestWord } from "../../../base/nearest.ts";
import {
  FIELDS,
  type FieldSpec,
  PSEUDO_FIELDS,
} from "../../../kcap/filter/field_table.ts";
import {
  type ArgumentSpec,
  FUNCTIONS,
  type FunctionSpec,
} from "../../../kcap/filter/function_table.ts";
import type { CommandContext } from "../../command.ts";
import { EXIT_CODE } from "../../exit_code.ts";

/** One row of the listing. */
interface Row {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly json: Record<string, unknown>;
}

/**
 * Lists fields and functions of the filter language.
 *
 * @param context Arguments and the outside.
 * @returns The exit code: 1 when nothing fits the word.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console, options, positionals } = context;
  const word = positionals[0]?.toLowerCase() ?? "";
  const isOfFunctions = options["functions"] === true;
  const all = isOfFunctions
    ? functionRows()
    : fieldRows(options["deprecated"] === true);
  const byName = all.filter(({ name }) => name.startsWith(word));
  const rows = byName.length > 0
    ? byName
    : all.filter(({ name, description }) =>
      name.includes(word) || description.toLowerCase().includes(word)
    );
  if (options["json"] === true) {
    for (const { json } of rows) await console.print(toJsonText(json));
  } else {
    const nameWidth = Math.max(0, ...rows.map(({ name }) => name.length));
    const typeWidth = Math.max(0, ...rows.map(({ type }) => type.length));
    for (const { name, type, description } of rows) {
      await console.print(
        `${name.padEnd(nameWidth)}  ${type.padEnd(typeWidth)}  ${description}`,
      );
    }
  }
  if (rows.length > 0) return EXIT_CODE.done;
  const near = nearestWord(word, [...FIELDS.keys(), ...FUNCTIONS.keys()]);
  console.error(
    `Cannot list ${
      isOfFunctions ? "functions" : "fields"
    }: none fits "${word}"`,
    near === undefined ? undefined : `did you mean ${near.toLowerCase()}?`,
  );
  return EXIT_CODE.failed;
}

function fieldRows(withDeprecated: boolean): readonly Row[] {
  const rows = [...FIELDS.values()]
    .filter(({ deprecated }) => withDeprecated || deprecated === undefined)
    .map(fieldRow);
  for (const [name, segments] of PSEUDO_FIELDS) {
    rows.push({
      name,
      type: "foreach",
      description: `elements with ${segments.join(", ")}`,
      json: { name, kind: "pseudo", segments },
    });
  }
  return rows;
}

function fieldRow(spec: FieldSpec): Row {
  const { name, declared, type, description, argument, deprecated } = spec;
  const brackets = argument === undefined
    ? ""
    : argument.isRequired
    ? `[${argument.pattern}]`
    : `[${argument.pattern}]?`;
  return {
    name: name + brackets,
    type: declared,
    description: deprecated === undefined
      ? description
      : `${description}; deprecated since ${deprecated.since}, use ${deprecated.use}`,
    json: {
      name,
      kind: "field",
      declared,
      type,
      description,
      argument,
      deprecated,
    },
  };
}

function functionRows(): readonly Row[] {
  return [...FUNCTIONS.values()]
    .filter(({ name }) => name !== "UNDEFINED")
    .map((spec) => ({
      name: signature(spec),
      type: spec.returns,
      description: spec.isLocal
        ? `${spec.description}; needs --allow-local`
        : spec.description,
      json: {
        name: spec.name.toLowerCase(),
        kind: "function",
        returns: spec.returns,
        description: spec.description,
        args: spec.args,
        maxArguments: spec.maxArguments,
        isLocal: spec.isLocal,
      },
    }));
}

function signature({ name, args, maxArguments }: FunctionSpec): string {
  const list = args.map(({ keyword, isRequired }: ArgumentSpec) =>
    isRequired ? keyword : `[${keyword}]`
  );
  if (maxArguments > args.length) list.push("…");
  return `${name.toLowerCase()}(${list.join(", ")})`;
}

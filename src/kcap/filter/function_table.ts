import type { FilterNode, ValueType } from "./types.ts";

/** What an argument may be, in the words of Fibratus' messages. */
export type ArgumentKind =
  | "string"
  | "number"
  | "ip"
  | "bool"
  | "slice"
  | "field"
  | "boundfield"
  | "boundsegment"
  | "bareboundvar"
  | "func"
  | "expression";

/** One argument of a function. */
export interface ArgumentSpec {
  /** What it is for. */
  readonly keyword: string;
  /** What it may be. */
  readonly kinds: readonly ArgumentKind[];
  readonly isRequired: boolean;
}

/** A function of the filter language. */
export interface FunctionSpec {
  /** In upper case. */
  readonly name: string;
  /** Arguments; the last one stands for all that follow up to `maxArguments`. */
  readonly args: readonly ArgumentSpec[];
  readonly maxArguments: number;
  /** Name in the message on a wrong number of arguments, where Fibratus has another. */
  readonly countName: string;
  /** Kind of value that it gives. */
  readonly returns: ValueType;
  readonly description: string;
  /** Whether it looks at files of this machine. */
  readonly isLocal: boolean;
  /** Finds fault with arguments that are of the right kinds. */
  readonly validate: (args: readonly FilterNode[]) => string | undefined;
}

/** What every value may come from: fields, elements of `foreach`, functions. */
const SOURCES: readonly ArgumentKind[] = [
  "field",
  "boundfield",
  "boundsegment",
  "bareboundvar",
  "func",
];
const TEXT: readonly ArgumentKind[] = ["string", ...SOURCES];
const TEXT_OR_LIST: readonly ArgumentKind[] = [...TEXT, "slice"];

interface Extra {
  readonly max?: number;
  readonly countName?: string;
  readonly isLocal?: boolean;
  readonly validate?: FunctionSpec["validate"];
}

type Arg = readonly [
  keyword: string,
  kinds: readonly ArgumentKind[],
  optional?: "optional",
];

function define(
  name: string,
  returns: ValueType,
  description: string,
  args: readonly Arg[],
  extra: Extra = {},
): FunctionSpec {
  return {
    name,
    args: args.map(([keyword, kinds, optional]) => ({
      keyword,
      kinds,
      isRequired: optional === undefined,
    })),
    maxArguments: extra.max ?? args.length,
    countName: extra.countName ?? name,
    returns,
    description,
    isLocal: extra.isLocal ?? false,
    validate: extra.validate ?? (() => undefined),
  };
}

const INDEX_ORDERS = ["first", "any", "last", "lastany"];
const ENTROPY_ALGORITHMS = ["shannon"];

const SPECS: readonly FunctionSpec[] = [
  define(
    "BASE",
    "string",
    "last element of a path; without extension if ext is false",
    [
      ["path", TEXT_OR_LIST],
      ["ext", ["bool"], "optional"],
    ],
  ),
  define(
    "CIDR_CONTAINS",
    "bool",
    "whether an address lies in one of the blocks",
    [
      ["ip", ["ip", ...SOURCES]],
      ["cidr", ["string"]],
    ],
    { max: 32 },
  ),
  define("CONCAT", "string", "all arguments as one text", [
    ["string1", ["string", "number", ...SOURCES]],
    ["string2", ["string", "number", ...SOURCES]],
  ], { max: 32 }),
  define(
    "COUNT",
    "int",
    "elements of a list, or words of a text, that match a pattern",
    [
      ["string", TEXT_OR_LIST],
      ["pattern", ["string"]],
      ["case_insensitive", ["bool"], "optional"],
    ],
  ),
  define("DIR", "string", "all but the last element of a path", [
    ["path", TEXT_OR_LIST],
  ]),
  define(
    "ENTROPY",
    "int",
    "Shannon entropy of a text, rounded up, times its bytes",
    [
      ["string", SOURCES],
      ["algorithm", ["string"], "optional"],
    ],
    {
      // Fibratus says so.
      countName: "LENGTH",
      validate: ([, algorithm]) =>
        isText(algorithm) && !ENTROPY_ALGORITHMS.includes(algorithm.value)
          ? `unsupported entropy algorithm: ${algorithm.value}. Available algorithms: ${
            ENTROPY_ALGORITHMS.join(",")
          }`
          : undefined,
    },
  ),
  define(
    "EXT",
    "string",
    "extension of a path; without its dot if dot is false",
    [
      ["path", TEXT],
      ["dot", ["bool"], "optional"],
    ],
  ),
  define(
    "FOREACH",
    "bool",
    "whether the predicate holds for any element of a list",
    [
      ["iterable", ["field", "func"]],
      ["var", ["bareboundvar"]],
      ["predicate", ["expression"]],
      ["field", ["field"], "optional"],
    ],
    { max: 13 },
  ),
  define(
    "GET_REG_VALUE",
    "string",
    "registry of this machine: never available",
    [
      ["path", TEXT],
    ],
  ),
  define(
    "GLOB",
    "list",
    "files of this machine that match a pattern, if allowed",
    [
      ["pattern", TEXT],
    ],
    { isLocal: true },
  ),
  define(
    "INDEXOF",
    "int",
    "byte index of a text in another, -1 if there is none",
    [
      ["string", SOURCES],
      ["substring", TEXT],
      ["index", ["string"], "optional"],
    ],
    {
      validate: ([, , order]) =>
        isText(order) && !INDEX_ORDERS.includes(order.value)
          ? `${order.value} is not a valid index search order. Available options are: ${
            INDEX_ORDERS.join(",")
          }`
          : undefined,
    },
  ),
  define("IS_ABS", "bool", "whether a path is absolute", [["path", TEXT]]),
  define(
    "IS_MINIDUMP",
    "bool",
    "whether a file of this machine is a minidump, if allowed",
    [
      ["path", TEXT],
    ],
    { isLocal: true },
  ),
  define("LENGTH", "int", "characters of a text, or elements of a list", [
    ["string", [...SOURCES, "slice"]],
  ]),
  define("LOWER", "string", "text in lower case", [["string", TEXT]]),
  define("LTRIM", "string", "text without a prefix", [
    ["string", TEXT],
    ["prefix", TEXT],
  ]),
  define("MD5", "string", "MD5 of text or bytes in hexadecimal", [
    ["data", TEXT],
  ]),
  define(
    "REGEX",
    "bool",
    "whether a text matches one of the regular expressions",
    [
      ["string", TEXT],
      ["pattern", ["string"]],
    ],
    { max: 32 },
  ),
  define(
    "REPLACE",
    "string",
    "text with all occurrences of texts replaced, pair by pair",
    [
      ["string", TEXT],
      ["old", TEXT],
      ["new", TEXT],
    ],
    {
      max: 32,
      validate: (args) =>
        args.length % 2 === 0 ? "old/new replacements mismatch" : undefined,
    },
  ),
  define("RTRIM", "string", "text without a suffix", [
    ["string", TEXT],
    ["suffix", TEXT],
  ], {
    // Fibratus says so.
    countName: "LTRIM",
  }),
  define("SPLIT", "list", "parts of a text between separators", [
    ["string", TEXT],
    ["sep", ["string"]],
  ]),
  define("SUBSTR", "string", "bytes of a text from start to before end", [
    ["string", SOURCES],
    ["start", ["number", "func"]],
    ["end", ["number", "func"], "optional"],
  ]),
  define("SYMLINK", "string", "target of a link of this machine, if allowed", [
    ["path", TEXT],
  ], { isLocal: true }),
  // The name under which Fibratus registers SYMLINK.
  define("UNDEFINED", "string", "another name of symlink", [
    ["path", TEXT],
  ], { isLocal: true }),
  define("UPPER", "string", "text in upper case", [["string", TEXT]]),
  define("VOLUME", "string", "drive or share at the start of a path", [
    ["path", TEXT],
  ]),
  define("YARA", "bool", "not supported", [
    ["pid|file|bytes", TEXT],
    ["rules", ["string"]],
    ["vars", ["string"], "optional"],
  ], { validate: () => "yara function is not supported" }),
];

function isText(
  node: FilterNode | undefined,
): node is Extract<FilterNode, { readonly type: "string" }> {
  return node?.type === "string";
}

/** All functions by name in upper case. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(
  SPECS.map((spec) => [spec.name, spec]),
);

/** Those that Fibratus has, for the message on an unknown one. */
export const KNOWN_FUNCTION_NAMES: readonly string[] = SPECS
  .map(({ name }) => name)
  .filter((name) => name !== "SYMLINK");

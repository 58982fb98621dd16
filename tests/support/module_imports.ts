/** One import or re-export of a module. */
export interface ModuleImport {
  /** What is imported, as written. */
  readonly specifier: string;
  /** Whether it is loaded when that place is reached, by `import(…)`. */
  readonly isDynamic: boolean;
  /** The names of values in braces, before any `as`. */
  readonly values: readonly string[];
  /** The names of types in braces, before any `as`. */
  readonly types: readonly string[];
}

const STATEMENT_REGEXP =
  /^[ \t]*(?:import|export)\b(?<clause>[^;"'`]*?)\bfrom\s*["'](?<from>[^"'\n]+)["']|^[ \t]*import\s*["'](?<bare>[^"'\n]+)["']|\bimport\(\s*["'](?<dynamic>[^"'\n]+)["']/gm;

/**
 * Reads the import and re-export statements of a module. Comments count for
 * nothing, so that examples in the documentation do not either.
 *
 * @param source The text of the module.
 * @returns What it imports, in order.
 */
export function readModuleImports(source: string): ModuleImport[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return [...code.matchAll(STATEMENT_REGEXP)].map(({ groups = {} }) => {
    const clause = groups["clause"] ?? "";
    const allTypes = /^\s*type\b/.test(clause);
    const names = (/\{([^}]*)\}/.exec(clause)?.[1] ?? "")
      .split(",").map((name) => name.trim()).filter(Boolean)
      .map((name) => ({
        isType: allTypes || name.startsWith("type "),
        name: name.replace(/^type\s+/, "").replace(/\s+as\s.*$/, ""),
      }));
    return {
      specifier: groups["from"] ?? groups["bare"] ?? groups["dynamic"] ?? "",
      isDynamic: groups["dynamic"] !== undefined,
      values: names.filter((each) => !each.isType).map((each) => each.name),
      types: names.filter((each) => each.isType).map((each) => each.name),
    };
  });
}

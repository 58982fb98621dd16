import {
  baseName,
  dirName,
  extension,
  isAbsolutePath,
  volumeName,
} from "../windows_path.ts";
import { compileCidr } from "./cidr.ts";
import type { FilterValue } from "./filter_value.ts";
import { lowerCase, upperCase } from "./fold_case.ts";
import { IpValue } from "./ip_value.ts";
import type { LocalFiles } from "./local_files.ts";
import { md5Hex } from "./md5.ts";
import { compileRegexp } from "./regexp_matcher.ts";
import {
  indexOf,
  type IndexOrder,
  shannonEntropy,
  splitText,
  subText,
} from "./text_functions.ts";
import type { FilterNode, FunctionNode } from "./types.ts";
import { compileWildcard } from "./wildcard.ts";

/** A function with its constant arguments, ready for the values of the others. */
export type BoundFunction = (values: readonly FilterValue[]) => FilterValue;

/** What {@linkcode bindFunction} may use. */
export interface BindFunctionOptions {
  /** Files of this machine; absent where they must not be looked at. */
  readonly local?: LocalFiles | undefined;
  /** Gets what is wrong with constant arguments. */
  readonly warn: (message: string) => void;
}

/**
 * Prepares a call of any function but `foreach`: expressions and blocks among
 * its constant arguments are compiled once.
 *
 * @param node The call, its arguments checked.
 * @param options Local files, warnings.
 * @returns The function of the values of all arguments.
 */
export function bindFunction(
  node: FunctionNode,
  options: BindFunctionOptions,
): BoundFunction {
  const { name, args } = node;
  const { local } = options;
  switch (name) {
    case "BASE": {
      const keepsExtension = boolAt(args, 1, true);
      return ([path]) =>
        mapText(
          path,
          (text) =>
            keepsExtension ? baseName(text) : withoutExtension(baseName(text)),
        );
    }
    case "CIDR_CONTAINS": {
      const blocks = textsFrom(args, 1).map(compileCidr);
      return ([ip]) =>
        ip instanceof IpValue &&
        blocks.some((contains) => contains?.(ip) === true);
    }
    case "CONCAT":
      return (values) => values.map(concatText).join("");
    case "COUNT": {
      const ignoreCase = boolAt(args, 2, true);
      const matches = compileWildcard(textAt(args, 1), { ignoreCase });
      return ([value]) => {
        const items = typeof value === "string"
          ? value.split(/[\t\n\v\f\r ]+/).filter((word) => word !== "")
          : value;
        return Array.isArray(items) ? items.filter(matches).length : undefined;
      };
    }
    case "DIR":
      return ([path]) => mapText(path, dirName);
    case "ENTROPY":
      return onText(shannonEntropy);
    case "EXT": {
      const keepsDot = boolAt(args, 1, true);
      return onText((path) =>
        keepsDot ? extension(path) : extension(path).slice(1)
      );
    }
    case "GET_REG_VALUE":
      return () => undefined;
    case "GLOB":
      return onText((pattern) => local?.glob(pattern));
    case "INDEXOF": {
      const order = textAt(args, 2, "first") as IndexOrder;
      return ([text, wanted]) =>
        typeof text === "string" && typeof wanted === "string"
          ? indexOf(text, wanted, order)
          : undefined;
    }
    case "IS_ABS":
      return onText(isAbsolutePath);
    case "IS_MINIDUMP":
      return onText((path) => local?.isMinidump(path));
    case "LENGTH":
      return ([value]) => {
        if (typeof value === "string") return Array.from(value).length;
        return Array.isArray(value) || value instanceof BigUint64Array
          ? value.length
          : undefined;
      };
    case "LOWER":
      return onText(lowerCase);
    case "LTRIM":
      return onTexts((text, prefix) =>
        text.startsWith(prefix) ? text.slice(prefix.length) : text
      );
    case "MD5":
      return ([value]) => {
        if (typeof value === "string") {
          return md5Hex(new TextEncoder().encode(value));
        }
        return value instanceof Uint8Array ? md5Hex(value) : undefined;
      };
    case "REGEX":
      return bindRegex(args, options);
    case "REPLACE":
      return ([text, ...pairs]) => {
        if (typeof text !== "string") return undefined;
        let replaced = text;
        for (let index = 0; index + 1 < pairs.length; index += 2) {
          const old = pairs[index];
          const fresh = pairs[index + 1];
          if (typeof old !== "string" || typeof fresh !== "string") continue;
          replaced = replaced.split(old).join(fresh);
        }
        return replaced;
      };
    case "RTRIM":
      return onTexts((text, suffix) =>
        suffix !== "" && text.endsWith(suffix)
          ? text.slice(0, -suffix.length)
          : text
      );
    case "SPLIT": {
      const separator = textAt(args, 1);
      return onText((text) => splitText(text, separator));
    }
    case "SUBSTR":
      return ([text, start, end]) =>
        typeof text === "string" && start !== undefined
          ? subText(
            text,
            Number(start),
            end === undefined ? undefined : Number(end),
          )
          : undefined;
    case "SYMLINK":
    case "UNDEFINED":
      return onText((path) =>
        local === undefined ? path : local.readLink(path)
      );
    case "UPPER":
      return onText(upperCase);
    case "VOLUME":
      return onText(volumeName);
    default:
      return () => undefined;
  }
}

function bindRegex(
  args: readonly FilterNode[],
  { warn }: BindFunctionOptions,
): BoundFunction {
  const tests: ((text: string) => boolean)[] = [];
  for (const pattern of textsFrom(args, 1)) {
    try {
      tests.push(compileRegexp(pattern));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) {
        throw error;
      }
      warn(`${error.message}; it never matches`);
    }
  }
  return onText((text) => tests.some((test) => test(text)));
}

function onText(call: (text: string) => FilterValue): BoundFunction {
  return ([text]) => typeof text === "string" ? call(text) : undefined;
}

function onTexts(
  call: (text: string, other: string) => FilterValue,
): BoundFunction {
  return ([text, other]) =>
    typeof text === "string" && typeof other === "string"
      ? call(text, other)
      : undefined;
}

function mapText(
  value: FilterValue,
  call: (text: string) => string,
): FilterValue {
  if (typeof value === "string") return call(value);
  return Array.isArray(value) ? value.map(call) : undefined;
}

/** From the last dot on, unless it is first. */
function withoutExtension(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(0, dot) : name;
}

function concatText(value: FilterValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(BigInt.asIntN(64, value));
  return typeof value === "number" && Number.isInteger(value)
    ? String(value)
    : "";
}

function textAt(
  args: readonly FilterNode[],
  index: number,
  fallback = "",
): string {
  const node = args[index];
  return node?.type === "string" ? node.value : fallback;
}

function textsFrom(args: readonly FilterNode[], start: number): string[] {
  return args.slice(start).flatMap((node) =>
    node.type === "string" ? [node.value] : []
  );
}

function boolAt(
  args: readonly FilterNode[],
  index: number,
  fallback: boolean,
): boolean {
  const node = args[index];
  return node?.type === "bool" ? node.value : fallback;
}

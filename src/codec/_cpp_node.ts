// Parts of a C++ name. A type is written around what it declares: `int (*f)[3]`
// has `int (*` on its left and `)[3]` on its right, so each part can write to
// both sides.

const MAX_LENGTH = 65_536;
const MAX_DEPTH = 1000;
/** Steps after which a name whose parts write nothing, over and over, is given up. */
const MAX_STEPS = 500_000;

/** A name would become longer than anybody reads; never seen outside. */
export class CppNameTooLong extends Error {}

/** Collects the text of a name. */
export class CppPrinter {
  /** The text so far. */
  text = "";
  /** Which element of a pack is being written, -1 for none. */
  packIndex: number = -1;
  /** Elements of the packs that were met in the expansion being written, -1 for none. */
  packSize: number = -1;
  /** How many lambdas are being written, within which parameters have no arguments. */
  lambdas: number = 0;
  #depth = 0;
  #steps = 0;

  /** @param part More text. */
  print(part: string): void {
    this.text += part;
    if (this.text.length > MAX_LENGTH) throw new CppNameTooLong();
  }

  /** @param node Part whose left side is written, if there is one. */
  left(node: CppNode | undefined): void {
    if (node === undefined) return;
    this.#enter();
    node.left(this);
    this.#depth--;
  }

  /** @param node Part whose right side is written, if it has one. */
  right(node: CppNode | undefined): void {
    if (node?.right === undefined) return;
    this.#enter();
    node.right(this);
    this.#depth--;
  }

  /** @param node A part. @returns What it is to something that points to it. */
  shape(node: CppNode | undefined): "function" | "array" | undefined {
    if (node?.shape === undefined) return undefined;
    this.#enter();
    const shape = node.shape(this);
    this.#depth--;
    return shape;
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) {
      throw new CppNameTooLong();
    }
  }

  /** @param parts Parts to write with commas between; empty packs leave nothing. */
  list(parts: readonly CppNode[]): void {
    let isFirst = true;
    for (const part of parts) isFirst = !this.item(part, isFirst) && isFirst;
  }

  /**
   * @param part Part of a list.
   * @param isFirst Whether no other was written before it.
   * @returns Whether it wrote anything; if not, it leaves no comma.
   */
  item(part: CppNode, isFirst: boolean): boolean {
    const before = this.text;
    if (!isFirst) this.print(", ");
    const start = this.text.length;
    printNode(this, part);
    if (this.text.length > start) return true;
    this.text = before;
    return false;
  }
}

/** What a reference refers to. */
export interface CppReference {
  /** The type. */
  readonly target: CppNode;
  /** Whether it has two marks. */
  readonly isRvalue: boolean;
}

/** A part of a name. */
export interface CppNode {
  /** Writes what stands before what is declared. */
  left(out: CppPrinter): void;
  /** Writes what stands behind it. */
  right?(out: CppPrinter): void;
  /** Whether it is a function or array type, so that what points to it needs parentheses. */
  shape?(out: CppPrinter): "function" | "array" | undefined;
  /** Last component of a name, for constructors and destructors. */
  readonly baseName?: CppNode | undefined;
  /** Elements, if it is a pack. */
  readonly pack?: readonly CppNode[] | undefined;
  /** What a reference refers to, for references to references. */
  reference?(out: CppPrinter): CppReference | undefined;
  /** Whether a function of this name shows its return type. */
  readonly hasTemplateArgs?: boolean | undefined;
  /** Qualifiers of a type, such as ` const`. */
  readonly qualifiers?: readonly string[] | undefined;
  /** Qualifiers of a member function that stand behind its parameters. */
  readonly functionQualifiers?: string | undefined;
  /** Which template parameter it stands for: its argument depends on where it is named. */
  readonly parameterIndex?: number | undefined;
  /** Whether it needs no parentheses as an operand. */
  readonly isPlainName?: boolean | undefined;
  /** Whether it is a name in a scope. */
  readonly isNested?: boolean | undefined;
  /** Name of the function, if it is one with its parameters. */
  readonly functionName?: CppNode | undefined;
  /** Whether a function of this name has no return type: constructors, conversions. */
  readonly hidesReturnType?: boolean | undefined;
}

/** @param out Where to. @param node What to write, both sides. */
export function printNode(out: CppPrinter, node: CppNode): void {
  out.left(node);
  out.right(node);
}

/** @param text Any text. @returns A part that is only this. */
export function textNode(text: string): CppNode {
  return { left: (out) => out.print(text) };
}

/** @param text Name of anything. @returns A part that is only this name. */
export function nameNode(text: string): CppNode {
  return { ...textNode(text), isPlainName: true };
}

/** A part that writes all on its left. */
export function plainNode(
  left: (out: CppPrinter) => void,
  more: Partial<CppNode> = {},
): CppNode {
  return { left, ...more };
}

/** `scope::name`. */
export function nestedNode(scope: CppNode, name: CppNode): CppNode {
  return {
    left: (out) => {
      printNode(out, scope);
      out.print("::");
      printNode(out, name);
    },
    baseName: name.baseName ?? name,
    hidesReturnType: name.hidesReturnType,
    isPlainName: true,
    isNested: true,
  };
}

/** `name<args>`. */
export function templateNode(
  name: CppNode,
  args: readonly CppNode[],
): CppNode {
  return {
    left: (out) => {
      printNode(out, name);
      printTemplateArgs(out, args);
    },
    baseName: name.baseName ?? name,
    hasTemplateArgs: true,
    hidesReturnType: name.hidesReturnType,
  };
}

/** Writes arguments in angle brackets that never join with what is around them. */
export function printTemplateArgs(
  out: CppPrinter,
  args: readonly CppNode[],
): void {
  out.print(out.text.endsWith("<") ? " <" : "<");
  out.list(args);
  out.print(out.text.endsWith(">") ? " >" : ">");
}

/** A type with words behind it: `int const`. */
export function suffixNode(inner: CppNode, suffix: string): CppNode {
  return {
    left: (out) => {
      out.left(inner);
      out.print(suffix);
    },
    right: (out) => out.right(inner),
    shape: (out) => out.shape(inner),
    pack: inner.pack,
  };
}

/**
 * A type with qualifiers; those that it has already, as an argument of a
 * template, are not said twice.
 */
export function qualifiedNode(
  inner: CppNode,
  qualifiers: readonly string[],
): CppNode {
  return {
    left: (out) => {
      out.left(inner);
      const known = resolvePack(out, inner).qualifiers ?? [];
      for (const qualifier of qualifiers) {
        if (!known.includes(qualifier)) out.print(qualifier);
      }
    },
    right: (out) => out.right(inner),
    shape: (out) => out.shape(inner),
    pack: inner.pack,
    qualifiers,
  };
}

/** A pointer to a type. */
export function pointerNode(
  target: CppNode,
  mark: string,
): CppNode {
  return {
    left: (out) => {
      const shape = out.shape(target);
      out.left(target);
      if (shape !== undefined) {
        const isSpaced = out.text.endsWith(" ") ||
          (shape === "function" && out.text.endsWith("*"));
        out.print(isSpaced ? "(" : " (");
      }
      out.print(mark);
    },
    right: (out) => {
      if (out.shape(target) !== undefined) out.print(")");
      out.right(target);
    },
  };
}

/** A reference; of two, one with a single mark wins. */
export function referenceNode(target: CppNode, isRvalue: boolean): CppNode {
  const inner = (out: CppPrinter) => resolvePack(out, target).reference?.(out);
  const collapse = (out: CppPrinter) => {
    const below = inner(out);
    return below === undefined
      ? pointerNode(target, isRvalue ? "&&" : "&")
      : pointerNode(
        below.target,
        below.isRvalue && isRvalue ? "&&" : "&",
      );
  };
  return {
    left: (out) => out.left(collapse(out)),
    right: (out) => out.right(collapse(out)),
    reference: () => ({ target, isRvalue }),
  };
}

/** A pointer to a member of a class. */
export function memberPointerNode(owner: CppNode, member: CppNode): CppNode {
  return {
    left: (out) => {
      const shape = out.shape(member);
      out.left(member);
      out.print(
        shape !== undefined ? out.text.endsWith(" ") ? "(" : " (" : " ",
      );
      printNode(out, owner);
      out.print("::*");
    },
    right: (out) => {
      if (out.shape(member) !== undefined) out.print(")");
      out.right(member);
    },
  };
}

/** An array type. */
export function arrayNode(
  element: CppNode,
  size: CppNode | undefined,
): CppNode {
  return {
    left: (out) => out.left(element),
    right: (out) => {
      if (!out.text.endsWith("]")) out.print(" ");
      out.print("[");
      if (size !== undefined) printNode(out, size);
      out.print("]");
      out.right(element);
    },
    shape: () => "array",
  };
}

/** A function type. */
export function functionTypeNode(
  result: CppNode,
  parameters: readonly CppNode[],
  suffix: CppNode,
): CppNode {
  return {
    left: (out) => {
      out.left(result);
      if (!endsOpen(out, result)) out.print(" ");
    },
    right: (out) => {
      out.print("(");
      out.list(parameters);
      out.print(`)`);
      out.right(result);
      printNode(out, suffix);
    },
    shape: () => "function",
  };
}

/** A function with its parameters, and its return type where that is known. */
export function functionNode(
  name: CppNode,
  parameters: readonly CppNode[],
  result: CppNode | undefined,
): CppNode {
  return {
    left: (out) => {
      if (result !== undefined) {
        out.left(result);
        if (out.shape(result) === undefined || !out.text.endsWith(" ")) {
          if (!endsOpen(out, result)) out.print(" ");
        }
      }
      printNode(out, name);
    },
    right: (out) => {
      out.print("(");
      out.list(parameters);
      out.print(")");
      out.right(result);
      out.print(name.functionQualifiers ?? "");
    },
    functionName: name,
  };
}

/** Whether a type goes on behind the name: `int (*f())[3]`. */
function endsOpen(out: CppPrinter, type: CppNode): boolean {
  return type.right !== undefined && /\([*&:]*$/.test(out.text.slice(-16)) &&
    out.shape(type) === undefined;
}

/** A pack of template arguments, written whole. */
export function packNode(elements: readonly CppNode[]): CppNode {
  return { left: (out) => out.list(elements), pack: elements };
}

/** A template parameter that stands for a pack: in an expansion, one element. */
export function packParameterNode(elements: readonly CppNode[]): CppNode {
  return {
    left: (out) => {
      const one = pickElement(out, elements);
      if (one === undefined) out.list(elements);
      else out.left(one);
    },
    right: (out) => out.right(pickElement(out, elements)),
    shape: (out) => out.shape(pickElement(out, elements)),
    pack: elements,
  };
}

/** A pattern that is written once for each element of the packs in it. */
export function expansionNode(pattern: CppNode): CppNode {
  return {
    left: (out) => {
      const { packIndex, packSize } = out;
      const start = out.text;
      out.packIndex = 0;
      out.packSize = -1;
      let isFirst = !out.item(pattern, true);
      const count = out.packSize;
      if (count < 0) out.print("...");
      if (count === 0) out.text = start;
      while (++out.packIndex < count) {
        isFirst = !out.item(pattern, isFirst) && isFirst;
      }
      out.packIndex = packIndex;
      out.packSize = packSize;
    },
  };
}

/** Nothing. */
export const EMPTY: CppNode = { left: () => {} };

function resolvePack(out: CppPrinter, node: CppNode): CppNode {
  return node.pack === undefined ? node : pickElement(out, node.pack) ?? node;
}

/** The element that is being written; notes how many there are to write. */
function pickElement(
  out: CppPrinter,
  elements: readonly CppNode[],
): CppNode | undefined {
  if (out.packIndex < 0) return undefined;
  if (out.packSize < 0 || elements.length < out.packSize) {
    out.packSize = elements.length;
  }
  return elements[out.packIndex] ?? EMPTY;
}

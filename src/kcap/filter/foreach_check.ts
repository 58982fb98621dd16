import { FIELDS, PSEUDO_FIELDS } from "./field_table.ts";
import { FilterError } from "./filter_error.ts";
import { renderFilter } from "./render_filter.ts";
import type {
  BoundNode,
  FieldNode,
  FilterNode,
  FunctionNode,
} from "./types.ts";
import { visitNode } from "./visit_node.ts";

const RESERVED: ReadonlySet<string> = new Set([
  "ps",
  "pe",
  "file",
  "image",
  "module",
  "dll",
  "thread",
  "threadpool",
  "registry",
  "net",
  "mem",
  "handle",
  "dns",
  "evt",
]);

/**
 * Checks the use of variable and fields in a `foreach`.
 *
 * @param node The call, its arguments of the right kinds.
 * @throws {FilterError} With Fibratus' text.
 */
export function checkForeach(node: FunctionNode): void {
  const [iterable, variable, predicate, ...captured] = node.args as [
    FieldNode,
    BoundNode,
    FilterNode,
    ...FieldNode[],
  ];
  const name = variable.variable;
  const quoted = `"${renderFilter(predicate)}"`;
  if (RESERVED.has(name)) {
    throw new FilterError(`"$${name}" is a reserved bound variable name`);
  }
  checkIterable(iterable);
  const bounds: BoundNode[] = [];
  const fields = new Set<string>();
  visitNode(predicate, (part) => {
    if (part.type === "bound" && part.variable === name) bounds.push(part);
    else if (part.type === "field") fields.add(renderFilter(part));
  });
  if (bounds.length === 0) {
    throw new FilterError(
      `unused bound variable $${name} in predicate ${quoted}`,
    );
  }
  const allowed = PSEUDO_FIELDS.get(iterable.name) ?? [];
  for (const { segment } of bounds) {
    if (segment === undefined || allowed.includes(segment)) continue;
    throw new FilterError(
      `unrecognized property "${segment}" accessing bound variable $${name}. Allowed properties [${
        allowed.join(" ")
      }]`,
    );
  }
  const given = new Set(captured.map(renderFilter));
  for (const field of fields) {
    if (!given.has(field)) {
      throw new FilterError(
        `field ${field} used in predicate ${quoted} but not captured`,
      );
    }
  }
  if ([...given].some((field) => !fields.has(field))) {
    throw new FilterError(
      `one of captured field(s) (${
        [...given].join(", ")
      }) not used in predicate ${quoted}`,
    );
  }
}

function checkIterable(iterable: FilterNode): void {
  if (iterable.type !== "field" || PSEUDO_FIELDS.has(iterable.name)) return;
  const { type } = FIELDS.get(iterable.name)!;
  if (type === "list" && iterable.argument === undefined) return;
  throw new FilterError(
    `${renderFilter(iterable)} cannot be iterated: it is no list`,
  );
}

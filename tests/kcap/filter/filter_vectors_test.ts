import { assertEquals, assertThrows } from "@std/assert";
import { parseIpAddress } from "../../../src/codec/ip_address.ts";
import { compileNode } from "../../../src/kcap/filter/compile_node.ts";
import type { BoundField } from "../../../src/kcap/filter/compile_node.ts";
import { FilterError } from "../../../src/kcap/filter/filter_error.ts";
import { parseFilter } from "../../../src/kcap/filter/filter_parser.ts";
import type { FilterValue } from "../../../src/kcap/filter/filter_value.ts";
import { IpValue } from "../../../src/kcap/filter/ip_value.ts";
import { renderFilter } from "../../../src/kcap/filter/render_filter.ts";
import type { FieldNode, ValueType } from "../../../src/kcap/filter/types.ts";
import { makeEvent } from "../../../src/kcap/make_event.ts";
import { kcapFixtureJson } from "../../support/kcap_captures.ts";

interface VectorField {
  readonly type: string;
  readonly value: unknown;
}

interface Vector {
  readonly expr: string;
  readonly fields: Readonly<Record<string, VectorField>>;
  /** What Fibratus says, where it refuses. */
  readonly error?: string;
  /** What Fibratus prints, and whether it matches. */
  readonly ast?: string;
  readonly match?: boolean;
  /** Rule by which ours differs on purpose. */
  readonly fix?: string;
  readonly want?: boolean;
  readonly wantError?: boolean;
}

const VECTORS = kcapFixtureJson<readonly Vector[]>("filter-vectors.json");
const EVENT = makeEvent({ guid: "", hookId: 0 });

const TYPES: Readonly<Record<string, ValueType>> = {
  uint8: "u8",
  uint16: "u16",
  uint32: "u32",
  uint64: "u64",
  int64: "i64",
  int: "int",
  string: "string",
  bool: "bool",
  ip: "ip",
  "string[]": "list",
  "uint64[]": "u64list",
};

function valueOf({ type, value }: VectorField): FilterValue {
  switch (type) {
    case "absent":
      return undefined;
    case "uint64":
    case "int64":
      return BigInt(value as string);
    case "ip":
      return new IpValue(parseIpAddress(value as string)!);
    case "uint64[]":
      return BigUint64Array.from((value as string[]).map(BigInt));
    default:
      return value as FilterValue;
  }
}

function bindTo(fields: Vector["fields"]): (node: FieldNode) => BoundField {
  return (node) => {
    const field = fields[renderFilter(node)]!;
    const value = valueOf(field);
    return { read: () => value, type: TYPES[field.type] ?? "any" };
  };
}

Deno.test("There are 219 vectors of the filter language", () => {
  assertEquals(VECTORS.length, 219);
});

for (const [index, vector] of VECTORS.entries()) {
  const { expr, fields, error, ast, match, fix, want, wantError } = vector;
  for (const compat of [false, true]) {
    const rules = compat ? "Fibratus' rules" : "our rules";
    Deno.test(`Filter vector ${index} by ${rules}: ${expr}`, () => {
      // Lists that lose elements stay refused: nobody can want that.
      const isRefused = error !== undefined ||
        (wantError === true && (!compat || fix === "F4"));
      if (isRefused) {
        const thrown = assertThrows(
          () => parseFilter(expr, { compat }),
          FilterError,
        );
        if (error !== undefined) assertEquals(thrown.message, error);
        return;
      }
      const node = parseFilter(expr, { compat });
      assertEquals(renderFilter(node), ast);
      const evaluate = compileNode(node, {
        compat,
        normalizes: true,
        bindField: bindTo(fields),
        warn: () => {},
      });
      assertEquals(
        evaluate(EVENT) === true,
        compat ? match : want ?? match,
      );
    });
  }
}

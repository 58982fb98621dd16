import { assertEquals, assertThrows } from "@std/assert";
import { compileFilter } from "../../../src/kcap/filter/compile_filter.ts";
import { FilterError } from "../../../src/kcap/filter/filter_error.ts";
import { parseFilter } from "../../../src/kcap/filter/filter_parser.ts";
import { renderFilter } from "../../../src/kcap/filter/render_filter.ts";
import { makeEvent } from "../../../src/kcap/make_event.ts";
import { mutations, seededRandom } from "../../support/mutations.ts";

function messageOf(expression: string): string {
  return assertThrows(() => parseFilter(expression), FilterError).message;
}

Deno.test("parseFilter points at the place in an expression of several lines", () => {
  assertEquals(
    messageOf("ps.name = 'x' and\r\n  ps.nme = 'y'\nor ps.pid = 1"),
    `ps.name = 'x' and
  ps.nme = 'y'
╭─^
| or ps.pid = 1
|
╰─────────────────── expected field, bound field, string, number, bool, ip, function`,
  );
});

Deno.test("parseFilter says what was probably meant", () => {
  const hint = (expression: string) =>
    assertThrows(() => parseFilter(expression), FilterError).hint;
  assertEquals(hint("ps.nme = 'x'"), "did you mean ps.name?");
  assertEquals(hint("lenght(ps.name) = 1"), "did you mean length?");
  assertEquals(
    hint("regex(ps.name, '\\.exe')"),
    "write a backslash as \\\\",
  );
  assertEquals(hint("zzzzzzzz = 1"), undefined);
});

for (
  const [expression, tree] of [
    ["evt.pid = 1 or evt.pid = 2 and evt.pid = 3", undefined],
    [
      "evt.pid=1 and(evt.pid=2 or evt.pid=3)",
      "evt.pid = 1 AND (evt.pid = 2 OR evt.pid = 3)",
    ],
    ["not not (evt.pid = 1)", "NOT NOT (evt.pid = 1)"],
    ["not (evt.pid = 1) and evt.pid = 2", "NOT (evt.pid = 1) AND evt.pid = 2"],
    ["evt.name not\n in ('a', 1, 1.2.3.4)", "NOT evt.name IN (a, 1, 1.2.3.4)"],
    ["evt.name = 'a\\'b\\\\c\\n'", "evt.name = a'b\\c\n"],
    ["\"evt.name\" = 'x'", "evt.name = x"],
    ["evt.pid = 5. and evt.pid = .5", "evt.pid = 5e+00 AND evt.pid = 5e-01"],
    ["evt.seq = 9223372036854775808", "evt.seq = -9223372036854775808"],
    ["evt.name = evt.host", "evt.name = evt.host"],
    ["ps.name in ps.args", "ps.name IN ps.args"],
    ["ps.args in '-k'", "ps.args IN -k"],
    ["net.dip = 010.001.000.255", "net.dip = 010.001.000.255"],
    ["Length( ps.name ) = 1", "length(ps.name) = 1"],
    ["ps.envs[1] = 'x'", "ps.envs[1] = x"],
  ] as const
) {
  Deno.test(`parseFilter reads ${JSON.stringify(expression)}`, () => {
    const node = parseFilter(expression);
    assertEquals(
      renderFilter(node),
      tree ?? expression.replace("or", "OR").replace("and", "AND"),
    );
  });
}

for (
  const expression of [
    "evt.pid == 1",
    "evt.pid && evt.tid",
    "evt.pid = 0x10",
    "evt.pid = 1d",
    "evt.pid = 1 # comment",
    "evt.name = 'a\nb'",
    "evt.name = 'a",
    "evt.name \0= 'a'",
    "evt.name = ::1",
    "evt.name not and evt.pid = 1",
    "evt.name not not in ('a')",
    "length (ps.name) = 1",
    "ps.envs [a] = 'x'",
    "ps.envs[a ] = 'x'",
    "ps._modules = 'x'",
    "$x = 'y'",
    "evt.name in ('a',)",
    "evt.name in ('a', 'b' = 'c')",
    "evt.name in ('a', 1.2.3)",
    "evt.pid in (5)(6)",
    "length(ps.name",
    "length(ps.name,) = 1",
    "evt.pid = 18446744073709551616",
    "and evt.pid = 1",
    "evt.pid = 1 and",
    "evt.pid = 1 not",
    "in",
  ]
) {
  Deno.test(`parseFilter refuses ${JSON.stringify(expression)}`, () => {
    assertThrows(() => parseFilter(expression), FilterError);
  });
}

Deno.test("parseFilter takes 256 levels and no more", () => {
  const nested = (depth: number) =>
    "(".repeat(depth) + "evt.pid = 1" + ")".repeat(depth);
  parseFilter(nested(200));
  assertEquals(messageOf(nested(300)), "expression too deep");
  assertEquals(
    messageOf("not ".repeat(300) + "(evt.pid = 1)"),
    "expression too deep",
  );
  assertEquals(
    messageOf("evt.pid" + " = 1".repeat(300)),
    "expression too deep",
  );
  assertEquals(messageOf("(".repeat(100_000)).slice(0, 10), "expression");
});

Deno.test("parseFilter takes long chains up to 64 KiB and no more", () => {
  const chain = (length: number) =>
    Array(length).fill("evt.pid = 1").join(" or ");
  const filter = compileFilter(chain(4000))!;
  const event = makeEvent({ guid: "", hookId: 0, pid: 2 });
  assertEquals(filter.test(event), false);
  assertEquals(messageOf(chain(6000)), "expression too long");
  assertEquals(
    messageOf(`evt.name = '${"x".repeat(70_000)}'`),
    "expression too long",
  );
  assertEquals(
    messageOf(" ".repeat(5 * 1024 * 1024)),
    "expression too long",
  );
});

Deno.test("parseFilter takes a list of 100,000 elements", () => {
  const list = Array.from({ length: 100_000 }, (_, index) => index).join(",");
  const filter = compileFilter(`evt.pid in (${list})`)!;
  const pid = (pid: number) =>
    filter.test(makeEvent({ guid: "", hookId: 0, pid }));
  assertEquals([pid(99_999), pid(100_000)], [true, false]);
});

Deno.test("compileFilter survives 10,000 damaged expressions with its own errors alone", () => {
  const corpus = [
    "ps.name in ('svchost.exe', 'x') and not (evt.pid >= 12.5 or net.dip = 1.2.3.4)",
    "foreach(ps._modules, $m, $m.name imatches '*?.dll' and $m.size > 10)",
    "regex(file.path, '(?i)^c:.*[a-z]{2,3}$') or ps.envs[windir] ~= 'C:\\\\Windows'",
    "replace(ps.exe, 'a', 'b') != base(file.path, false) | x",
  ].map((text) => new TextEncoder().encode(text));
  const event = makeEvent({ guid: "", hookId: 0 });
  let accepted = 0;
  for (const bytes of mutations(corpus, 10_000, 11)) {
    try {
      const filter = compileFilter(new TextDecoder().decode(bytes));
      filter?.test(event);
      accepted++;
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
    }
  }
  assertEquals(accepted > 500, true, `${accepted} accepted`);
});

Deno.test("renderFilter makes text that parses to the same tree", () => {
  const random = seededRandom(9);
  const operands = ["evt.pid", "ps.name", "12", "1.2.3.4", "true"];
  const operators = ["=", "!=", "<", "and", "or", "contains"];
  for (let round = 0; round < 500; round++) {
    let text = operands[random(operands.length)]!;
    for (let count = random(6); count > 0; count--) {
      text = random(4) === 0 ? `(${text})` : text;
      text += ` ${operators[random(operators.length)]} ${
        operands[random(operands.length)]
      }`;
    }
    const tree = renderFilter(parseFilter(text));
    assertEquals(renderFilter(parseFilter(tree)), tree);
  }
});

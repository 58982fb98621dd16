import { assertEquals } from "@std/assert";
import { buildCallTree } from "../../src/profile/call_tree.ts";
import { renderCallTree } from "../../src/profile/render_call_tree.ts";
import { renderFlameGraph } from "../../src/profile/render_flame_graph.ts";
import { foldedProfile } from "../support/folded_profile.ts";

const PROFILE = foldedProfile({
  "main;slow;work": 60,
  "main;fast;work": 30,
  "main": 6,
  "": 4,
});

Deno.test("buildCallTree merges stacks from the roots, largest first", () => {
  assertEquals(buildCallTree(PROFILE), {
    total: 100,
    roots: [{
      name: "main",
      self: 6,
      total: 96,
      children: [
        {
          name: "slow",
          self: 0,
          total: 60,
          children: [{ name: "work", self: 60, total: 60, children: [] }],
        },
        {
          name: "fast",
          self: 0,
          total: 30,
          children: [{ name: "work", self: 30, total: 30, children: [] }],
        },
      ],
    }],
  });
});

Deno.test("buildCallTree follows stacks from the leaf when inverted", () => {
  const { roots } = buildCallTree(PROFILE, { inverted: true });
  assertEquals(roots.map(({ name, total }) => [name, total]), [["work", 90], [
    "main",
    6,
  ]]);
  assertEquals(roots[0]!.children.map(({ name, total }) => [name, total]), [[
    "slow",
    60,
  ], ["fast", 30]]);
});

Deno.test("buildCallTree leaves out small parts and what lies too deep", () => {
  const [main] = buildCallTree(PROFILE, { minShare: 0.5, maxDepth: 2 }).roots;
  assertEquals(main!.children, [{
    name: "slow",
    self: 60,
    total: 60,
    children: [],
  }]);
});

Deno.test("buildCallTree takes stacks deeper than the call stack", () => {
  const path = Array(50_000).fill("f").join(";");
  const { roots } = buildCallTree(foldedProfile({ [path]: 1 }), {
    maxDepth: 1_000_000,
  });
  let depth = 0;
  for (let node = roots[0]; node !== undefined; node = node.children[0]) {
    depth++;
  }
  assertEquals(depth, 50_000);
});

Deno.test("renderCallTree indents where calls branch", () => {
  assertEquals(renderCallTree(buildCallTree(PROFILE)), [
    " 96.0 %         96  main",
    " 60.0 %         60    slow",
    " 60.0 %         60    work",
    " 30.0 %         30    fast",
    " 30.0 %         30    work",
  ]);
  assertEquals(
    renderCallTree(buildCallTree(PROFILE), { maxLines: 2 }).at(-1),
    "… 2 more branches",
  );
});

Deno.test("renderFlameGraph draws boxes as wide as their share", () => {
  assertEquals(renderFlameGraph(buildCallTree(PROFILE), { columns: 20 }), [
    "|main              ",
    "|slow       |fast ",
    "|work       |work ",
  ]);
  assertEquals(
    renderFlameGraph(buildCallTree(PROFILE), { columns: 20, rows: 1 }).length,
    1,
  );
});

Deno.test("renderFlameGraph colours boxes instead of parting them", () => {
  const [line] = renderFlameGraph(buildCallTree(PROFILE), {
    columns: 20,
    colour: true,
  });
  // deno-lint-ignore no-control-regex
  assertEquals(line!.replace(/\x1b\[[0-9;]*m/g, ""), "main               ");
});

Deno.test("renderFlameGraph shortens names to the method and escapes them", () => {
  const tree = buildCallTree(
    foldedProfile({ "app!My.Name.Space.Type.Work(int32)\x1b[2J": 1 }),
  );
  assertEquals(renderFlameGraph(tree, { columns: 8 }), ["|Work   "]);
  assertEquals(renderFlameGraph(tree, { columns: 4 }), ["|Wo…"]);
});

Deno.test("renderFlameGraph of nothing has no lines", () => {
  assertEquals(renderFlameGraph(buildCallTree(foldedProfile({}))), []);
});

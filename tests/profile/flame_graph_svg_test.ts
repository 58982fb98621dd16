import { assertEquals, assertStringIncludes } from "@std/assert";
import { buildCallTree } from "../../src/profile/call_tree.ts";
import { writeFlameGraphSvg } from "../../src/profile/flame_graph_svg.ts";
import { requireChromium, startChromium } from "../support/chromium.ts";
import { foldedProfile } from "../support/folded_profile.ts";
import { testWith } from "../support/requirement.ts";

const PROFILE = foldedProfile({
  "app!Main();app!Slow<T>(int32)": 75,
  'app!Main();app!Fast("x")': 24,
  "lib!\u0001Tiny\ud800&": 1,
});

function draw(): string {
  const decoder = new TextDecoder();
  const pieces = writeFlameGraphSvg(buildCallTree(PROFILE), {
    title: "a < b",
    unit: "ns",
  });
  return [...pieces].map((piece) => decoder.decode(piece, { stream: true }))
    .join("");
}

Deno.test("writeFlameGraphSvg escapes names and loads nothing", () => {
  const svg = draw();
  assertStringIncludes(svg, "a &lt; b");
  assertStringIncludes(
    svg,
    "<title>app!Slow&lt;T&gt;(int32) (75 ns, 75.00 %)</title>",
  );
  assertStringIncludes(
    svg,
    "<title>lib!\ufffdTiny\ufffd&amp; (1 ns, 1.00 %)</title>",
  );
  assertEquals(/\b(href|src|url\(|@import)/.test(svg), false);
});

Deno.test("writeFlameGraphSvg gives equal pictures for equal trees", () => {
  assertEquals(draw(), draw());
});

testWith("writeFlameGraphSvg magnifies a box on a click in Chromium", [
  requireChromium(),
], async () => {
  const path = await Deno.makeTempFile({ suffix: ".svg" });
  try {
    await Deno.writeTextFile(path, draw());
    await using chromium = await startChromium();
    await using page = await chromium.open(`file://${path}`);
    await page.waitFor(`document.querySelectorAll("g.b").length === 4`);
    const widths =
      `JSON.stringify([...document.querySelectorAll("g.b")].map((box) =>
      box.style.display === "none" ? 0 : Math.round(+box.children[1].getAttribute("width"))))`;
    assertEquals(await page.evaluate(widths), "[1168,12,885,283]");
    await page.evaluate(
      `document.querySelectorAll("g.b")[3].dispatchEvent(new MouseEvent("click"))`,
    );
    assertEquals(await page.evaluate(widths), "[1180,0,0,1180]");
    await page.evaluate(
      `document.getElementById("zoom").dispatchEvent(new MouseEvent("click"))`,
    );
    assertEquals(await page.evaluate(widths), "[1168,12,885,283]");
  } finally {
    await Deno.remove(path);
  }
});

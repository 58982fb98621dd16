import { formatBytes } from "../base/byte_size.ts";
import { formatDurationNs } from "../base/duration.ts";
import type { CallTree, CallTreeNode } from "./call_tree.ts";
import { shortFunctionName } from "./short_name.ts";

/** How {@linkcode writeFlameGraphSvg} draws. */
export interface WriteFlameGraphSvgOptions {
  /** Heading. @default {"Flame graph"} */
  readonly title?: string | undefined;
  /** Unit of the values, for the remarks of boxes. @default {""} */
  readonly unit?: string | undefined;
  /** Width in pixels. @default {1200} */
  readonly width?: number | undefined;
}

const ROW_HEIGHT = 17;
const TOP = 56;
const MARGIN = 10;
const FONT_WIDTH = 6.6;
/** Boxes narrower than this, in pixels, are left out. */
const MIN_WIDTH = 0.15;

const encoder = new TextEncoder();

interface Box {
  readonly node: CallTreeNode;
  readonly x: number;
  readonly width: number;
  readonly row: number;
}

/**
 * Draws a call tree as an SVG picture that loads nothing: a box for each
 * function, roots at the top, as wide as its share. In a browser a click
 * magnifies a box, "reset zoom" goes back, and Ctrl-F or "find" asks for a
 * text to mark.
 *
 * @param tree The tree.
 * @param options Heading, unit and width.
 * @returns The picture in pieces.
 */
export function* writeFlameGraphSvg(
  tree: CallTree,
  options: WriteFlameGraphSvgOptions = {},
): Generator<Uint8Array<ArrayBuffer>> {
  const { title = "Flame graph", unit = "", width = 1200 } = options;
  const inner = width - 2 * MARGIN;
  const boxes = layOut(tree, inner);
  const rows = boxes.reduce((max, { row }) => Math.max(max, row + 1), 1);
  const height = TOP + rows * ROW_HEIGHT + MARGIN;
  yield encoder.encode(
    `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="monospace" font-size="11">
<style>rect{stroke:#fff;stroke-width:.5}g.b{cursor:pointer}g.b:hover rect{stroke:#000}text{pointer-events:none}.marked rect{fill:#b39ddb}#zoom,#find{cursor:pointer;fill:#06c;pointer-events:all}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${width / 2}" y="22" text-anchor="middle" font-size="15">${
      escapeXml(title)
    }</text>
<text id="zoom" x="${MARGIN}" y="42">reset zoom</text>
<text id="find" x="${width - MARGIN}" y="42" text-anchor="end">find</text>
<text id="told" x="${width / 2}" y="42" text-anchor="middle"></text>
`,
  );
  let text = "";
  for (const { node, x, width: boxWidth, row } of boxes) {
    const share = tree.total === 0 ? 0 : (100 * node.total) / tree.total;
    const remark = `${node.name} (${valueText(node.total, unit)}, ${
      share.toFixed(2)
    } %)`;
    text += `<g class="b" data-x="${round(x)}" data-w="${
      round(boxWidth)
    }" data-r="${row}" data-s="${
      escapeXml(shortFunctionName(node.name))
    }"><title>${escapeXml(remark)}</title><rect x="${round(MARGIN + x)}" y="${
      TOP + row * ROW_HEIGHT
    }" width="${round(boxWidth)}" height="${ROW_HEIGHT - 1}" rx="1" fill="${
      colourOf(node.name)
    }"/><text x="${round(MARGIN + x + 3)}" y="${TOP + row * ROW_HEIGHT + 12}">${
      escapeXml(label(node.name, boxWidth))
    }</text></g>\n`;
    if (text.length > 64 * 1024) {
      yield encoder.encode(text);
      text = "";
    }
  }
  yield encoder.encode(
    `${text}<script><![CDATA[${script(inner)}]]></script>\n</svg>\n`,
  );
}

function layOut(tree: CallTree, width: number): Box[] {
  const boxes: Box[] = [];
  if (tree.total <= 0) return boxes;
  const scale = width / tree.total;
  let level = place(tree.roots, 0, 0, scale);
  while (level.length > 0) {
    boxes.push(...level);
    level = level.flatMap(({ node, x, row }) =>
      place(node.children, x, row + 1, scale)
    );
  }
  return boxes;
}

function place(
  nodes: readonly CallTreeNode[],
  start: number,
  row: number,
  scale: number,
): Box[] {
  const boxes: Box[] = [];
  let x = start;
  for (const node of nodes) {
    const width = Math.max(0, node.total) * scale;
    if (width >= MIN_WIDTH) boxes.push({ node, x, width, row });
    x += width;
  }
  return boxes;
}

function label(name: string, width: number): string {
  const letters = Math.floor((width - 6) / FONT_WIDTH);
  if (letters < 3) return "";
  if (name.length <= letters) return name;
  const short = shortFunctionName(name);
  return short.length <= letters ? short : `${short.slice(0, letters - 1)}…`;
}

/** Warm colours, the same for the same module and near each other within it. */
function colourOf(name: string): string {
  const bang = name.indexOf("!");
  const hue = hash(bang < 0 ? "" : name.slice(0, bang)) % 45 + 5;
  const lightness = 58 + hash(name) % 16;
  return `hsl(${hue},78%,${lightness}%)`;
}

function hash(text: string): number {
  let value = 7;
  for (let index = 0; index < text.length; index++) {
    value = (Math.imul(value, 31) + text.charCodeAt(index)) | 0;
  }
  return value >>> 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Characters that XML 1.0 has no form for become U+FFFD. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(
      /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      "\ufffd",
    )
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Names come from the remark of a box, so that they stand in the picture once. */
function script(inner: number): string {
  return `
var boxes = [].slice.call(document.querySelectorAll("g.b"));
var told = document.getElementById("told");
function nameOf(box) { return box.firstChild.textContent.replace(/ \\([^()]*\\)$/, ""); }
function show(x, w, row) {
  boxes.forEach(function (box) {
    var bx = +box.dataset.x, bw = +box.dataset.w, br = +box.dataset.r;
    var isCaller = br < row && bx <= x + 0.01 && bx + bw >= x + w - 0.01;
    var isInside = br >= row && bx >= x - 0.01 && bx + bw <= x + w + 0.01;
    box.style.display = isCaller || isInside ? "" : "none";
    if (!isCaller && !isInside) return;
    var left = isCaller ? 0 : (bx - x) * ${inner} / w, width = isCaller ? ${inner} : bw * ${inner} / w;
    var rect = box.children[1], text = box.children[2], name = nameOf(box), short = box.dataset.s;
    rect.setAttribute("x", ${MARGIN} + left);
    rect.setAttribute("width", width);
    rect.style.opacity = isCaller ? 0.5 : 1;
    var letters = Math.floor((width - 6) / ${FONT_WIDTH});
    text.setAttribute("x", ${MARGIN} + left + 3);
    text.textContent = letters < 3 ? "" : name.length <= letters ? name : short.length <= letters ? short : short.slice(0, letters - 1) + "\\u2026";
  });
}
boxes.forEach(function (box) {
  box.addEventListener("click", function () { show(+box.dataset.x, +box.dataset.w, +box.dataset.r); });
});
document.getElementById("zoom").addEventListener("click", function () { show(0, ${inner}, 0); });
function find() {
  var wanted = prompt("Text in the name, empty for none", "");
  if (wanted === null) return;
  var spans = [];
  boxes.forEach(function (box) {
    var hit = wanted !== "" && nameOf(box).toLowerCase().indexOf(wanted.toLowerCase()) >= 0;
    box.classList.toggle("marked", hit);
    if (hit) spans.push([+box.dataset.x, +box.dataset.x + +box.dataset.w]);
  });
  spans.sort(function (a, b) { return a[0] - b[0]; });
  var sum = 0, end = 0;
  spans.forEach(function (span) {
    if (span[1] > end) { sum += span[1] - Math.max(end, span[0]); end = span[1]; }
  });
  told.textContent = wanted === "" ? "" : (100 * sum / ${inner}).toFixed(2) + " % in marked functions";
}
document.getElementById("find").addEventListener("click", find);
addEventListener("keydown", function (event) {
  if (event.key === "f" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); find(); }
});
`;
}

function valueText(value: number, unit: string): string {
  if (unit === "nanoseconds") return formatDurationNs(value);
  return unit === "bytes" ? formatBytes(value) : `${value} ${unit}`;
}

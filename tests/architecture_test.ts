import { assertEquals } from "@std/assert";
import { readModuleImports } from "./support/module_imports.ts";
import { sourceFiles } from "./support/source_files.ts";

/** What each folder of `src` may import beside itself and `deps`. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  base: [],
  deps: [],
  codec: ["base"],
  container: ["base", "codec"],
  platform: ["base", "codec"],
  profile: ["base", "codec", "container"],
  timeline: ["base", "codec", "container"],
  netdump: ["base", "codec", "container", "profile", "timeline", "platform"],
  eventpipe: ["base", "codec", "container", "profile", "timeline", "platform"],
  kcap: ["base", "codec", "container", "profile", "timeline", "platform"],
  tracereplay: [
    "base",
    "codec",
    "container",
    "profile",
    "timeline",
    "platform",
  ],
  tracehandler: [
    "base",
    "codec",
    "container",
    "profile",
    "timeline",
    "platform",
  ],
  formats: [
    "base",
    "codec",
    "container",
    "profile",
    "timeline",
    "netdump",
    "eventpipe",
    "kcap",
    "tracereplay",
    "tracehandler",
  ],
  viewer: [
    "base",
    "codec",
    "container",
    "profile",
    "timeline",
    "netdump",
    "formats",
  ],
};

/** Only the command line may import everything. */
const UNRESTRICTED = "cli";

/** Files that must run anywhere: no host, no timers, no clock. */
const PURE_FOLDERS = new Set([
  "base",
  "codec",
  "container",
  "profile",
  "timeline",
]);
const PURE_FILE_REGEXP =
  /(^|\/)(types|render_[a-z0-9_]+|[a-z0-9_]+_(decoder|encoder|table))\.ts$/;
const HOST_REGEXP =
  /\bDeno\.|from "node:|import\("node:|\bset(Timeout|Interval)\(|\bconsole\.|\bDate\.now\(|\bperformance\.now\(/;

/** Pure files that may touch the host after all, each with its reason. */
const HOST_EXCEPTIONS: Readonly<Record<string, string>> = {};

/** Compression is the one service of `node:` that a pure folder takes; types take none. */
const ZLIB_REGEXP = /from "node:(zlib|buffer)"/g;
const NODE_TYPE_REGEXP = /^import type [^;]* from "node:[a-z]+"/gm;

Deno.test("src imports only from right to left", async () => {
  const breaches: string[] = [];
  for await (const { path, text } of sourceFiles("src")) {
    const from = path.split("/")[1]!;
    if (from === UNRESTRICTED) continue;
    const allowed = ALLOWED[from];
    if (allowed === undefined) {
      breaches.push(`${path} lies in a folder without a rule`);
      continue;
    }
    for (const { specifier } of readModuleImports(text)) {
      if (!specifier.startsWith(".")) continue;
      const to = new URL(specifier, `file:///${path}`).pathname.split("/")[2]!;
      if (to === from || to === "deps" || allowed.includes(to)) continue;
      breaches.push(`${path} imports ${to}`);
    }
  }
  assertEquals(breaches, []);
});

Deno.test("src has no import cycles", async () => {
  const graph = new Map<string, string[]>();
  for await (const { path, text } of sourceFiles("src")) {
    graph.set(
      path,
      readModuleImports(text)
        .filter(({ specifier, isDynamic }) =>
          !isDynamic && specifier.startsWith(".")
        )
        .map(({ specifier }) =>
          new URL(specifier, `file:///${path}`).pathname.slice(1)
        ),
    );
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  function visit(path: string, trail: readonly string[]): void {
    const at = trail.indexOf(path);
    if (at >= 0) {
      cycles.push([...trail.slice(at), path].join(" -> "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  }
  for (const path of graph.keys()) visit(path, []);
  assertEquals(cycles, []);
});

Deno.test("src imports private files only within their folder and never a mod.ts", async () => {
  const breaches: string[] = [];
  for await (const { path, text } of sourceFiles("src")) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    for (const { specifier } of readModuleImports(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      const name = target.slice(target.lastIndexOf("/") + 1);
      const isOwn = target.slice(0, target.lastIndexOf("/")) === folder;
      if (name.startsWith("_") && !isOwn) {
        breaches.push(`${path} imports ${target}`);
      }
      if (name === "mod.ts" && !path.endsWith("/mod.ts")) {
        breaches.push(`${path} imports ${target}`);
      }
    }
  }
  assertEquals(breaches, []);
});

Deno.test("pure files of src touch neither host nor clock", async () => {
  const breaches: string[] = [];
  for await (const { path, text } of sourceFiles("src")) {
    const folder = path.split("/")[1]!;
    const isPure = PURE_FOLDERS.has(folder) ||
      (PURE_FILE_REGEXP.test(path) && folder !== "cli" &&
        folder !== "platform");
    if (!isPure || path in HOST_EXCEPTIONS) continue;
    const code = withoutComments(text).replaceAll(NODE_TYPE_REGEXP, "");
    const checked = folder === "container"
      ? code.replaceAll(ZLIB_REGEXP, "")
      : code;
    const match = HOST_REGEXP.exec(checked);
    if (match !== null) breaches.push(`${path} uses ${match[0]}`);
  }
  assertEquals(breaches, []);
});

Deno.test("only src/cli touches the console, arguments and exit codes", async () => {
  const breaches: string[] = [];
  for await (const { path, text } of sourceFiles("src")) {
    if (path.startsWith("src/cli/")) continue;
    const match =
      /\bconsole\.(log|error|warn|info|debug)\(|\bDeno\.(args|exit|exitCode|stdout|stderr|stdin)\b/
        .exec(withoutComments(text));
    if (match !== null) breaches.push(`${path} uses ${match[0]}`);
  }
  assertEquals(breaches, []);
});

Deno.test("files are named in snake case and not after nothing", async () => {
  const breaches: string[] = [];
  for await (const { path } of sourceFiles("src")) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    const isGood = /^_?[a-z][a-z0-9_]*\.ts$/.test(name) &&
      !/^_?(index|utils?|helpers?|common|misc)\.ts$/.test(name);
    if (!isGood) breaches.push(path);
  }
  assertEquals(breaches, []);
});

Deno.test("the top level stays as it is", async () => {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("..", import.meta.url))) {
    names.push(name);
  }
  const allowed = new Set([
    "deno.json",
    "mod.ts",
    "cli.ts",
    "src",
    "tests",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    // made by tasks and ignored by git
    "dist",
    "coverage",
    "node_modules",
  ]);
  assertEquals(
    names.filter((name) => !name.startsWith(".") && !allowed.has(name)),
    [],
  );
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(
    /(^|[^:"'`])\/\/.*$/gm,
    "$1",
  );
}

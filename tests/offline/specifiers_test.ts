// Packages are named in one place, and the map of stand-ins names the same.
import { assertEquals } from "@std/assert";
import { walk } from "../../src/deps/fs.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { readModuleImports } from "../support/module_imports.ts";
import denoJson from "../../deno.json" with { type: "json" };
import importMap from "./import_map.json" with { type: "json" };

const PACKAGE_REGEXP = /^(?:jsr|npm|https?):/;

interface NamedImport {
  readonly file: string;
  readonly specifier: string;
}

/** Reads the modules of folders; `""` is the top one without those within. */
async function findImports(
  ...folders: readonly string[]
): Promise<NamedImport[]> {
  const found: NamedImport[] = [];
  for (const folder of folders) {
    const files = walk(folder === "" ? REPOSITORY : `${REPOSITORY}/${folder}`, {
      maxDepth: folder === "" ? 1 : Infinity,
      includeDirs: false,
      exts: ["ts", "tsx", "js"],
      skip: [/[\\/](?:fixtures|golden)[\\/]/],
    });
    for await (const { path } of files) {
      const file = path.slice(REPOSITORY.length + 1).replaceAll("\\", "/");
      const source = await Deno.readTextFile(path);
      for (const { specifier } of readModuleImports(source)) {
        found.push({ file, specifier });
      }
    }
  }
  return found;
}

Deno.test("readModuleImports sees every form of import and no comment", () => {
  const source = [
    'import "jsr:a";',
    '  import { b, type C as D } from "npm:b";',
    "export type { E } from './e.ts';",
    'export * from "jsr:f";',
    '// import "jsr:g";',
    '/** import "jsr:h"; */',
    `const i = await import(${'"jsr:i"'});`,
  ].join("\n");
  const found = readModuleImports(source).map((
    { specifier, values, types, isDynamic },
  ) => [specifier, values, types, isDynamic]);
  assertEquals(found, [
    ["jsr:a", [], [], false],
    ["npm:b", ["b"], ["C"], false],
    ["./e.ts", [], ["E"], false],
    ["jsr:f", [], [], false],
    ["jsr:i", [], [], true],
  ]);
});

Deno.test("Only src/deps names packages", async () => {
  const imports = await findImports("", "src", "tests");
  const strays = imports
    .filter(({ specifier }) => PACKAGE_REGEXP.test(specifier))
    .filter(({ file }) => !/^src\/deps\/[^/]+\.ts$/.test(file));
  assertEquals(strays, []);
});

Deno.test("src/deps imports packages alone, each with a range and one file", async () => {
  const imports = await findImports("src/deps");
  for (const { file, specifier } of imports) {
    const form =
      /^(?:jsr:@std\/|npm:(?:@[^/]+\/)?)([a-z-]+)@\^\d+(?:\.\d+){1,2}(?:\/[a-z/-]+)?$/;
    const name = form.exec(specifier)?.[1] ?? "";
    assertEquals([file, name !== ""], [file, true], specifier);
  }
  const homes = new Map<string, Set<string>>();
  for (const { file, specifier } of imports) {
    const name = specifier.replace(/@\^.*/, "");
    homes.set(name, (homes.get(name) ?? new Set()).add(file));
  }
  assertEquals([...homes.values()].every((files) => files.size === 1), true);
});

Deno.test("src and the two entries import no bare name", async () => {
  const imports = await findImports("", "src");
  const strays = imports.filter(({ specifier }) =>
    !/^(?:\.\.?\/|node:|jsr:|npm:)/.test(specifier)
  );
  assertEquals(strays, []);
});

Deno.test("The import map names what src/deps names of JSR and what deno.json imports", async () => {
  const deps = (await findImports("src/deps"))
    .map(({ specifier }) => specifier)
    .filter((specifier) => specifier.startsWith("jsr:"));
  const own = Object.keys(denoJson.exports)
    .map((path) => path.replace(/^\./, denoJson.name));
  const wanted = [
    ...new Set([...Object.keys(denoJson.imports), ...deps, ...own]),
  ];
  assertEquals(Object.keys(importMap.imports).toSorted(), wanted.toSorted());
});

Deno.test("The import map and deno.json lead to the same npm packages and exports", () => {
  const mapped: Record<string, string> = importMap.imports;
  for (const [name, target] of Object.entries(denoJson.imports)) {
    if (target.startsWith("npm:")) assertEquals(mapped[name], target);
  }
  for (const [path, target] of Object.entries(denoJson.exports)) {
    const name = path.replace(/^\./, denoJson.name);
    assertEquals(mapped[name], target.replace(/^\./, "../.."));
  }
});

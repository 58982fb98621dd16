// Where JSR answers, the packages come from there and not from the stand-ins.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { walk } from "../../src/deps/fs.ts";
import { REPOSITORY } from "../support/file_url.ts";
import {
  type PackageModules,
  startJsrRegistry,
} from "../support/jsr_registry.ts";
import { readModuleImports } from "../support/module_imports.ts";
import { runDeno } from "../support/run_deno.ts";

const WITH_STD = join(REPOSITORY, "tests", "offline", "with_std.ts");

interface Dependencies {
  /** A tiny package for each that is named, of the lowest version allowed. */
  readonly packages: Record<string, Record<string, string>>;
  /** The files that need JSR. */
  readonly files: string[];
  /** What each value must turn out to be. */
  readonly values: Record<string, string>;
}

/** Makes packages from what `src/deps` names, whose values tell their origin. */
async function readDependencies(): Promise<Dependencies> {
  const packages: Record<string, Record<string, string>> = {
    "@std/assert@1.0.0": { ".": "export {};" },
  };
  const files = new Set<string>();
  const values: Record<string, string> = {};
  const folder = join(REPOSITORY, "src", "deps");
  for await (const { path } of walk(folder, { includeDirs: false })) {
    for (const found of readModuleImports(await Deno.readTextFile(path))) {
      const parts = /^jsr:(@std\/[a-z-]+)@\^(\d+\.\d+)(\/.*)?$/
        .exec(found.specifier);
      if (parts === null) continue;
      const [, name = "", range = "", subpath = ""] = parts;
      const source = [
        ...found.values.map((value) =>
          `export const ${value}: string = "${name}${subpath} ${value}";`
        ),
        ...found.types.map((type) => `export type ${type} = unknown;`),
      ];
      const modules = packages[`${name}@${range}.0`] ??= {};
      modules[`.${subpath}`] = source.join("\n");
      files.add(path);
      for (const value of found.values) {
        values[value] = `${name}${subpath} ${value}`;
      }
    }
  }
  return { packages, files: [...files].toSorted(), values };
}

Deno.test("The specifiers of src/deps resolve through JSR where it answers", async () => {
  const { packages, files, values } = await readDependencies();
  await using registry = await startJsrRegistry(
    packages satisfies Record<string, PackageModules>,
  );
  const folder = await Deno.makeTempDir();
  try {
    const script = join(folder, "print_values.ts");
    const imports = files.map((file, at) =>
      `import * as m${at} from ${JSON.stringify(pathToFileURL(file).href)};`
    );
    const spread = files.map((_, at) => `...m${at}`).join(", ");
    await Deno.writeTextFile(
      script,
      `${imports.join("\n")}\nconsole.log(JSON.stringify({ ${spread} }));\n`,
    );
    const { code, stdout, stderr } = await runDeno(
      ["run", "-A", "--no-config", WITH_STD, "run", "--no-config", script],
      {
        env: {
          JSR_URL: registry.url,
          DENO_DIR: join(folder, "deno_dir"),
          TRACEDECK_STD: "",
        },
      },
    );
    assertEquals(code, 0, stderr);
    assertEquals(JSON.parse(stdout), values);
    assertEquals(
      registry.requests.filter((path) => path.endsWith("/meta.json"))
        .includes("/@std/tar/meta.json"),
      true,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("A registry that lacks a package is not papered over with a stand-in", async () => {
  await using registry = await startJsrRegistry({
    "@std/assert@1.0.0": { ".": "export {};" },
  });
  const folder = await Deno.makeTempDir();
  try {
    const { code, stderr } = await runDeno(
      ["run", "-A", WITH_STD, "run", join(REPOSITORY, "src", "deps", "fs.ts")],
      {
        env: {
          JSR_URL: registry.url,
          DENO_DIR: join(folder, "deno_dir"),
          TRACEDECK_STD: "",
        },
      },
    );
    assertEquals(code, 1);
    assertStringIncludes(stderr, "@std/fs");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// The bundles are one file each, which runs from any address without import map.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { VERSION } from "../../src/base/version.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../support/file_url.ts";
import { readModuleImports } from "../support/module_imports.ts";
import { runDeno } from "../support/run_deno.ts";
import { serveFolder } from "../support/serve_folder.ts";

/** The arguments of `deno bundle` in the task, with the output elsewhere. */
function readBundleArgs(folder: string): string[][] {
  return denoJson.tasks.bundle.command.split(" && ").map((command) => {
    const args = command.split(" ");
    return args.slice(args.indexOf("bundle"))
      .map((arg) => arg.replace(/^dist\//, `${folder}/`));
  });
}

Deno.test("The bundles run from a URL, by themselves", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const withStd = join(REPOSITORY, "tests", "offline", "with_std.ts");
    for (const args of readBundleArgs(folder)) {
      const built = await runDeno(["run", "-A", withStd, ...args], {
        cwd: REPOSITORY,
      });
      assertEquals(built.code, 0, built.stderr);
    }
    for (const name of ["tracedeck.js", "mod.js"]) {
      const source = await Deno.readTextFile(join(folder, name));
      const outside = readModuleImports(source)
        .filter(({ specifier }) => !specifier.startsWith("node:"));
      assertEquals(outside, [], name);
    }
    await using served = serveFolder(folder);
    const flags = [
      "run",
      "--no-prompt",
      "--quiet",
      "--no-npm",
      "--no-config",
      `--reload=${served.url}`,
    ];
    const run = await runDeno(
      [...flags, "-A", `${served.url}tracedeck.js`, "version"],
      { cwd: folder },
    );
    assertEquals([run.code, run.stderr], [0, ""]);
    assertStringIncludes(run.stdout, `tracedeck ${VERSION} `);
    const imported = await runDeno(
      [
        ...flags,
        `--allow-import=${new URL(served.url).host}`,
        `${served.url}mod.js`,
      ],
      { cwd: folder },
    );
    assertEquals([imported.code, imported.stderr], [0, ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

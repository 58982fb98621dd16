// The library is imported from its address, and importing it does nothing.
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { REPOSITORY } from "../support/file_url.ts";
import { runDeno } from "../support/run_deno.ts";
import { serveFolder } from "../support/serve_folder.ts";
import { runRemotely } from "./_remote_deno.ts";

/** Imports a module and prints how many names it has. */
function importScript(url: string): string {
  const source = `
    import * as all from ${JSON.stringify(url)};
    console.log(Object.keys(all).length > 0);
  `;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

Deno.test("mod.ts can be imported from a URL without any permission", async () => {
  await using served = serveFolder(REPOSITORY);
  const { code, stdout, stderr } = await runRemotely(served, [], [
    importScript(`${served.url}mod.ts`),
  ]);
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: "true\n",
    stderr: "",
  });
});

for (const [path, file] of Object.entries(denoJson.exports)) {
  Deno.test(`Export "${path}" can be imported without any permission`, async () => {
    const folder = await Deno.makeTempDir();
    const map = Deno.env.get("TRACEDECK_STD") === "jsr"
      ? []
      : [`--import-map=${join(REPOSITORY, "tests/offline/import_map.json")}`];
    try {
      const script = join(folder, "import_it.ts");
      const url = pathToFileURL(join(REPOSITORY, file)).href;
      await Deno.writeTextFile(
        script,
        `import * as all from ${
          JSON.stringify(url)
        };\nconsole.log(typeof all);\n`,
      );
      const { code, stdout, stderr } = await runDeno(
        ["run", "--no-prompt", "--quiet", "--no-lock", ...map, script],
        { cwd: folder },
      );
      assertEquals({ code, stdout, stderr }, {
        code: 0,
        stdout: "object\n",
        stderr: "",
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

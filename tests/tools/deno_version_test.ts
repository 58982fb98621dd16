// One file says which Deno this is developed with; the others say the same.
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { walk } from "../../src/deps/fs.ts";
import { REPOSITORY } from "../support/file_url.ts";

const VERSION = (await Deno.readTextFile(join(REPOSITORY, ".deno-version")))
  .trim();

Deno.test(".deno-version is a version and this one is not older", () => {
  assertMatch(VERSION, /^\d+\.\d+\.\d+$/);
  const order = new Intl.Collator("en", { numeric: true });
  assertEquals(order.compare(Deno.version.deno, VERSION) >= 0, true);
});

Deno.test("Whatever names a Deno of npm names that of .deno-version", async () => {
  const named: Record<string, string[]> = {};
  const files = walk(REPOSITORY, {
    includeDirs: false,
    skip: [/[\\/](?:\.git|dist|node_modules|src|tests)$/],
  });
  for await (const { path } of files) {
    const text = await Deno.readTextFile(path);
    const versions = [...text.matchAll(/\bdeno@v?(\d[\w.]*\w)/g)]
      .map((match) => match[1] ?? "");
    if (versions.length > 0) named[path] = [...new Set(versions)];
  }
  const wrong = Object.entries(named)
    .filter(([, versions]) => versions.some((each) => each !== VERSION));
  assertEquals(wrong, []);
  const readme = join(REPOSITORY, "README.md");
  assertEquals(named[readme], [VERSION]);
});

Deno.test(".ci/run takes the version from .deno-version", async () => {
  const script = await Deno.readTextFile(join(REPOSITORY, ".ci", "run"));
  assertMatch(script, /deno@\$\(cat \.deno-version\)/);
});

// What is relied on of @std/fs. It holds for the package and for its stand-in.
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureDir, walk, type WalkOptions } from "../../src/deps/fs.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const CAN_LINK = requireThat(
  Deno.build.os !== "windows",
  "links need a right of their own on Windows",
);

/** A folder of its own for one test, removed at its end. */
async function makeFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Files and folders by name; a text is where a link leads. */
async function fill(root: string, ...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const [name = "", target] = path.split(" -> ");
    const full = join(root, name);
    if (target !== undefined) await Deno.symlink(target, full);
    else if (name.endsWith("/")) await Deno.mkdir(full, { recursive: true });
    else await Deno.writeTextFile(full, name);
  }
}

async function listWalk(
  root: string,
  options?: WalkOptions,
): Promise<string[]> {
  const entries = await Array.fromAsync(walk(root, options));
  return entries
    .map((entry) =>
      entry.path.slice(root.length + 1).replaceAll("\\", "/") || "."
    ).sort();
}

Deno.test("ensureDir makes a folder and those above it", async () => {
  await using folder = await makeFolder();
  const path = join(folder.path, "a", "b");
  await ensureDir(path);
  assertEquals((await Deno.stat(path)).isDirectory, true);
});

Deno.test("ensureDir leaves a folder that is there, named by path or URL", async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "a/", "a/file");
  await ensureDir(pathToFileURL(join(folder.path, "a")));
  await ensureDir(join(folder.path, "a"));
  assertEquals(await listWalk(folder.path), [".", "a", "a/file"]);
});

Deno.test("ensureDir rejects what is no folder", async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "file");
  await assertRejects(() => ensureDir(join(folder.path, "file")), Error);
});

testWith(
  "ensureDir takes a link to a folder for a folder",
  [CAN_LINK],
  async () => {
    await using folder = await makeFolder();
    await fill(folder.path, "a/", "link -> a");
    await ensureDir(join(folder.path, "link"));
    assertEquals((await Deno.lstat(join(folder.path, "link"))).isSymlink, true);
  },
);

Deno.test("walk tells the root, folders before what they hold, and files", async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "a/b/", "a/b/x.ts", "y.json");
  const entries = await Array.fromAsync(walk(folder.path));
  const names = entries.map((entry) => entry.name);
  assertEquals(names.length, 5);
  assertEquals(entries[0]?.path, folder.path);
  assertEquals(names.indexOf("a") < names.indexOf("b"), true);
  assertEquals(names.indexOf("b") < names.indexOf("x.ts"), true);
  assertEquals(entries.find((entry) => entry.name === "x.ts"), {
    path: join(folder.path, "a", "b", "x.ts"),
    name: "x.ts",
    isFile: true,
    isDirectory: false,
    isSymlink: false,
  });
});

Deno.test("walk takes a URL", async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "a b");
  const entries = await Array.fromAsync(walk(pathToFileURL(folder.path)));
  assertEquals(entries.map((entry) => entry.path), [
    folder.path,
    join(folder.path, "a b"),
  ]);
});

const WALK_CASES: readonly {
  readonly options: WalkOptions;
  readonly paths: readonly string[];
}[] = [
  { options: { maxDepth: 0 }, paths: ["."] },
  { options: { maxDepth: 1 }, paths: [".", "a", "y.json"] },
  { options: { maxDepth: -1 }, paths: [] },
  { options: { includeDirs: false }, paths: ["a/b/x.ts", "y.json"] },
  { options: { includeFiles: false }, paths: [".", "a", "a/b"] },
  { options: { exts: ["ts"] }, paths: ["a/b/x.ts"] },
  { options: { exts: [".json"] }, paths: ["y.json"] },
  { options: { match: [/x\.ts$/, /y\.json$/] }, paths: ["a/b/x.ts", "y.json"] },
  { options: { skip: [/[\\/]b$/] }, paths: [".", "a", "y.json"] },
];

for (const { options, paths } of WALK_CASES) {
  Deno.test(`walk with ${Deno.inspect(options)} tells ${paths.length} entries`, async () => {
    await using folder = await makeFolder();
    await fill(folder.path, "a/b/", "a/b/x.ts", "y.json");
    assertEquals(await listWalk(folder.path, options), paths);
  });
}

testWith("walk tells links and does not enter them", [CAN_LINK], async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "a/", "a/x", "link -> a", "broken -> nowhere");
  assertEquals(await listWalk(folder.path), [
    ".",
    "a",
    "a/x",
    "broken",
    "link",
  ]);
  assertEquals(await listWalk(folder.path, { includeSymlinks: false }), [
    ".",
    "a",
    "a/x",
  ]);
});

testWith(
  "walk can enter links and tells where they lead",
  [CAN_LINK],
  async () => {
    await using folder = await makeFolder();
    await fill(folder.path, "a/", "a/x", "top/", "top/link -> ../a");
    const top = join(folder.path, "top");
    const entries = await Array.fromAsync(walk(top, { followSymlinks: true }));
    assertEquals(entries.map((entry) => entry.path), [
      top,
      join(folder.path, "a"),
      join(folder.path, "a", "x"),
    ]);
  },
);

Deno.test("walk rejects a root that is not there", async () => {
  await using folder = await makeFolder();
  await assertRejects(
    () => Array.fromAsync(walk(join(folder.path, "nowhere"))),
    Deno.errors.NotFound,
  );
});

Deno.test("walk lets go of the folder when it is left early", async () => {
  await using folder = await makeFolder();
  await fill(folder.path, "a", "b", "c");
  for await (const entry of walk(folder.path, { includeDirs: false })) {
    assertEquals(entry.isFile, true);
    break;
  }
});

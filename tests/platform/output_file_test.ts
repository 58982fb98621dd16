import { assertEquals, assertRejects } from "@std/assert";
import { createOutputFile } from "../../src/platform/output_file.ts";
import { requireThat, testWith } from "../support/requirement.ts";

async function withFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}

Deno.test("createOutputFile shows a file when it is complete", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/out`;
    await Deno.writeTextFile(path, "before");
    {
      await using file = await createOutputFile(path);
      await file.write(new Uint8Array([104, 105]));
      assertEquals(await Deno.readTextFile(path), "before");
      await file.commit();
    }
    assertEquals(await Deno.readTextFile(path), "hi");
    assertEquals(await namesIn(folder), ["out"]);
  });
});

Deno.test("createOutputFile leaves nothing without commit", async () => {
  await withFolder(async (folder) => {
    {
      await using file = await createOutputFile(`${folder}/out`);
      await file.write(new Uint8Array(10));
    }
    assertEquals(await namesIn(folder), []);
  });
});

Deno.test("createOutputFile leaves half a file under another name if it shall", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/out`;
    await Deno.writeTextFile(path, "before");
    {
      await using file = await createOutputFile(path, { keepsPartial: true });
      await file.write(new Uint8Array([104, 105]));
    }
    assertEquals((await namesIn(folder)).sort(), ["out", "out.part"]);
    assertEquals(await Deno.readTextFile(path), "before");
    assertEquals(await Deno.readTextFile(`${path}.part`), "hi");
    {
      await using file = await createOutputFile(path, { keepsPartial: true });
      await file.write(new Uint8Array([104]));
      await file.commit();
    }
    assertEquals(await Deno.readTextFile(path), "h");
  });
});

testWith("createOutputFile writes to a pipe and leaves it there", [
  requireThat(
    Deno.build.os !== "windows",
    "Windows has no named pipes in folders",
  ),
], async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/pipe`;
    await new Deno.Command("mkfifo", { args: [path] }).output();
    const reading = Deno.readTextFile(path);
    {
      await using file = await createOutputFile(path);
      await file.write(new Uint8Array([104, 105]));
      await file.commit();
    }
    assertEquals(await reading, "hi");
    assertEquals((await Deno.stat(path)).isFifo, true);
    assertEquals(await namesIn(folder), ["pipe"]);
  });
});

Deno.test("createOutputFile names the file whose folder is missing", async () => {
  await withFolder(async (folder) => {
    await assertRejects(
      () => createOutputFile(`${folder}/none/out`),
      Error,
      `Cannot write ${folder}/none/out: its folder does not exist`,
    );
  });
});

Deno.test("createOutputFile names the file that a folder is in the way of", async () => {
  await withFolder(async (folder) => {
    const path = `${folder}/out`;
    await Deno.mkdir(path);
    await assertRejects(
      async () => {
        await using file = await createOutputFile(path);
        await file.commit();
      },
      Error,
      `Cannot write ${path}: `,
    );
    assertEquals(await namesIn(folder), ["out"]);
  });
});

testWith("createOutputFile names the file for which the disk is too small", [
  requireThat(
    Deno.build.os === "linux" && Deno.uid() === 0,
    "needs root on Linux to mount a small disk",
  ),
], async () => {
  await withFolder(async (folder) => {
    const disk = `${folder}/disk`;
    await Deno.mkdir(disk);
    const mount = (...args: string[]) =>
      new Deno.Command(args[0]!, { args: args.slice(1) }).output();
    const mounted = await mount(
      ...["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
    );
    // A container may not be allowed to.
    if (!mounted.success) return;
    try {
      await assertRejects(
        async () => {
          await using file = await createOutputFile(`${disk}/out`);
          await file.write(new Uint8Array(256 * 1024));
        },
        Error,
        `Cannot write ${disk}/out: No space left on device`,
      );
      assertEquals(await namesIn(disk), []);
    } finally {
      await mount("umount", disk);
    }
  });
});

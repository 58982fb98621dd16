import { assertEquals, assertRejects } from "@std/assert";
import { readFileStream } from "../../src/platform/file_source.ts";

async function withFile(
  bytes: Uint8Array,
  use: (path: string) => Promise<void>,
): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readFileStream gives all bytes in order, each piece its own", async () => {
  const bytes = Uint8Array.from(
    { length: 1_000_000 },
    (_, index) => index % 251,
  );
  await withFile(bytes, async (path) => {
    const totals: number[] = [];
    const pieces = await Array.fromAsync(
      readFileStream(path, { onRead: (total) => totals.push(total) }),
    );
    assertEquals(new Uint8Array(await new Blob(pieces).arrayBuffer()), bytes);
    assertEquals(totals.at(-1), bytes.length);
    assertEquals(
      new Set(pieces.map(({ buffer }) => buffer)).size,
      pieces.length,
    );
  });
});

Deno.test("readFileStream closes the file when the loop is left", async () => {
  await withFile(new Uint8Array(1_000_000), async (path) => {
    // The sanitizer sees a file that stays open.
    for await (const piece of readFileStream(path)) {
      assertEquals(piece.length > 0, true);
      break;
    }
  });
});

Deno.test("readFileStream ends with the reason of the signal", async () => {
  await withFile(new Uint8Array(1_000_000), async (path) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const error = await assertRejects(async () => {
      for await (
        const _piece of readFileStream(path, { signal: controller.signal })
      ) {
        controller.abort(reason);
      }
    });
    assertEquals(error, reason);
  });
});

Deno.test("readFileStream fails where there is no file", async () => {
  await assertRejects(
    () => readFileStream("/nonexistent/file").next(),
    Deno.errors.NotFound,
  );
});

Deno.test("readFileStream fails where the first read does", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await assertRejects(() => readFileStream(folder).next());
  } finally {
    await Deno.remove(folder);
  }
});

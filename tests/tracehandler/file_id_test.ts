import { assertEquals, assertThrows } from "@std/assert";
import { randomAccessOf } from "../../src/base/random_access.ts";
import { formatId128 } from "../../src/codec/id128.ts";
import {
  fileIdOf,
  formatHostFileId,
  hostFileId,
  hostFileIdFromBytes,
  kernelFileId,
  UNKNOWN_KERNEL_FILE_ID,
  UNSYMBOLIZED_FILE_ID,
} from "../../src/tracehandler/file_id.ts";
import {
  formatHash64Json,
  parseHash64Json,
} from "../../src/tracehandler/hash64.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

async function idOf(bytes: Uint8Array): Promise<string> {
  return formatId128(await fileIdOf(randomAccessOf(bytes)));
}

function counting(length: number): Uint8Array {
  return new Uint8Array(length).map((_, index) => index & 255);
}

Deno.test("fileIdOf gives the known ids", async () => {
  assertEquals(
    await idOf(new Uint8Array(0)),
    "af5570f5a1810b7af78caf4bc70a660f",
  );
  assertEquals(
    await idOf(new Uint8Array(1)),
    "52807a4607ea5debf0b7d4ccb452f4af",
  );
  assertEquals(await idOf(counting(4096)), "85cb3aa4a10dc6668d6bf0c5802e9150");
  assertEquals(await idOf(counting(4097)), "15cac832ee94e1cf7eb431e3424ea27e");
  assertEquals(await idOf(counting(8192)), "18db0dcc5a0e6a57e1a1718a5fb2efdc");
});

const PROGRAMS = {
  workload: "ea966f03aaa9748efe342f63930f21b0",
  busy: "be28fdb14f75c1749a03b294bc4a044c",
  "busy_nopie": "05f46c0144249f4e24cb5b8d82ad80dd",
};

testWith(
  "fileIdOf gives the ids of real programs",
  [requireSharedData("tracehandler/perf")],
  async () => {
    for (const [name, id] of Object.entries(PROGRAMS)) {
      const path = sharedData(`tracehandler/perf/${name}`)!;
      assertEquals(await idOf(await Deno.readFile(path)), id);
    }
  },
);

Deno.test("kernelFileId hashes the text of the build id", () => {
  const id = "ed7680c940426f1e17fc6bb108c1c4446b49c67f";
  const expected = "8385b6675dcccdac20fc2048405aa2ef";
  assertEquals(formatId128(kernelFileId(id)), expected);
  assertEquals(formatId128(kernelFileId(id.toUpperCase())), expected);
  assertEquals(
    formatId128(kernelFileId("abc")),
    "a68d622cec8b5822836dbc7977af7f3b",
  );
});

Deno.test("reserved ids are as the profiler has them", () => {
  assertEquals(formatId128(UNSYMBOLIZED_FILE_ID), "f".repeat(32));
  assertEquals(
    formatId128(UNKNOWN_KERNEL_FILE_ID),
    "fffffffffffffffd".repeat(2),
  );
});

Deno.test("the id in raw traces is the upper half, and printed twice", () => {
  const id = hostFileId({ hi: 0xa1b2c3d4e5f60718n, lo: 5n });
  assertEquals(id, 0xa1b2c3d4e5f60718n);
  assertEquals(formatHostFileId(id), "a1b2c3d4e5f60718a1b2c3d4e5f60718");
  assertEquals(
    hostFileIdFromBytes(Uint8Array.fromHex("a1b2c3d4e5f60718")),
    id,
  );
  assertThrows(() => hostFileIdFromBytes(new Uint8Array(7)), SyntaxError);
});

Deno.test("a 64-bit hash is printed twice and read once", () => {
  assertEquals(formatHash64Json(0x1fn), '"000000000000001f000000000000001f"');
  assertEquals(parseHash64Json('"000000000000001fzzzz'), 0x1fn);
  assertThrows(() => parseHash64Json('"1f"'), SyntaxError);
});

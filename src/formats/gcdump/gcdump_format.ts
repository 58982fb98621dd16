import { LimitError } from "../../base/errors.ts";
import { compilePattern } from "../../base/text_pattern.ts";
import { compareHeaps } from "../../eventpipe/gcdump/compare_heaps.ts";
import { decodeHeapDump } from "../../eventpipe/gcdump/heap_dump_decoder.ts";
import { heapProfile } from "../../eventpipe/gcdump/heap_profile.ts";
import { heapReport } from "../../eventpipe/gcdump/heap_report.ts";
import { renderDotnetHeap } from "../../eventpipe/gcdump/render_dotnet_heap.ts";
import type { HeapDump } from "../../eventpipe/gcdump/types.ts";
import type { Format, FormatInput } from "../types.ts";
import { describeHeapDump } from "./describe_heap_dump.ts";

/** Largest file that is read: its objects are in memory all at once. */
const MAX_BYTES = 1024 ** 3;

/** Reads heaps of .NET processes. */
export const gcdumpFormat: Format = {
  info: async (input) => describeHeapDump(await readDump(input)),
  profile: async (input) => heapProfile(await readDump(input)),
  summarizesProfile: true,
  async report(input, options) {
    const dump = await readDump(input);
    if (options["layout"] === "dotnet-gcdump") {
      return {
        title: input.name,
        sections: [{
          type: "text",
          key: "heap",
          title: "",
          lines: renderDotnetHeap(dump.graph),
        }],
      };
    }
    const pathsTo = options["paths-to"] as string | undefined;
    return {
      title: input.name,
      sections: heapReport(dump, {
        top: options["top"] as number | undefined,
        pathsTo: pathsTo === undefined ? undefined : compilePattern(pathsTo),
      }),
    };
  },
  async diff(before, after, options) {
    return {
      title: `${before.name} and ${after.name}`,
      sections: compareHeaps(
        await readDump(before),
        await readDump(after),
        (options["top"] as number | undefined) ?? 20,
      ),
    };
  },
};

/** Standard input can be read once only, and nothing needs to be read twice. */
const dumps = new WeakMap<FormatInput, Promise<HeapDump>>();

function readDump(input: FormatInput): Promise<HeapDump> {
  let dump = dumps.get(input);
  if (dump === undefined) dumps.set(input, dump = decode(input));
  return dump;
}

async function decode(input: FormatInput): Promise<HeapDump> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input.open()) {
    input.signal.throwIfAborted();
    length += chunk.length;
    if (length > MAX_BYTES) {
      throw new LimitError(
        `Cannot read gcdump: it has more than ${MAX_BYTES} bytes`,
        { limit: "maxDumpBytes", value: length, offset: MAX_BYTES },
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return decodeHeapDump(bytes);
}

import { encodeHeapDump } from "../../eventpipe/gcdump/heap_dump_encoder.ts";
import { readHeapDump } from "../../eventpipe/gcdump/read_heap_dump.ts";
import type { ByteStream, ConvertRequest } from "../types.ts";

/**
 * Converts a trace with a heap dump to the file that dotnet-gcdump writes.
 *
 * @param request Inputs and options.
 * @returns The bytes.
 * @throws {RangeError} When there are several inputs.
 * @throws {FormatError} When the trace has no heap dump.
 */
export async function* convertToGcdump(request: ConvertRequest): ByteStream {
  const { inputs, signal } = request;
  const [input] = inputs;
  if (inputs.length > 1) {
    throw new RangeError(
      `Cannot convert ${inputs.length} traces to gcdump: a heap dump is of one process at one moment`,
    );
  }
  yield encodeHeapDump(
    await readHeapDump(input!.open(), {
      limits: input!.limits,
      stats: input!.stats,
      signal,
    }),
  );
}

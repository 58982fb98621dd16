import { NettraceDecoder } from "../../src/eventpipe/nettrace/nettrace_decoder.ts";
import { NettraceEncoder } from "../../src/eventpipe/nettrace/nettrace_encoder.ts";
import { payloadSourceOf } from "../../src/eventpipe/nettrace/payload_reader.ts";
import type {
  NettraceEventRecord,
  NettraceHeader,
} from "../../src/eventpipe/nettrace/types.ts";

/**
 * Makes a trace of any length out of a recorded one: its events again and
 * again, each time later, and at the end what names the code.
 *
 * @param recorded The recorded trace.
 * @param sizeBytes At least so long.
 * @returns The stream in pieces.
 */
export function* longNettrace(
  recorded: Uint8Array,
  sizeBytes: number,
): Generator<Uint8Array<ArrayBuffer>> {
  let header: NettraceHeader | undefined;
  const events: NettraceEventRecord[] = [];
  const names: NettraceEventRecord[] = [];
  const decoder = new NettraceDecoder({
    onHeader: (found) => {
      header = found;
    },
    onEvent: (event) => {
      const isName = event.metadata.providerName.endsWith("Rundown");
      (isName ? names : events).push(event.toRecord());
    },
  }, { order: "time" });
  decoder.push(recorded);
  decoder.finish();

  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const encoder = new NettraceEncoder(header!, {
    version: 4,
    onBytes: (bytes) => {
      pieces.push(bytes.slice());
      size += bytes.length;
    },
  });
  const lengthTicks = events.at(-1)!.time + 1;
  let round = 0;
  for (; size < sizeBytes; round++) {
    for (const event of events) {
      encoder.write(
        event,
        payloadSourceOf(event.payload),
        event.time + round * lengthTicks,
      );
    }
    yield* pieces.splice(0);
  }
  for (const event of names) {
    encoder.write(
      event,
      payloadSourceOf(event.payload),
      event.time + round * lengthTicks,
    );
  }
  encoder.finish();
  yield* pieces;
}

import {
  collectNettrace,
  pumpNettrace,
} from "../../eventpipe/collect_nettrace.ts";
import { CounterReader } from "../../eventpipe/counters/counter_reader.ts";
import type { CounterSample } from "../../eventpipe/counters/counter_reader.ts";
import {
  COUNTERS_CSV_HEADER,
  COUNTERS_JSON_TAIL,
  formatCounterCsv,
  formatCounterJson,
  formatCountersJsonHead,
} from "../../eventpipe/counters/counter_text.ts";
import type { CounterTextOptions } from "../../eventpipe/counters/counter_text.ts";
import { InstrumentPreference } from "../../eventpipe/counters/prefer_instruments.ts";
import type { NettraceHeader } from "../../eventpipe/nettrace/types.ts";
import { ProcessFacts } from "../../eventpipe/process_facts.ts";
import type { ByteStream, ConvertRequest, FormatInput } from "../types.ts";

const encoder = new TextEncoder();

/**
 * Converts the counters of traces to the forms of `dotnet-counters collect`.
 * Several traces follow one another.
 *
 * @param request Inputs and options.
 * @param form Which form.
 * @returns The bytes.
 */
export async function* convertToCounters(
  request: ConvertRequest,
  form: "csv" | "json",
): ByteStream {
  const { inputs, stats } = request;
  let isFirst = true;
  let hasHead = false;
  if (form === "csv") yield encoder.encode(COUNTERS_CSV_HEADER);
  for (const input of inputs) {
    const process = new ProcessFacts();
    // The process is told at the end of a stream, and named at the start of the JSON form.
    if (form === "json" && !hasHead && input.path !== undefined) {
      await collectNettrace(input.open(), [process], {
        limits: input.limits,
        signal: input.signal,
      });
    }
    for await (
      const { samples, header } of readCounters(input, request, process)
    ) {
      const options = textOptions(request, header, process);
      let text = "";
      if (form === "csv") {
        for (const sample of samples) {
          text += formatCounterCsv(sample, header, options);
        }
      } else {
        if (!hasHead) text += formatCountersJsonHead(header, options);
        hasHead = true;
        for (const sample of samples) {
          for (const object of formatCounterJson(sample, header, options)) {
            text += isFirst ? object : `,${object}`;
            isFirst = false;
          }
        }
      }
      if (samples.length > 0 && form === "csv") isFirst = false;
      if (text !== "") yield encoder.encode(text);
    }
  }
  if (form === "json") yield encoder.encode(COUNTERS_JSON_TAIL);
  if (isFirst) {
    stats.count("no_counters", "data_loss", {
      detail: "the trace has neither event counters nor values of meters",
    });
  }
}

interface CounterBatch {
  readonly samples: readonly CounterSample[];
  readonly header: NettraceHeader;
}

async function* readCounters(
  input: FormatInput,
  { options }: ConvertRequest,
  process: ProcessFacts,
): AsyncGenerator<CounterBatch> {
  const preference = new InstrumentPreference();
  let samples: CounterSample[] = [];
  let header: NettraceHeader | undefined;
  const reader = new CounterReader(
    (sample) => samples.push(...preference.add(sample)),
    { intervalSec: options["counter-interval"] as number | undefined },
  );
  const headers = {
    handlerOf: () => undefined,
    onHeader: (found: NettraceHeader) => {
      header = found;
    },
  };
  const passes = pumpNettrace(input.open(), [headers, process, reader], {
    order: "time",
    limits: input.limits,
    stats: input.stats,
    signal: input.signal,
  });
  for await (const _ of passes) {
    if (header === undefined || samples.length === 0) continue;
    const batch = samples;
    samples = [];
    yield { samples: batch, header };
  }
  samples.push(...preference.finish());
  yield { samples, header: header! };
}

function textOptions(
  { options }: ConvertRequest,
  { syncTime }: NettraceHeader,
  process: ProcessFacts,
): CounterTextOptions {
  const isLocal = options["local-time"] === true && syncTime !== undefined;
  return {
    rates: options["counter-rates"] === true,
    totals: options["histogram-totals"] === true,
    processName: process.programName,
    utcOffsetMinutes: isLocal
      ? -new Date(Number(syncTime / 1_000_000n)).getTimezoneOffset()
      : 0,
  };
}

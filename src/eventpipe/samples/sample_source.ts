import type { ValueType } from "../../profile/types.ts";
import type { EventCollector } from "../event_collector.ts";
import type { SymbolCollector } from "../symbols/symbol_collector.ts";
import type { RawSamples } from "./raw_samples.ts";
import type { SampleFilter } from "./sample_filter.ts";
import type { TracedThreads } from "./traced_threads.ts";

/** What every {@linkcode SampleSource} works with. */
export interface SampleContext {
  /** Stacks and their addresses. */
  readonly symbols: SymbolCollector;
  /** Threads. */
  readonly threads: TracedThreads;
  /** Which part of the trace counts. */
  readonly filter: SampleFilter;
  /** Whether every sample keeps its time. */
  readonly isTimed: boolean;
}

/** Takes one kind of sample from a stream. */
export interface SampleSource extends EventCollector {
  /** Meaning of a sample's numbers. */
  readonly valueTypes: readonly ValueType[];
  /** Index of the number to show first. */
  readonly defaultValueType: number;
  /** What is counted between two samples, where there is such a thing. */
  readonly periodType: ValueType | undefined;
  /** Amount of it between two samples, 0 where unknown. */
  readonly period: number;
  /** What was taken so far. */
  readonly samples: RawSamples;
  /** Adds what is still open; call it at the end of the stream. */
  finish(): void;
  /** @returns What people should know about these samples. */
  remarks(): string[];
}

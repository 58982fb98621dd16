import type { DecodeStats } from "../base/decode_stats.ts";
import type { Limits } from "../base/limits.ts";
import type { Report } from "../base/report.ts";
import type { RawTraceSource } from "../profile/raw_trace.ts";
import type { Profile } from "../profile/types.ts";
import type { TimelineEvent } from "../timeline/types.ts";
import type { OptionSpec, OptionValues } from "./option_spec.ts";
import type { Selection } from "./selection.ts";

/** A verb that works on any file. */
export type Verb = "info" | "events" | "report" | "diff" | "convert" | "view";

/** How many bytes of a stream {@linkcode FormatEntry.sniff} gets to see at most. */
export const SNIFF_BYTES = 4096;

/** One input of a verb: a file, or standard input. */
export interface FormatInput {
  /** Name for messages: the path as typed, or `standard input`. */
  readonly name: string;
  /** Path in the file system, absent for standard input. */
  readonly path: string | undefined;
  /** Size of the file as it lies there, where known. */
  readonly sizeBytes: number | undefined;
  /** Compression that {@linkcode FormatInput.open} takes off, outermost first. */
  readonly wrappers: readonly ("gzip" | "zstd")[];
  /** The first bytes behind the wrappers, at most {@linkcode SNIFF_BYTES}. */
  readonly head: Uint8Array;
  /** Collects what is wrong with this input. */
  readonly stats: DecodeStats;
  /** Bounds for the decoders. */
  readonly limits: Partial<Limits>;
  /** Ends the work. */
  readonly signal: AbortSignal;
  /**
   * Opens the stream behind the wrappers from its start. A compressed stream
   * that breaks off delivers what it has and counts the fault in `stats`.
   *
   * @throws {Error} When standard input is opened a second time.
   */
  open(): AsyncIterable<Uint8Array>;
}

/** What `info` tells of one file. */
export interface FormatInfo {
  /** Version of the format, in the format's own words. */
  readonly version: string | undefined;
  /** What wrote the file, where it says so. */
  readonly writer: string | undefined;
  /** First and last moment in Unix ns, where known. */
  readonly startTime: bigint | undefined;
  readonly endTime: bigint | undefined;
  /** Facts and tables of this format. */
  readonly sections: Report["sections"];
  /** Commands that make sense next, without the program's name; `FILE` stands for the file. */
  readonly next: readonly string[];
}

/** Bytes that a writer makes, piece by piece. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** What {@linkcode FormatConverter.convert} gets. */
export interface ConvertRequest {
  /** All of the converter's source format, in the order given. */
  readonly inputs: readonly FormatInput[];
  /** Values of the options of the source format and the target. */
  readonly options: OptionValues;
  /** Which part of the inputs is wanted. */
  readonly selection?: Selection | undefined;
  /** Name of the output file without folders, where there is one. */
  readonly outputName: string | undefined;
  /** Collects what the conversion had to leave out. */
  readonly stats: DecodeStats;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** How a profile is wanted. */
export interface ProfileRequest {
  /**
   * Whether every sample is wanted with its time, where the format has times;
   * otherwise sums are enough, which need memory for distinct stacks only.
   */
  readonly timed: boolean;
}

/** A conversion that a source format does by itself. */
export interface FormatConverter {
  /** Makes the output. */
  convert(request: ConvertRequest): ByteStream;
}

/** What a format can do; every part but `info` is optional. */
export interface Format {
  /** Reads the whole file as far as that is needed to tell its health. */
  info(input: FormatInput, options: OptionValues): Promise<FormatInfo>;
  /** Its records in order of time as far as the format allows, in batches. */
  events?(
    input: FormatInput,
    options: OptionValues,
  ): AsyncIterable<readonly TimelineEvent[]>;
  /** Its stacks. */
  profile?(
    input: FormatInput,
    options: OptionValues,
    request: ProfileRequest,
  ): Promise<Profile>;
  /** Its stacks one by one as they were sampled, for the trace handler, where that differs from `profile`. */
  traces?(
    input: FormatInput,
    options: OptionValues,
  ): Promise<RawTraceSource>;
  /** Whether {@linkcode Format.report} tells what a table of the profile's functions would. @default {false} */
  readonly summarizesProfile?: boolean | undefined;
  /** What it can tell beyond a profile's top functions, which `report` adds by itself. */
  report?(input: FormatInput, options: OptionValues): Promise<Report>;
  /** Compares two files of this format; profiles are compared without it. */
  diff?(
    before: FormatInput,
    after: FormatInput,
    options: OptionValues,
  ): Promise<Report>;
  /** Conversions that go beyond `profile` and `events`, by target name; these win. */
  readonly converters?: Readonly<Record<string, FormatConverter>>;
}

/**
 * One line of the format table. It is cheap to import; the code behind it is
 * loaded when a file of the format is met.
 */
export interface FormatEntry {
  /** Stable name, as in `--from` and in JSON. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /**
   * Whether a stream begins as this format does.
   *
   * @param head The first bytes behind gzip and zstd, at most {@linkcode SNIFF_BYTES}.
   * @returns True when the bytes can be of this format. Never throws, never decodes.
   */
  readonly sniff: (head: Uint8Array) => boolean;
  /** Options of the verbs for files of this format. */
  readonly options: readonly FormatOption[];
  /** Target names of the format's own converters. */
  readonly converters: readonly string[];
  /** Loads the code. */
  readonly load: () => Promise<Format>;
}

/** An option with the verbs that take it. */
export interface FormatOption extends OptionSpec {
  readonly verbs: readonly Verb[];
}

/** What can be written: one target of `convert --to`. */
export interface TargetEntry {
  /** Stable name, as in `--to`. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Ending of file names, with the dot; `convert` guesses the target by it. */
  readonly extensions: readonly string[];
  /** Whether a terminal must not get it. */
  readonly binary: boolean;
  /** Options of the writer. */
  readonly options: readonly OptionSpec[];
  /** Loads the writer from the neutral models; absent when only a format's own converter makes it. */
  readonly load?: () => Promise<TargetWriter>;
}

/** Writes from the neutral models. */
export interface TargetWriter {
  /** Whether profiles are wanted with the time of each sample. @default {false} */
  readonly timed?: boolean | undefined;
  /** Whether the output does not tell threads and processes apart. @default {false} */
  readonly threadless?: boolean | undefined;
  /** Writes a profile. */
  writeProfile?(profile: Profile, request: WriteRequest): ByteStream;
  /** Writes timed events as they come, in constant memory. */
  writeEvents?(
    events: AsyncIterable<readonly TimelineEvent[]>,
    request: WriteRequest,
  ): ByteStream;
}

/** What a {@linkcode TargetWriter} gets beside the data. */
export interface WriteRequest {
  /** Values of the target's options. */
  readonly options: OptionValues;
  /** Name of the output file without folders, where there is one. */
  readonly outputName: string | undefined;
  /** Collects what the format cannot hold. */
  readonly stats: DecodeStats;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

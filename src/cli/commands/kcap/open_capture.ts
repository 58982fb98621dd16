import { FormatError, LimitError } from "../../../base/errors.ts";
import {
  type KcapReader,
  openKcap,
  type OpenKcapOptions,
} from "../../../kcap/kcap_reader.ts";
import type { CommandContext } from "../../command.ts";
import { UsageError } from "../../usage_error.ts";
import { openCaptureSource } from "./capture_source.ts";
import { type FaultPolicy, FaultReporter } from "./fault_reporter.ts";

/** A capture that a command reads. */
export interface OpenedCapture extends AsyncDisposable {
  readonly reader: KcapReader;
  /** Name for messages. */
  readonly name: string;
  /** Gets the reader's faults. */
  readonly faults: FaultReporter;
}

/** What {@linkcode openCapture} needs beside the command's options. */
export interface OpenCaptureOptions
  extends Pick<OpenKcapOptions, "filter" | "includeState" | "tracksHandles"> {
  /** Whether progress would disturb what the command prints. @default {false} */
  readonly isPrinting?: boolean | undefined;
}

/**
 * Opens the capture that a command names; `-` is standard input.
 *
 * @param path As typed.
 * @param context The running command, with `CAPTURE_OPTIONS`.
 * @param options Filter, state-only events.
 * @returns The reader; its faults go to `faults`.
 * @throws {UsageError} When it is a terminal or a folder.
 * @throws {FormatError} When it is not a capture, with its name.
 */
export async function openCapture(
  path: string,
  context: CommandContext,
  options: OpenCaptureOptions = {},
): Promise<OpenedCapture> {
  const { console, signal } = context;
  await using stack = new AsyncDisposableStack();
  const showsProgress = options.isPrinting !== true ||
    !console.stdoutIsTerminal;
  const source = await openCaptureSource(path, context, showsProgress);
  const { name, bytes } = stack.use(source);
  const policy = context.options["errors"] as FaultPolicy;
  const faults = new FaultReporter(console, name, policy);
  const reader = stack.use(
    await openNamed(bytes, name, {
      ...options,
      strict: context.options["strict"] === true,
      force: context.options["force"] === true,
      legacyNames: context.options["raw-names"] === true ? "keep" : "normalize",
      onFault: (fault) => faults.add(fault),
      signal,
    }),
  );
  const { major, minor } = reader.header;
  if (major !== 2) {
    console.note(
      `${name}: version ${major}.${minor} is read as ${
        major < 2 ? "a capture of Fibratus 1.x" : "the newest one that is known"
      }`,
    );
  }
  const owned = stack.move();
  return {
    reader,
    name,
    faults,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openNamed(
  source: AsyncIterable<Uint8Array>,
  name: string,
  options: OpenKcapOptions,
): Promise<KcapReader> {
  try {
    return await openKcap(source, options);
  } catch (error) {
    const isOurs = error instanceof FormatError || error instanceof LimitError;
    if (isOurs) error.message = `${name}: ${error.message}`;
    throw error;
  }
}

/**
 * Reads a capture up to an event, for the state behind it.
 *
 * @param reader An open capture.
 * @param at Sequence number as typed; the end without one.
 * @throws {UsageError} When it is no number.
 * @throws {RangeError} When there is no event of that number.
 */
export async function readUpTo(
  reader: KcapReader,
  at: string | undefined,
): Promise<void> {
  if (at !== undefined && !/^\d+$/.test(at)) {
    throw new UsageError(`Cannot use "${at}" for --at: expected a number`);
  }
  const seq = at === undefined ? undefined : BigInt(at);
  let isFound = seq === undefined;
  await reader.forEach((item) => {
    isFound ||= item.type === "event" && item.seq === seq;
    return seq === undefined || !isFound;
  });
  if (isFound) return;
  throw new RangeError(
    `Cannot show the state at ${seq}: the capture has no event of this sequence number`,
  );
}

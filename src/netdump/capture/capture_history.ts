import { encodeCapture } from "./captured_interface.ts";
import type { CapturedInterface } from "./captured_interface.ts";
import { openPacketCapture } from "./packet_capture.ts";
import type { LiveCapture } from "./packet_capture.ts";

/** How a {@linkcode CaptureHistory} captures. */
export interface CaptureHistoryOptions {
  /** Interfaces to capture on. */
  readonly interfaces: readonly string[];
  /** Bytes kept per interface and span of time. @default {4194304} */
  readonly maxBytes?: number | undefined;
}

const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Keeps the packets of the time before something happens: those since the last
 * call of {@linkcode CaptureHistory.advance} and those of the span before it.
 */
export class CaptureHistory implements AsyncDisposable {
  readonly #capture: LiveCapture;
  #before: readonly CapturedInterface[] = [];

  /**
   * @param options Interfaces and limits.
   * @throws {RangeError} When the limit is out of range.
   */
  constructor(options: CaptureHistoryOptions) {
    this.#capture = openPacketCapture({
      interfaces: options.interfaces,
      totalSizeLimit: options.maxBytes ?? DEFAULT_MAX_BYTES,
    });
  }

  /** Interfaces on which nothing is captured, with the reasons. */
  get problems(): LiveCapture["problems"] {
    return this.#capture.problems;
  }

  /** Begins a new span: what is older than the last one is forgotten. */
  advance(): void {
    this.#before = this.#capture.captures();
    this.#capture.clear();
  }

  /**
   * Gives the packets of both spans.
   *
   * @returns One capture per interface, in order of time.
   */
  async captures(): Promise<readonly CapturedInterface[]> {
    await this.#capture.settle();
    const now = this.#capture.captures();
    const names = new Set(
      [...this.#before, ...now].map(({ interfaceName }) => interfaceName),
    );
    return [...names].map((name) => {
      const parts = [...this.#before, ...now].filter(({ interfaceName }) =>
        interfaceName === name
      );
      return {
        ...parts.at(-1)!,
        packets: parts.flatMap(({ packets }) => packets),
        isTruncated: parts.some(({ isTruncated }) => isTruncated),
        droppedPackets: parts.reduce(
          (sum, { droppedPackets }) => sum + droppedPackets,
          0,
        ),
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#capture.close();
  }
}

/**
 * @param capture A capture.
 * @returns It as one pcap file.
 */
export function captureToBytes(
  capture: CapturedInterface,
): Uint8Array<ArrayBuffer> {
  const parts = [...encodeCapture(capture)];
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

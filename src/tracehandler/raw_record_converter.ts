import type { DecodeStats } from "../base/decode_stats.ts";
import { FRAME_TYPE } from "../profile/frame_type_table.ts";
import type {
  ConvertedFrame,
  FrameConverter,
  RawFrame,
} from "../profile/raw_trace.ts";
import type { TraceFrame } from "../profile/trace.ts";
import type { Mapping } from "../profile/types.ts";
import { KERNEL_MAPPING } from "./kernel_mapping.ts";

/**
 * Converts frames of raw records, with which neither files nor names come:
 * files are known by 64 bits of their id, and everything else by numbers.
 */
export class RawRecordConverter implements FrameConverter {
  readonly generation: number = 0;
  readonly #stats: DecodeStats | undefined;
  readonly #mappings = new Map<bigint, Mapping>();

  /** @param stats Counts frames of unknown types. */
  constructor(stats?: DecodeStats) {
    this.#stats = stats;
  }

  convertFrame(frame: RawFrame): ConvertedFrame {
    const { type, isReturnAddress, data, words } = frame;
    if (type > FRAME_TYPE.luajit) {
      this.#stats?.count("raw_unknown_frame_type", "notice", {
        detail: `type ${type}`,
      });
    }
    const [file, wide] = words;
    const address = wide !== undefined && data === 0 ? wide : BigInt(data);
    const back = isReturnAddress && address > 0n ? 1n : 0n;
    return {
      frames: [frameOf(type, address - back, this.#mappingOf(file))],
      isCacheable: true,
    };
  }

  convertKernelAddress(address: bigint): ConvertedFrame {
    return {
      frames: [frameOf(FRAME_TYPE.kernel, address - 1n, KERNEL_MAPPING)],
      isCacheable: true,
    };
  }

  #mappingOf(file: bigint | undefined): Mapping | undefined {
    if (file === undefined || file === 0n) return undefined;
    let mapping = this.#mappings.get(file);
    if (mapping === undefined) {
      mapping = {
        start: 0n,
        end: 0n,
        fileOffset: 0n,
        fileName: file.toString(16).padStart(16, "0"),
        buildId: "",
      };
      this.#mappings.set(file, mapping);
    }
    return mapping;
  }
}

function frameOf(
  type: number,
  address: bigint,
  mapping: Mapping | undefined,
): TraceFrame {
  return {
    type,
    functionName: "",
    functionOffset: 0,
    sourceFile: "",
    sourceLine: 0,
    sourceColumn: 0,
    address: BigInt.asUintN(64, address),
    mapping,
  };
}

import { placeName } from "./_place_name.ts";
import { formatFrameType } from "./frame_type_table.ts";
import type { TraceFrame } from "./trace.ts";

/**
 * Names a frame of a trace for people, as `frameName` does for one of a profile.
 *
 * @param frame The frame.
 * @returns The function's name, else file and offset, else the address.
 */
export function traceFrameName(frame: TraceFrame): string {
  return frame.functionName ||
    placeName(frame.mapping, frame.address, formatFrameType(frame.type));
}

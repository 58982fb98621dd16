import { resolveLimits } from "../../base/limits.ts";
import { collectBytes } from "../../container/collect_bytes.ts";
import { parseFrameType } from "../../profile/frame_type_table.ts";
import {
  type Coredump,
  decodeCoredumpJson,
} from "../../tracehandler/coredump_json_decoder.ts";
import { profileOfCoredump } from "../../tracehandler/profile_of_coredump.ts";
import { profileEvents } from "../profile_events.ts";
import { describeProfile } from "../profile_format.ts";
import type { Format, FormatInput } from "../types.ts";

/** Reads core dump tests of the profiler. */
export const coredumpJsonFormat: Format = {
  async info(input) {
    const coredump = await read(input);
    return {
      version: undefined,
      writer: undefined,
      startTime: undefined,
      endTime: undefined,
      sections: [
        {
          type: "facts",
          key: "coredump",
          title: "Core dump",
          facts: [
            {
              key: "reference",
              title: "reference",
              value: coredump.reference,
            },
            {
              key: "modules",
              title: "modules",
              unit: "count",
              value: coredump.modules.length,
            },
          ],
        },
        ...describeProfile(profileOfCoredump(coredump)),
      ],
      next: ["report FILE", "convert FILE --to folded"],
    };
  },
  async *events(input, options) {
    const profile = profileOfCoredump(await read(input));
    yield* profileEvents(profile, {
      provider: "coredump",
      stacks: options["stacks"] === true,
    });
  },
  async profile(input, options) {
    return profileOfCoredump(await read(input), {
      runtime: parseFrameType(String(options["runtime"] ?? "unknown")),
    });
  },
};

async function read(input: FormatInput): Promise<Coredump> {
  const bytes = await collectBytes(input.open(), {
    maxBytes: resolveLimits(input.limits).maxRecordBytes,
    what: "core dump JSON",
    signal: input.signal,
  });
  return decodeCoredumpJson(new TextDecoder().decode(bytes));
}

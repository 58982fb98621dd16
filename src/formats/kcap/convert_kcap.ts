import type { KcapFilter } from "../../kcap/filter/compile_filter.ts";
import type { KcapReader } from "../../kcap/kcap_reader.ts";
import { rewriteKcap } from "../../kcap/rewrite_kcap.ts";
import type { KcapEvent } from "../../kcap/types.ts";
import type { ByteStream, ConvertRequest, FormatInput } from "../types.ts";
import { toTimelineEvent } from "./to_timeline_event.ts";

/** What {@linkcode convertKcap} is given by the format. */
export interface ConvertKcapOptions {
  /** Opens an input so that it delivers everything. */
  readonly open: (input: FormatInput) => Promise<KcapReader>;
  /** Which events are wanted; all without. */
  readonly filter: KcapFilter | undefined;
}

/**
 * Rewrites captures as one: in the newest layout, filtered, merged by time.
 *
 * @param request Inputs, options, selection.
 * @param options How inputs are opened, and the filter.
 * @returns Bytes of the capture.
 */
export async function* convertKcap(
  request: ConvertRequest,
  options: ConvertKcapOptions,
): ByteStream {
  const { inputs, stats, signal, selection } = request;
  const { open, filter } = options;
  await using stack = new AsyncDisposableStack();
  const readers: KcapReader[] = [];
  const hosts = new Set<string>();
  for (const input of inputs) readers.push(stack.use(await open(input)));

  const isSelected = selection?.events;
  let startNs: bigint | undefined;
  const tests: ((event: KcapEvent) => boolean)[] = [];
  if (filter !== undefined) tests.push(filter.test);
  if (isSelected !== undefined) {
    tests.push((event) => {
      startNs ??= event.timeNs;
      return isSelected(toTimelineEvent(event, { startNs, withStacks: false }));
    });
  }
  yield* rewriteKcap(readers, {
    filter: (event) => {
      if (hosts.size < 2) hosts.add(event.host);
      return tests.every((test) => test(event));
    },
    keepState: request.options["state"] !== false,
    dropEnvs: request.options["drop-envs"] === true,
    dialect: request.options["capture-version"] === "2.2" ? "D" : "E",
    onError: (error) =>
      stats.count("kcap_event_unwritable", "data_loss", {
        detail: error.message,
      }),
    onEnd: ({ events, bytes, processes, handles, clipped }) => {
      stats.count("kcap_written", "info", {
        detail:
          `${events} events, ${bytes} bytes of events, ${processes} processes, ${handles} handles`,
      });
      if (clipped > 0) {
        stats.count("kcap_text_clipped", "data_loss", { amount: clipped });
      }
    },
    signal,
  });
  if (hosts.size > 1) {
    stats.count("kcap_hosts_merged", "notice", {
      detail: "process ids of several machines are in one capture",
    });
  }
}

import { LimitError } from "../base/errors.ts";
import { DEFAULT_LIMITS } from "../base/limits.ts";
import { PROVIDERS } from "./event_type_table.ts";
import type { KcapEventTest, KcapReader } from "./kcap_reader.ts";
import { mergeByTime } from "./merge_by_time.ts";
import type { KcapEvent, KcapFault, KcapHandle } from "./types.ts";
import { writeKcap, type WriteKcapOptions } from "./write_kcap.ts";

/** How {@linkcode rewriteKcap} rewrites. */
export interface RewriteKcapOptions extends Omit<WriteKcapOptions, "handles"> {
  /** Which events to keep; all by default. */
  readonly filter?: KcapEventTest | undefined;
  /**
   * Whether what the state of processes needs is kept too: state-only events,
   * creation and end of processes, threads and modules, and the handle
   * snapshot. Without it the same filter finds less in the copy.
   *
   * @default {true}
   */
  readonly keepState?: boolean | undefined;
  /** Whether environments are left out. @default {false} */
  readonly dropEnvs?: boolean | undefined;
  /** Gets the faults of the inputs. */
  readonly onFault?: ((fault: KcapFault, input: number) => void) | undefined;
}

/** Hook ids of life-cycle events by provider. */
const LIFE_CYCLE: Readonly<Record<string, readonly number[]>> = {
  [PROVIDERS.process]: [1, 2],
  [PROVIDERS.thread]: [1, 2],
  [PROVIDERS.module]: [2, 10],
};

/**
 * Rewrites captures as one in today's dialect: filtered, merged by time.
 * Names are written as they were stored.
 *
 * @param readers Open captures that deliver everything: without a filter, and
 * with `includeState`.
 * @param options What to keep and how to write.
 * @returns Bytes of the file.
 * @throws {LimitError} When there are more handles than a reader takes; without `keepState` there are none.
 */
export async function* rewriteKcap(
  readers: readonly KcapReader[],
  options: RewriteKcapOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const { keepState = true } = options;
  const handles = keepState ? await mergeHandles(readers) : [];
  // The filter is asked before the next event changes the state it looks at.
  const sources = readers.map((reader, index) =>
    wantedEvents(reader, index, options)
  );
  const events = sources.length === 1 ? sources[0]! : mergeByTime(sources);
  yield* writeKcap(events, { ...options, handles });
}

async function* wantedEvents(
  reader: KcapReader,
  input: number,
  options: RewriteKcapOptions,
): AsyncGenerator<KcapEvent, void, undefined> {
  const { filter, keepState = true, dropEnvs = false, onFault } = options;
  for await (const item of reader.read()) {
    if (item.type === "fault") {
      onFault?.(item, input);
      continue;
    }
    const isState = item.eventType.known?.isState === true;
    const isWanted = (keepState && (isState || isLifeCycle(item))) ||
      (!isState && (filter === undefined || filter(item)));
    if (!isWanted) continue;
    yield dropEnvs && item.embedded !== undefined
      ? { ...item, embedded: { ...item.embedded, envs: [] } }
      : item;
  }
}

function isLifeCycle({ eventType }: KcapEvent): boolean {
  return LIFE_CYCLE[eventType.guid]?.includes(eventType.hookId) === true;
}

/** Captures of one machine share most of their handles, which are written once. */
async function mergeHandles(
  readers: readonly KcapReader[],
): Promise<KcapHandle[]> {
  const merged: KcapHandle[] = [];
  const known = new Set<string>();
  for (const reader of readers) {
    await reader.recoverSnapshotters();
    const own: string[] = [];
    for (const handle of reader.handles) {
      const { id, object, pid, kind, name } = handle;
      const key = `${pid} ${id} ${object} ${kind} ${name}`;
      if (known.has(key)) continue;
      own.push(key);
      merged.push(handle);
    }
    // What one capture holds twice stays as it is.
    for (const key of own) known.add(key);
  }
  const { maxTableEntries } = DEFAULT_LIMITS;
  if (merged.length > maxTableEntries) {
    throw new LimitError(
      `Cannot merge captures: they have ${merged.length} handles, more than the ${maxTableEntries} that a capture may hold; leave the state of processes out, or merge fewer`,
      { limit: "maxTableEntries", value: merged.length, offset: 0 },
    );
  }
  return merged;
}

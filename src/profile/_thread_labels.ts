import type { Label, ProfileThread } from "./types.ts";

// Keys under which profilers write who was sampled; the first is ours.
const TID_KEYS = ["tid", "thread_id", "thread.id", "thread id"] as const;
const NAME_KEYS = [
  "thread",
  "thread_name",
  "thread.name",
  "thread name",
] as const;
const PID_KEYS = ["pid", "process_id", "process.pid"] as const;
const PROCESS_KEYS = [
  "process",
  "process_name",
  "process.executable.name",
] as const;

/** Under which keys pprof labels name the thread of a sample. */
export interface ThreadLabelKeys {
  /** Number of the thread. */
  readonly tid: string;
  /** Name of the thread. */
  readonly name: string;
  /** Number of the process. */
  readonly pid: string;
  /** Name of the process. */
  readonly process: string;
}

/** Keys where the caller gives none. */
export const DEFAULT_THREAD_LABEL_KEYS: ThreadLabelKeys = {
  tid: TID_KEYS[0],
  name: NAME_KEYS[0],
  pid: PID_KEYS[0],
  process: PROCESS_KEYS[0],
};

/**
 * @param labels Labels of a sample.
 * @returns The thread that they name, or `undefined`.
 */
export function threadOfLabels(
  labels: readonly Label[],
): Partial<ProfileThread> | undefined {
  const tid = numberUnder(labels, TID_KEYS) ??
    numberUnder(labels, NAME_KEYS.slice(0, 1));
  const name = textUnder(labels, NAME_KEYS);
  const pid = numberUnder(labels, PID_KEYS);
  const processName = textUnder(labels, PROCESS_KEYS);
  if (tid === undefined && !name && pid === undefined && !processName) {
    return undefined;
  }
  return { tid, name: name ?? "", pid, processName: processName ?? "" };
}

/**
 * @param labels Labels of a sample.
 * @param thread Its thread.
 * @param keys Under which keys to name the thread.
 * @returns All labels in order of their keys; what the labels say already is not said twice.
 */
export function withThreadLabels(
  labels: readonly Label[],
  thread: ProfileThread | undefined,
  keys: ThreadLabelKeys,
): readonly Label[] {
  if (thread === undefined) return labels;
  const added: Label[] = [];
  const add = (
    key: string,
    known: readonly string[],
    value: string | number | undefined,
  ) => {
    if (value === undefined || value === "") return;
    const said = labels.some((label) =>
      label.key === key || known.includes(label.key)
    );
    if (!said) added.push({ key, value, unit: "" });
  };
  add(keys.tid, TID_KEYS, thread.tid);
  add(keys.name, NAME_KEYS, thread.name);
  add(keys.pid, PID_KEYS, thread.pid);
  add(keys.process, PROCESS_KEYS, thread.processName);
  if (added.length === 0) return labels;
  return [...labels, ...added].toSorted((a, b) =>
    a.key < b.key ? -1 : a.key > b.key ? 1 : 0
  );
}

/** A number, or text that is one: some profilers write all labels as text. */
function numberUnder(
  labels: readonly Label[],
  keys: readonly string[],
): number | undefined {
  for (const { key, value } of labels) {
    if (!keys.includes(key)) continue;
    if (typeof value === "string" && !/^\d{1,15}$/.test(value)) continue;
    const number = Number(value);
    if (Number.isSafeInteger(number) && number >= 0) return number;
  }
  return undefined;
}

function textUnder(
  labels: readonly Label[],
  keys: readonly string[],
): string | undefined {
  for (const { key, value } of labels) {
    if (typeof value === "string" && keys.includes(key)) return value;
  }
  return undefined;
}

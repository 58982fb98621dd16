/** Longest topic. */
const MAX_TOPIC_LENGTH = 64;
/** Longest name of a request. */
const MAX_REQUEST_LENGTH = 100;

const TOPIC_REGEXP = /^[a-z0-9]+([._-][a-z0-9]+)*$/;
const REQUEST_REGEXP = /^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$/;
const STAMP_REGEXP = /\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}$/;
const NAME_REGEXP =
  /^(.+)-(\d{4})-(\d{2})-(\d{2})T(\d{2})-(\d{2})-(\d{2})(\.tgz)?$/s;

/** What the name of a dump says. */
export interface DumpName {
  /** Name of the series. */
  readonly topic: string;
  /** When publication began, in whole seconds. */
  readonly time: Date;
}

/**
 * Makes the name of a dump, which is also its top folder.
 *
 * @param topic Name of the series.
 * @param time When publication began; fractions of a second are cut.
 * @returns For example `nim-fail-2026-11-20T23-34-32`, in UTC; names of one
 * topic sort by time.
 *
 * @example Naming a dump and reading the name
 * ```ts
 * import { formatDumpName, parseDumpName } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const time = new Date("2026-11-20T23:34:32.9Z");
 * const name = formatDumpName("nim-fail", time);
 * assertEquals(name, "nim-fail-2026-11-20T23-34-32");
 * assertEquals(parseDumpName(`${name}.tgz`)?.topic, "nim-fail");
 * ```
 */
export function formatDumpName(topic: string, time: Date): string {
  return `${topic}-${time.toISOString().slice(0, 19).replaceAll(":", "-")}`;
}

/**
 * Reads the name of a dump.
 *
 * @param name With or without `.tgz`.
 * @returns Topic and time, or `undefined` when it is not such a name; a topic
 * that our own rules forbid is accepted.
 */
export function parseDumpName(name: string): DumpName | undefined {
  const match = NAME_REGEXP.exec(name);
  if (match === null) return undefined;
  const [, topic, year, month, day, hour, minute, second] = match;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = new Date(`${text}Z`);
  // Refuses the 31st of February, which Date moves into March.
  if (Number.isNaN(time.getTime())) return undefined;
  if (time.toISOString().slice(0, 19) !== text) return undefined;
  return { topic: topic!, time };
}

/**
 * Checks the name of a series.
 *
 * @param topic 1 to 64 lower-case letters and digits, with single dots,
 * underscores and hyphens between them.
 * @throws {TypeError} When it is something else, or ends in a time stamp.
 */
export function checkTopic(topic: string): void {
  const state = topic.length > MAX_TOPIC_LENGTH
    ? `it has ${topic.length} characters, ${MAX_TOPIC_LENGTH} are the most`
    : !TOPIC_REGEXP.test(topic)
    ? "expected lower-case letters and digits, with single . _ - between them"
    : STAMP_REGEXP.test(topic)
    ? "it ends in a time stamp"
    : undefined;
  if (state === undefined) return;
  throw new TypeError(`Cannot use topic "${topic}": ${state}`);
}

/**
 * Checks the name of a request, which names a folder.
 *
 * @param name 1 to 100 letters and digits, with single dots, underscores and
 * hyphens between them.
 * @throws {TypeError} When it is something else.
 */
export function checkRequestName(name: string): void {
  const state = name.length > MAX_REQUEST_LENGTH
    ? `it has ${name.length} characters, ${MAX_REQUEST_LENGTH} are the most`
    : !REQUEST_REGEXP.test(name)
    ? "expected letters and digits, with single . _ - between them"
    : undefined;
  if (state === undefined) return;
  throw new TypeError(`Cannot use request name "${name}": ${state}`);
}

/**
 * Makes names different: the second `a` becomes `a-2`, the third `a-3`.
 *
 * @param names Names in order.
 * @returns As many names, no two of them equal.
 */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const given = new Set<string>();
  return names.map((name) => {
    let distinct = name;
    for (let count = 2; given.has(distinct); count++) {
      const next = `${name}-${count}`;
      // A name that stands for itself elsewhere is not taken away from it.
      if (!taken.has(next)) distinct = next;
    }
    given.add(distinct);
    return distinct;
  });
}

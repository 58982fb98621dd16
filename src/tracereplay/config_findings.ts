import { nearestWord } from "../base/nearest.ts";
import type { Architecture } from "./types.ts";

/**
 * How bad a finding is: an `error` makes gVisor refuse the session or trace
 * nothing, a `warning` makes it skip or ignore a part, a `hint` is good to know.
 */
export type ConfigSeverity = "error" | "warning" | "hint";

/** One finding about a session configuration. */
export interface ConfigFinding {
  /** How bad it is. */
  readonly severity: ConfigSeverity;
  /** Place in the configuration: `$.trace_session.points[3].name`. */
  readonly path: string;
  /** What was found. */
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion: string | undefined;
  /** The architectures for which it holds; absent when for all that were checked. */
  readonly architectures: readonly Architecture[] | undefined;
}

/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Collects findings, and takes a configuration apart by the rules of gVisor's
 * strict decoder.
 */
export class ConfigFindings {
  readonly #findings: ConfigFinding[] = [];
  readonly #architectures: readonly Architecture[];

  /** @param architectures Those that are checked. */
  constructor(architectures: readonly Architecture[]) {
    this.#architectures = architectures;
  }

  /** The architectures that are checked. */
  get architectures(): readonly Architecture[] {
    return this.#architectures;
  }

  /** All findings so far. */
  get list(): readonly ConfigFinding[] {
    return this.#findings;
  }

  /**
   * Adds a finding.
   *
   * @param severity How bad it is.
   * @param path Its place.
   * @param message What was found.
   * @param suggestion What was probably meant.
   * @param architectures For which it holds, when not for all.
   */
  add(
    severity: ConfigSeverity,
    path: string,
    message: string,
    suggestion?: string,
    architectures?: readonly Architecture[],
  ): void {
    const isForAll = architectures === undefined ||
      architectures.length === this.#architectures.length;
    this.#findings.push({
      severity,
      path,
      message,
      suggestion,
      architectures: isForAll ? undefined : architectures,
    });
  }

  /**
   * Adds the error of a value of the wrong type.
   *
   * @param path Its place.
   * @param value The value.
   * @param expected What it should be: `a string`.
   */
  wrongType(path: string, value: unknown, expected: string): void {
    this.add(
      "error",
      path,
      value === undefined
        ? `value is missing, expected ${expected}`
        : `value is ${kindOf(value)}, expected ${expected}`,
    );
  }

  /**
   * Decodes an object strictly: keys match without regard to case, unknown ones
   * are errors, null is as good as absent.
   *
   * @param object The object.
   * @param path Its place.
   * @param keys The keys that are known.
   * @returns Values by known key.
   */
  fields(
    object: JsonObject,
    path: string,
    keys: readonly string[],
  ): ReadonlyMap<string, unknown> {
    const fields = new Map<string, unknown>();
    for (const [key, value] of Object.entries(object)) {
      const known = keys.find((name) =>
        name.toLowerCase() === key.toLowerCase()
      );
      if (known === undefined) {
        this.add(
          "error",
          `${path}.${key}`,
          `unknown field "${key}"`,
          didYouMean(key, keys),
        );
      } else if (value !== null) fields.set(known, value);
    }
    return fields;
  }

  /**
   * Takes a value as a boolean.
   *
   * @param value The value, absent for false.
   * @param path Its place.
   * @returns The boolean, false when it is none.
   */
  boolean(value: unknown, path: string): boolean {
    if (value !== undefined && typeof value !== "boolean") {
      this.wrongType(path, value, "a boolean");
    }
    return value === true;
  }

  /**
   * Takes a value as an array.
   *
   * @param value The value, absent for an empty array.
   * @param path Its place.
   * @returns The elements, none when it is no array.
   */
  elements(value: unknown, path: string): readonly unknown[] {
    if (Array.isArray(value)) return value;
    if (value !== undefined) this.wrongType(path, value, "an array");
    return [];
  }

  /**
   * Takes a value as an array of strings.
   *
   * @param value The value, absent for an empty array.
   * @param path Its place.
   * @returns The elements that are strings.
   */
  strings(value: unknown, path: string): readonly string[] {
    return this.elements(value, path).filter((element, index) => {
      if (typeof element === "string") return true;
      this.wrongType(`${path}[${index}]`, element, "a string");
      return false;
    }) as string[];
  }
}

/**
 * Tells objects from everything else that JSON can hold.
 *
 * @param value Any value.
 * @returns True for objects.
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Suggests the name that was probably meant.
 *
 * @param word What is there.
 * @param candidates What exists.
 * @returns A question, `undefined` when nothing is near.
 */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
): string | undefined {
  const near = nearestWord(word, candidates);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

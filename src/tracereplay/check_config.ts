import { ARCHITECTURES } from "./architecture.ts";
import { checkPoints } from "./_check_points.ts";
import { checkSinks } from "./_check_sinks.ts";
import { ConfigFindings, didYouMean, isJsonObject } from "./config_findings.ts";
import type { ConfigFinding, JsonObject } from "./config_findings.ts";
import type { Architecture } from "./types.ts";

/** What {@linkcode checkConfig} found. */
export interface ConfigReport {
  /** Form of the configuration: of `--pod-init-config`, or of `runsc trace create`. */
  readonly form: "pod-init" | "session" | undefined;
  /** Number of points that are listed. */
  readonly points: number;
  /** Number of sinks that are listed. */
  readonly sinks: number;
  /** Findings in the order of the configuration. */
  readonly findings: readonly ConfigFinding[];
  /** Whether gVisor would create the session with all it asks for: no `error`. */
  readonly isValid: boolean;
}

/** How {@linkcode checkConfig} checks. */
export interface CheckConfigOptions {
  /** For which architectures. @default {both} */
  readonly architectures?: readonly Architecture[] | undefined;
  /** Weekly release of the `runsc` that is to run it, as a number: 20240101. */
  readonly release?: number | undefined;
}

const SESSION_KEYS = ["name", "ignore_missing", "points", "sinks", "options"];
const OPTION_KEYS = ["execve_hash_cache_capacity"];

/**
 * Checks a session configuration by gVisor's rules, without gVisor. There most
 * faults show only in a log, and the container runs untraced.
 *
 * @param text The configuration, JSON, with or without `trace_session` around it.
 * @param options Architectures and release.
 * @returns All findings, not only the first. Never throws.
 *
 * @example A field of another point
 * ```ts
 * import { checkConfig } from "../../src/tracereplay/check_config.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const { isValid, findings } = checkConfig(`{
 *   "name": "Default",
 *   "points": [{
 *     "name": "syscall/execve/enter",
 *     "optional_fields": ["binary_sha256"]
 *   }],
 *   "sinks": [{ "name": "null" }]
 * }`);
 * assertEquals(isValid, false);
 * assertEquals(findings[0]?.suggestion, "point sentry/execve has it");
 * ```
 */
export function checkConfig(
  text: string,
  options: CheckConfigOptions = {},
): ConfigReport {
  const { architectures = ARCHITECTURES, release } = options;
  const findings = new ConfigFindings(architectures);
  const session = findSession(text, findings);
  const counts = session === undefined
    ? { points: 0, sinks: 0 }
    : checkSession(findings, session.value, session.path, release);
  return {
    form: session?.form,
    ...counts,
    findings: findings.list,
    isValid: findings.list.every(({ severity }) => severity !== "error"),
  };
}

interface Session {
  readonly form: "pod-init" | "session";
  readonly value: JsonObject;
  readonly path: string;
}

function findSession(
  text: string,
  findings: ConfigFindings,
): Session | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    findings.add(
      "error",
      "$",
      `configuration is not JSON: ${
        error instanceof Error ? error.message : error
      }`,
    );
    return undefined;
  }
  if (!isJsonObject(value)) {
    findings.wrongType("$", value, "an object");
    return undefined;
  }
  const key = Object.keys(value).find((key) =>
    key.toLowerCase() === "trace_session"
  );
  if (key === undefined) return { form: "session", value, path: "$" };
  const path = `$.${key}`;
  const session = findings.fields(value, "$", ["trace_session"]).get(
    "trace_session",
  );
  if (isJsonObject(session)) return { form: "pod-init", value: session, path };
  findings.wrongType(path, session, "an object");
  return undefined;
}

function checkSession(
  findings: ConfigFindings,
  session: JsonObject,
  path: string,
  release: number | undefined,
): { points: number; sinks: number } {
  const fields = findings.fields(session, path, SESSION_KEYS);
  const name = fields.get("name") ?? "";
  if (typeof name !== "string") {
    findings.wrongType(`${path}.name`, name, "a string");
  } else if (name !== "Default") {
    findings.add(
      "error",
      `${path}.name`,
      `name is "${name}", only a single "Default" session is supported`,
    );
  }
  const ignoreMissing = findings.boolean(
    fields.get("ignore_missing"),
    `${path}.ignore_missing`,
  );
  const points = checkPoints(findings, fields.get("points"), `${path}.points`, {
    ignoreMissing,
    release,
  });
  const sinks = checkSinks(findings, fields.get("sinks"), `${path}.sinks`);
  checkOptions(findings, fields.get("options") ?? {}, `${path}.options`);
  return { points, sinks };
}

function checkOptions(
  findings: ConfigFindings,
  options: unknown,
  path: string,
): void {
  if (!isJsonObject(options)) {
    findings.wrongType(path, options, "an object");
    return;
  }
  for (const [key, value] of Object.entries(options)) {
    if (!OPTION_KEYS.includes(key)) {
      findings.add(
        "warning",
        `${path}.${key}`,
        `option "${key}" is unknown`,
        didYouMean(key, OPTION_KEYS),
      );
    } else if (!Number.isInteger(value) || (value as number) < 0) {
      findings.add(
        "error",
        `${path}.${key}`,
        `value is ${JSON.stringify(value)}, expected an integer from 0`,
      );
    }
  }
}

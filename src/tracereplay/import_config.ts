import { isJsonObject } from "./config_findings.ts";
import type { JsonObject } from "./config_findings.ts";
import { makeSink } from "./generate_config.ts";
import type { GenerateConfigOptions } from "./generate_config.ts";

/** What {@linkcode importConfig} changes. */
export type ImportConfigOptions = Pick<
  GenerateConfigOptions,
  | "endpoint"
  | "retries"
  | "backoff"
  | "backoffMax"
  | "ignoreMissing"
  | "ignoreSetupError"
  | "form"
>;

/**
 * Makes a session of one that exists, such as the one Falco generates: its
 * points and options stay, its sinks stay too unless an endpoint is given.
 *
 * @param text The configuration, JSON, with or without `trace_session` around it.
 * @param options What to change.
 * @returns A JSON object.
 * @throws {SyntaxError} When it is not a JSON object.
 *
 * @example Another socket
 * ```ts
 * import { importConfig } from "../../src/tracereplay/import_config.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const config = importConfig(
 *   '{"trace_session":{"name":"Default","points":[{"name":"container/start"}]}}',
 *   { endpoint: "/run/events.sock", form: "session" },
 * );
 * assertEquals(config["sinks"], [
 *   { name: "remote", config: { endpoint: "/run/events.sock" } },
 * ]);
 * ```
 */
export function importConfig(
  text: string,
  options: ImportConfigOptions,
): Record<string, unknown> {
  const { ignoreMissing, form = "pod-init", endpoint } = options;
  const outer = parseObject(text);
  const inner = valueOf(outer, "trace_session") ?? outer;
  if (!isJsonObject(inner)) throw notASession("trace_session is no object");
  const session: Record<string, unknown> = {
    name: "Default",
    "ignore_missing": ignoreMissing ??
      valueOf(inner, "ignore_missing") ?? false,
    points: valueOf(inner, "points") ?? [],
    sinks: endpoint === undefined
      ? valueOf(inner, "sinks") ?? []
      : [makeSink(options)],
  };
  const sessionOptions = valueOf(inner, "options");
  if (sessionOptions !== undefined) session["options"] = sessionOptions;
  return form === "session" ? session : { "trace_session": session };
}

function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notASession(error instanceof Error ? error.message : String(error));
  }
  if (!isJsonObject(value)) throw notASession("it is not a JSON object");
  return value;
}

/** Keys match without regard to case, as in gVisor. */
function valueOf(object: JsonObject, name: string): unknown {
  const key = Object.keys(object).find((key) => key.toLowerCase() === name);
  return key === undefined ? undefined : object[key];
}

function notASession(state: string): SyntaxError {
  return new SyntaxError(`Cannot import configuration: ${state}`);
}

import { didYouMean, isJsonObject } from "./config_findings.ts";
import type { ConfigFindings, JsonObject } from "./config_findings.ts";
import { parseRemoteSinkConfig, REMOTE_SINK_KEYS } from "./sink_config.ts";

const SINK_KEYS = ["name", "config", "ignore_setup_error"];
const SINKS = ["remote", "null"];
const MAX_ENDPOINT_BYTES = 107;

/**
 * Checks the sinks of a session.
 *
 * @param findings Where findings go.
 * @param value The value of `sinks`.
 * @param path Its place.
 * @returns How many sinks are listed.
 */
export function checkSinks(
  findings: ConfigFindings,
  value: unknown,
  path: string,
): number {
  const sinks = findings.elements(value, path);
  if (sinks.length === 0) {
    findings.add("warning", path, "no sinks are listed, events go nowhere");
  }
  for (const [index, sink] of sinks.entries()) {
    checkSink(findings, sink, `${path}[${index}]`);
  }
  return sinks.length;
}

function checkSink(
  findings: ConfigFindings,
  sink: unknown,
  path: string,
): void {
  if (!isJsonObject(sink)) {
    findings.wrongType(path, sink, "an object");
    return;
  }
  const fields = findings.fields(sink, path, SINK_KEYS);
  const name = fields.get("name");
  if (typeof name !== "string") {
    findings.wrongType(`${path}.name`, name, "a string");
    return;
  }
  if (!SINKS.includes(name)) {
    findings.add(
      "error",
      `${path}.name`,
      `sink "${name}" not found, there are ${SINKS.join(", ")}`,
      didYouMean(name, SINKS),
    );
  }
  const ignoresErrors = findings.boolean(
    fields.get("ignore_setup_error"),
    `${path}.ignore_setup_error`,
  );
  if (ignoresErrors && name === "remote") {
    findings.add(
      "hint",
      `${path}.ignore_setup_error`,
      "when nobody listens at the endpoint, the container runs untraced",
    );
  }
  const config = fields.get("config") ?? {};
  if (!isJsonObject(config)) {
    findings.wrongType(`${path}.config`, config, "an object");
  } else if (name === "remote") {
    checkRemoteSink(findings, config, `${path}.config`);
  }
}

function checkRemoteSink(
  findings: ConfigFindings,
  config: JsonObject,
  path: string,
): void {
  const parsed = parseRemoteSinkConfig(config);
  for (const { key, message } of parsed.faults) {
    findings.add("error", `${path}.${key}`, message);
  }
  for (const key of Object.keys(config)) {
    if (REMOTE_SINK_KEYS.includes(key)) continue;
    findings.add(
      "warning",
      `${path}.${key}`,
      `key "${key}" is ignored by the sink`,
      didYouMean(key, REMOTE_SINK_KEYS),
    );
  }
  const { endpoint } = parsed.config;
  const bytes = new TextEncoder().encode(endpoint).length;
  if (bytes > MAX_ENDPOINT_BYTES) {
    findings.add(
      "error",
      `${path}.endpoint`,
      `endpoint has ${bytes} bytes, a socket path at most ${MAX_ENDPOINT_BYTES}`,
    );
  }
  if (endpoint !== "" && !/^[/@]/.test(endpoint)) {
    findings.add(
      "warning",
      `${path}.endpoint`,
      `endpoint "${endpoint}" is a relative path, it depends on where runsc is started`,
    );
  }
}

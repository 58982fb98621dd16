import { request } from "node:http";
import type { ProbeResult } from "./types.ts";

const TIMEOUT_MS = 5000;
const NO_CONTENT = 204;

/**
 * Asks a URL that answers with status 204 and nothing else: whoever answers
 * otherwise is a portal in between.
 *
 * @param url URL of plain HTTP.
 * @param signal Ends the work.
 * @returns What came back, and how far its clock is off.
 */
export async function probePortal(
  url: string,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const started = performance.now();
  const answer = await ask(url, signal);
  const finish = (
    outcome: ProbeResult["outcome"],
    cause: string,
    details: ProbeResult["details"],
  ): ProbeResult => ({
    probe: "captive-portal",
    target: url,
    outcome,
    phase: "http",
    cause,
    hint: "",
    durationMs: Math.round(performance.now() - started),
    details,
  });
  if (typeof answer === "string") return finish("fail", answer, {});
  const details: Record<string, string | number> = { status: answer.status };
  if (answer.location !== undefined) details["location"] = answer.location;
  return answer.status === NO_CONTENT
    ? finish("ok", "", details)
    : finish("fail", "intercepted", details);
}

async function ask(
  url: string,
  signal: AbortSignal,
): Promise<
  string | { readonly status: number; readonly location: string | undefined }
> {
  const { promise, resolve } = Promise.withResolvers<
    Awaited<ReturnType<typeof ask>>
  >();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const asked = request(url, { signal: limit }, (response) => {
    response.resume();
    response.on("error", () => {});
    resolve({
      status: response.statusCode ?? 0,
      location: response.headers.location,
    });
  });
  asked.on("error", () => resolve(limit.aborted ? "timeout" : "unreachable"));
  asked.end();
  try {
    return await promise;
  } finally {
    asked.destroy();
  }
}

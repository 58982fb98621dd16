import {
  isLoopbackAddress,
  parseIpAddress,
  splitHostPort,
} from "../../../codec/ip_address.ts";
import { renderMetrics } from "../../../tracereplay/render_metrics.ts";
import type { MetricsSource } from "../../../tracereplay/render_metrics.ts";
import { UsageError } from "../../usage_error.ts";

/** What {@linkcode serveMetrics} serves. */
export interface ServeMetricsOptions extends MetricsSource {
  /** Whether other machines may connect. */
  readonly allowRemote: boolean;
}

/**
 * Serves counts over HTTP, in the text format of Prometheus.
 *
 * @param address `HOST:PORT`.
 * @param options The counts.
 * @returns The server; dispose it to stop.
 * @throws {UsageError} When the address makes no sense, or other machines reach it and may not.
 */
export function serveMetrics(
  address: string,
  options: ServeMetricsOptions,
): AsyncDisposable {
  const target = splitHostPort(address, -1);
  if (target === undefined || target.port < 0) {
    throw new UsageError(
      `Cannot serve metrics on "${address}": expected HOST:PORT`,
    );
  }
  const bytes = parseIpAddress(target.host);
  const isLocal = target.host === "localhost" ||
    (bytes !== undefined && isLoopbackAddress(bytes));
  if (!isLocal && !options.allowRemote) {
    throw new UsageError(
      `Cannot serve metrics on "${target.host}": other machines can connect`,
      "permit that with --allow-remote",
    );
  }
  return Deno.serve(
    { hostname: target.host, port: target.port, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname !== "/metrics") {
        return new Response("not found\n", { status: 404 });
      }
      return new Response(renderMetrics(options), {
        headers: { "content-type": "text/plain; version=0.0.4" },
      });
    },
  );
}

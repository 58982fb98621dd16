import type { OtlpEndpoint } from "./otlp_endpoint.ts";
import { OtlpGrpcClient } from "./otlp_grpc_client.ts";
import { OtlpHttpClient } from "./otlp_http_client.ts";
import type { OtlpTransport, OtlpTransportOptions } from "./otlp_transport.ts";

/**
 * Makes the transport that an endpoint asks for; it connects when it sends.
 *
 * @param endpoint Where to send to.
 * @param options Headers, packing, certificates.
 * @returns The transport.
 */
export function openOtlpTransport(
  endpoint: OtlpEndpoint,
  options: OtlpTransportOptions = {},
): OtlpTransport {
  return endpoint.protocol === "grpc"
    ? new OtlpGrpcClient(endpoint, options)
    : new OtlpHttpClient(endpoint, options);
}

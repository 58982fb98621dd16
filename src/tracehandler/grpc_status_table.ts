/** Names of gRPC status codes by number. */
export const GRPC_STATUS_NAMES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** Status codes that this program gives or looks for. */
export const GRPC_STATUS = {
  ok: 0,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Status codes after which an export may be tried again, whatever else is said. */
export const GRPC_RETRYABLE: ReadonlySet<number> = new Set([
  1,
  4,
  10,
  11,
  14,
  15,
]);

/** HTTP status codes after which an export may be tried again. */
export const HTTP_RETRYABLE: ReadonlySet<number> = new Set([
  429,
  502,
  503,
  504,
]);

import type { OtlpProfiles } from "../profile/otlp_types.ts";

/** What became of one attempt to send a message. */
export type ExportOutcome =
  | {
    readonly type: "sent";
    /** Profiles that the collector did not take. */
    readonly rejected: number;
    /** Its remark, empty where there is none. */
    readonly message: string;
  }
  | {
    readonly type: "retry";
    readonly reason: string;
    /** Milliseconds to wait, where the collector says so. */
    readonly delayMs: number | undefined;
  }
  | {
    /** Never to be tried again as it is. */
    readonly type: "refused";
    readonly reason: string;
    /** Whether the message is too large. */
    readonly isTooLarge: boolean;
  };

/** An export in the form in which it is sent. */
export interface OtlpMessage {
  /** Protobuf, or JSON text as UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Splits it in two, for collectors that find it too large; none where it cannot be split. */
  readonly split?: (() => readonly OtlpMessage[]) | undefined;
}

/** Sends messages to a collector. */
export interface OtlpTransport extends AsyncDisposable {
  /**
   * Makes the bytes that this transport sends.
   *
   * @param profiles The message.
   * @returns The bytes.
   */
  encode(profiles: OtlpProfiles): Uint8Array<ArrayBuffer>;
  /**
   * Tries once to send a message. Errors of the network and the collector are
   * outcomes.
   *
   * @param bytes What {@linkcode OtlpTransport.encode} made.
   * @param signal Ends the attempt; the promise is rejected with its reason.
   */
  send(
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal,
  ): Promise<ExportOutcome>;
}

/** How transports are set up. */
export interface OtlpTransportOptions {
  /** Headers of every request. @default {none} */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether messages are packed by gzip. @default {true} */
  readonly gzip?: boolean | undefined;
  /** Milliseconds that one attempt may take. @default {10000} */
  readonly timeoutMs?: number | undefined;
  /** Layout of samples. @default {"1.10"} */
  readonly layout?: "1.9" | "1.10" | undefined;
  /** Certificates to trust beside those of the system, in PEM. */
  readonly caCertificates?: readonly string[] | undefined;
  /** Own certificate, in PEM. */
  readonly clientCertificate?: string | undefined;
  /** Key of the own certificate, in PEM. */
  readonly clientKey?: string | undefined;
  /** Milliseconds since 1970, for dates of `Retry-After`. @default {the clock of the system} */
  readonly now?: (() => number) | undefined;
}

/** Milliseconds that one attempt may take where nothing else is said. */
export const DEFAULT_EXPORT_TIMEOUT_MS = 10_000;

/** Longest answer of a collector that is looked at. */
export const MAX_RESPONSE_BYTES = 4_194_304;

/** What is said where the collector does not know the service. */
export const NO_PROFILES_HINT =
  "collector has no profiles pipeline, or speaks another version of the protocol";

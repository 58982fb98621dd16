/** Contents of a request's body. */
export type RequestBody =
  | string
  | Uint8Array
  | AsyncIterable<Uint8Array>;

/** A request to make. */
export interface TracedRequestOptions {
  /** @default {"GET"} */
  readonly method?: string | undefined;
  /** Fields of the header; a list may repeat names. */
  readonly headers?:
    | Readonly<Record<string, string>>
    | readonly (readonly [string, string])[]
    | undefined;
  /** Body; one that can be read once only cannot be sent again after a redirect. */
  readonly body?: RequestBody | undefined;
  /** Whether redirects are followed. @default {true} */
  readonly followRedirects?: boolean | undefined;
  /** Bytes of the response's body after which the request fails. @default {Infinity} */
  readonly maxBodyBytes?: number | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A response whose body is still to be read, or given up with `cancel`. */
export interface TracedResponse {
  readonly status: number;
  /** URL that answered, after redirects. */
  readonly url: string;
  readonly protoMajor: number;
  readonly protoMinor: number;
  /** Names as sent, in order; repeated names repeat. */
  readonly header: readonly (readonly [string, string])[];
  /**
   * The body, decoded; can be read once. Ending the loop early gives it up.
   *
   * @throws {RequestError} When it breaks off.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads the body to its end without keeping it. @returns Its bytes. */
  drain(): Promise<number>;
  /** Gives the body up. */
  cancel(): void;
}

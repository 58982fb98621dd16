import { ChunkQueue } from "../../codec/chunk_queue.ts";
import { RequestError } from "./request_error.ts";

/** Status line and header of a response. */
export interface HttpResponseHead {
  readonly protoMajor: number;
  readonly protoMinor: number;
  readonly status: number;
  /** Words behind the status. */
  readonly reason: string;
  /** Names and values in order; repeated names repeat. */
  readonly header: readonly (readonly [string, string])[];
}

/** How a body ends. */
export type BodyFraming =
  | { readonly type: "none" }
  | { readonly type: "length"; readonly length: number }
  | { readonly type: "chunked" }
  | { readonly type: "close" };

const LF = 0x0a;
const CR = 0x0d;
/** Longest line of a header. */
const MAX_LINE_BYTES = 64 * 1024;
/** Longest line that tells the size of a chunk. */
const MAX_CHUNK_LINE_BYTES = 4096;
const SHOWN_LINE = 128;

/** How an {@linkcode Http1ResponseDecoder} decodes. */
export interface Http1ResponseDecoderOptions {
  /** Largest header in bytes. */
  readonly maxHeaderBytes: number;
  /** Method of the request, which decides whether there is a body. */
  readonly method: string;
}

/**
 * Takes a response of HTTP/1 apart as it comes in. Nothing is read ahead of
 * what is asked for, so that what follows the response stays where it is.
 */
export class Http1ResponseDecoder {
  readonly #options: Http1ResponseDecoderOptions;
  readonly #queue = new ChunkQueue();
  #headerBytes = 0;
  #statusLine: Omit<HttpResponseHead, "header"> | undefined;
  #header: [string, string][] = [];
  #framing: BodyFraming = { type: "none" };
  #left = 0;
  #chunkState: "size" | "data" | "end" | "trailer" = "size";
  #isDone = false;

  /** @param options Limits, and the method of the request. */
  constructor(options: Http1ResponseDecoderOptions) {
    this.#options = options;
  }

  /** How the body of the last head ends. */
  get framing(): BodyFraming {
    return this.#framing;
  }

  /** Whether the body is complete. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether anything came since the last head. */
  get hasBytes(): boolean {
    return this.#headerBytes > 0 || this.#queue.available > 0;
  }

  /** @param bytes What came in; must not change any more. */
  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** @returns What came behind the response. */
  rest(): Uint8Array {
    return this.#queue.take(this.#queue.available) ?? new Uint8Array(0);
  }

  /**
   * Reads on in the head.
   *
   * @returns The head when it is complete.
   * @throws {RequestError} When it is malformed or too large.
   */
  readHead(): HttpResponseHead | undefined {
    while (true) {
      const line = this.#line(MAX_LINE_BYTES);
      if (line === undefined) return undefined;
      if (this.#statusLine === undefined) {
        this.#statusLine = parseStatusLine(line);
        continue;
      }
      if (line === "") break;
      this.#addField(line);
    }
    const head = { ...this.#statusLine, header: this.#header };
    this.#statusLine = undefined;
    this.#header = [];
    this.#headerBytes = 0;
    this.#begin(head);
    return head;
  }

  /**
   * Reads on in the body.
   *
   * @returns Bytes of it, `undefined` when more must come first or the body is complete.
   * @throws {RequestError} When chunks are malformed.
   */
  readBody(): Uint8Array | undefined {
    switch (this.#framing.type) {
      case "none":
        this.#isDone = true;
        return undefined;
      case "close":
        return this.#takeSome(Infinity);
      case "length": {
        const bytes = this.#takeSome(this.#left);
        this.#left -= bytes?.length ?? 0;
        this.#isDone = this.#left === 0;
        return bytes;
      }
      case "chunked":
        return this.#readChunked();
    }
  }

  /**
   * Says that nothing more will come.
   *
   * @throws {RequestError} When the response is not complete.
   */
  end(): void {
    if (this.#framing.type === "close") {
      this.#isDone = true;
      return;
    }
    if (!this.#isDone) {
      throw new RequestError("unexpected EOF", { phase: "body" });
    }
  }

  #begin(head: HttpResponseHead): void {
    this.#isDone = false;
    this.#chunkState = "size";
    this.#framing = framingOf(head, this.#options.method);
    if (this.#framing.type === "length") this.#left = this.#framing.length;
    const isEmpty = this.#framing.type === "none" ||
      (this.#framing.type === "length" && this.#left === 0);
    if (isEmpty) this.#isDone = true;
  }

  #addField(line: string): void {
    if (line.startsWith(" ") || line.startsWith("\t")) {
      const last = this.#header.at(-1);
      if (last === undefined) throw malformedHeader(line);
      last[1] = `${last[1]} ${line.trim()}`;
      return;
    }
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) {
      throw malformedHeader(line);
    }
    this.#header.push([name, line.slice(colon + 1).trim()]);
  }

  #readChunked(): Uint8Array | undefined {
    while (true) {
      switch (this.#chunkState) {
        case "data": {
          const bytes = this.#takeSome(this.#left);
          if (bytes === undefined) return undefined;
          this.#left -= bytes.length;
          if (this.#left === 0) this.#chunkState = "end";
          return bytes;
        }
        case "end": {
          const line = this.#line(2);
          if (line === undefined) return undefined;
          if (line !== "") throw malformedChunk();
          this.#chunkState = "size";
          break;
        }
        case "size": {
          const line = this.#line(MAX_CHUNK_LINE_BYTES);
          if (line === undefined) return undefined;
          const digits = /^([0-9a-fA-F]{1,13})[ \t]*(;.*)?$/.exec(line)?.[1];
          if (digits === undefined) throw malformedChunk();
          this.#headerBytes = 0;
          this.#left = Number.parseInt(digits, 16);
          this.#chunkState = this.#left === 0 ? "trailer" : "data";
          break;
        }
        case "trailer": {
          const line = this.#line(MAX_LINE_BYTES);
          if (line === undefined) return undefined;
          if (line !== "") break;
          this.#isDone = true;
          return undefined;
        }
      }
    }
  }

  #takeSome(most: number): Uint8Array | undefined {
    const length = Math.min(most, this.#queue.available);
    return length === 0 ? undefined : this.#queue.take(length);
  }

  /** A line without its end; lines of a head and of trailers count toward its limit. */
  #line(maxBytes: number): string | undefined {
    const { available } = this.#queue;
    const bytes = this.#queue.peek(Math.min(available, maxBytes + 2));
    const end = bytes?.indexOf(LF) ?? -1;
    const isTooLong = end < 0 && available > maxBytes + 1;
    if (isTooLong || end > maxBytes + 1) {
      throw new RequestError(
        `net/http: HTTP/1.x transport connection broken: line exceeds ${maxBytes} bytes`,
        { phase: "response" },
      );
    }
    const { maxHeaderBytes } = this.#options;
    const used = this.#headerBytes + (end < 0 ? available : end + 1);
    if (used > maxHeaderBytes) {
      throw new RequestError(
        `net/http: server response headers exceeded ${maxHeaderBytes} bytes; aborted`,
        { phase: "response" },
      );
    }
    if (bytes === undefined || end < 0) return undefined;
    const hasCr = end > 0 && bytes[end - 1] === CR;
    const line = latin1(bytes.subarray(0, hasCr ? end - 1 : end));
    this.#queue.consume(end + 1);
    this.#headerBytes = used;
    return line;
  }
}

function framingOf(head: HttpResponseHead, method: string): BodyFraming {
  const { status } = head;
  const hasNone = method === "HEAD" || status === 204 || status === 304 ||
    status < 200;
  if (hasNone) return { type: "none" };
  const codings = valuesOf(head.header, "transfer-encoding");
  if (codings.length > 0) {
    if (codings.at(-1)!.toLowerCase() === "chunked") return { type: "chunked" };
    throw broken(`unsupported transfer encoding: "${codings.at(-1)}"`);
  }
  const lengths = new Set(valuesOf(head.header, "content-length"));
  const [length] = lengths;
  if (length === undefined) return { type: "close" };
  if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) {
    throw broken(`bad Content-Length "${[...lengths].join(", ")}"`);
  }
  return { type: "length", length: Number(length) };
}

/**
 * @param header A header.
 * @param name Name of a field in lower case.
 * @returns Its values, those in a list apart.
 */
export function valuesOf(
  header: readonly (readonly [string, string])[],
  name: string,
): string[] {
  return header.filter(([each]) => each.toLowerCase() === name)
    .flatMap(([, value]) => value.split(",").map((part) => part.trim()))
    .filter((value) => value !== "");
}

function parseStatusLine(line: string): Omit<HttpResponseHead, "header"> {
  const match = /^HTTP\/(\d)\.(\d) (\d{3})(?: (.*))?$/.exec(line);
  if (match === null) {
    throw broken(
      `malformed HTTP response ${JSON.stringify(line.slice(0, SHOWN_LINE))}`,
    );
  }
  return {
    protoMajor: Number(match[1]),
    protoMinor: Number(match[2]),
    status: Number(match[3]),
    reason: match[4] ?? "",
  };
}

function malformedHeader(line: string): RequestError {
  return broken(
    `malformed MIME header line: ${JSON.stringify(line.slice(0, SHOWN_LINE))}`,
  );
}

function malformedChunk(): RequestError {
  return new RequestError("malformed chunked encoding", { phase: "body" });
}

function broken(text: string): RequestError {
  return new RequestError(
    `net/http: HTTP/1.x transport connection broken: ${text}`,
    { phase: "response" },
  );
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

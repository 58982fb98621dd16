import type { IncomingResponse } from "./_http_connection.ts";
import { decodeLogin } from "./_proxy.ts";
import { RequestError } from "./request_error.ts";
import type { RequestBody, TracedRequestOptions } from "./traced_request.ts";

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([
  301,
  302,
  303,
  307,
  308,
]);
/** Fields that are not carried to another host. */
const SENSITIVE_FIELDS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "www-authenticate",
]);
const TOKEN_REGEXP = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// deno-lint-ignore no-control-regex
const VALUE_REGEXP = /^[^\u0000-\u0008\u000a-\u001f\u007f]*$/;

/** Names and values in order; repeated names repeat. */
export type RequestHeader = readonly (readonly [string, string])[];

/** One round trip that is to be made. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly header: RequestHeader;
  readonly body: RequestBody | undefined;
}

/**
 * Makes the first round trip of a request.
 *
 * @param target Where to.
 * @param options What the caller wants.
 * @returns The round trip.
 * @throws {TypeError} When URL, method or header are invalid.
 */
export function toHop(
  target: string | URL,
  options: TracedRequestOptions,
): Hop {
  const { method = "GET", body } = options;
  if (!TOKEN_REGEXP.test(method)) {
    throw new TypeError(`Cannot make request: method "${method}" is invalid`);
  }
  const url = URL.parse(String(target));
  if (url === null) {
    throw new TypeError(`Cannot make request: "${target}" is no URL`);
  }
  if (!isHttp(url)) {
    throw new TypeError(
      `Cannot make request: scheme of "${target}" is ${
        url.protocol.slice(0, -1)
      }, supported are http and https`,
    );
  }
  const fields = options.headers ?? [];
  const header: [string, string][] = [];
  const pairs = Array.isArray(fields)
    ? fields as RequestHeader
    : Object.entries(fields as Record<string, string>);
  for (const [name, value] of pairs) {
    if (!TOKEN_REGEXP.test(name) || !VALUE_REGEXP.test(value)) {
      throw new TypeError(
        `Cannot make request: header ${JSON.stringify(name)} is invalid`,
      );
    }
    header.push([name, value.trim()]);
  }
  return withLogin({ method, url: new URL(url), header, body });
}

/** User name and password of a URL become a field of the header. */
function withLogin(hop: Hop): Hop {
  const { url, header } = hop;
  if (url.username === "" && url.password === "") return hop;
  const login = `${decodeLogin(url.username)}:${decodeLogin(url.password)}`;
  const clean = new URL(url);
  clean.username = "";
  clean.password = "";
  const hasOwn = header.some(([name]) =>
    name.toLowerCase() === "authorization"
  );
  const value = `Basic ${new TextEncoder().encode(login).toBase64()}`;
  return {
    ...hop,
    url: clean,
    header: hasOwn ? header : [...header, ["Authorization", value]],
  };
}

/**
 * Finds where a response leads.
 *
 * @param hop The round trip.
 * @param response What came of it.
 * @returns The next round trip; `undefined` when the response is no redirect that can be followed.
 * @throws {RequestError} When its location is none.
 */
export function nextHop(hop: Hop, response: IncomingResponse): Hop | undefined {
  if (!REDIRECT_STATUSES.has(response.status)) return undefined;
  const location = response.header.find(([name]) =>
    name.toLowerCase() === "location"
  )?.[1];
  const keepsMethod = response.status === 307 || response.status === 308;
  if (location === undefined || location === "") return undefined;
  if (keepsMethod && !isRepeatable(hop.body)) return undefined;
  const url = URL.parse(location, hop.url);
  if (url === null) {
    throw new RequestError(
      `failed to parse Location header ${JSON.stringify(location)}`,
      { phase: "redirect" },
    );
  }
  const isSameHost = url.hostname === hop.url.hostname ||
    url.hostname.endsWith(`.${hop.url.hostname}`);
  const header = hop.header.filter(([name]) => {
    const key = name.toLowerCase();
    const isOfBody = key.startsWith("content-") || key === "expect";
    return key !== "referer" && key !== "host" &&
      (isSameHost || !SENSITIVE_FIELDS.has(key)) &&
      (keepsMethod || !isOfBody);
  });
  const isDowngrade = hop.url.protocol === "https:" && url.protocol === "http:";
  const method = keepsMethod || hop.method === "HEAD" ? hop.method : "GET";
  return withLogin({
    method,
    url,
    header: isDowngrade
      ? header
      : [...header, ["Referer", hop.url.href.replace(/#.*$/, "")]],
    body: keepsMethod ? hop.body : undefined,
  });
}

/** @param url A URL. @returns Whether it is one of HTTP. */
export function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}

/** @param body A body. @returns Whether it can be sent again. */
export function isRepeatable(body: RequestBody | undefined): boolean {
  return body === undefined || typeof body === "string" ||
    body instanceof Uint8Array;
}

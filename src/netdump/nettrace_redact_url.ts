/** What {@linkcode redactUrl} takes out. */
export interface RedactUrlOptions {
  /** Whether the query is taken out too. @default {false} */
  readonly query?: boolean | undefined;
}

const REDACTED = "REDACTED";

/**
 * Takes user name and password out of a URL, and its query on demand.
 *
 * @param url A URL; other text stays as it is, except for what looks like credentials.
 * @param options What more to take out.
 * @returns The URL with `REDACTED` in the place of what was taken out.
 */
export function redactUrl(url: string, options: RedactUrlOptions = {}): string {
  let redacted = url.replace(
    /^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i,
    `$1${REDACTED}@`,
  );
  if (options.query === true) {
    redacted = redacted.replace(/\?[^#]+/, `?${REDACTED}`);
  }
  return redacted;
}

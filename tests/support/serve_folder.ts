/** A folder that is served. */
export interface ServedFolder extends AsyncDisposable {
  /** Its address, with a slash at the end. */
  readonly url: string;
}

/** Without the right media type, Deno does not take a file for TypeScript. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json; charset=utf-8",
  ts: "application/typescript; charset=utf-8",
};

/**
 * Serves the files of a folder on loopback, as a web server for modules does.
 *
 * @param folder Its path.
 * @returns The served folder; the server stops when disposed.
 */
export function serveFolder(folder: string): ServedFolder {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      // The parser of URLs has taken out every "..".
      const path = decodeURIComponent(new URL(request.url).pathname);
      const extension = path.slice(path.lastIndexOf(".") + 1);
      try {
        return new Response(await Deno.readFile(`${folder}${path}`), {
          headers: {
            "content-type": MEDIA_TYPES[extension] ??
              "application/octet-stream",
          },
        });
      } catch {
        return new Response("not here", { status: 404 });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A module of a package: its path in `exports`, and its source. */
export type PackageModules = Readonly<Record<string, string>>;

/** A registry that runs. */
export interface JsrRegistry extends AsyncDisposable {
  /** Its address, for `JSR_URL`. */
  readonly url: string;
  /** The paths that were asked for. */
  readonly requests: readonly string[];
}

/**
 * Starts a registry of the shape of JSR on loopback: for each package a list
 * of versions, for the version a manifest with checksums, and its modules.
 *
 * @param packages Modules by package and version: `"@std/cli@1.0.0"`.
 * @returns The registry, which stops when disposed.
 */
export async function startJsrRegistry(
  packages: Readonly<Record<string, PackageModules>>,
): Promise<JsrRegistry> {
  const answers = new Map<string, Response>();
  for (const [id, modules] of Object.entries(packages)) {
    for (const [path, answer] of await describePackage(id, modules)) {
      answers.set(path, answer);
    }
  }
  const requests: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      const { pathname } = new URL(request.url);
      requests.push(pathname);
      return answers.get(pathname)?.clone() ??
        new Response("not here", { status: 404 });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function describePackage(
  id: string,
  modules: PackageModules,
): Promise<Map<string, Response>> {
  const at = id.lastIndexOf("@");
  const name = id.slice(0, at);
  const version = id.slice(at + 1);
  const exports: Record<string, string> = {};
  const manifest: Record<string, { size: number; checksum: string }> = {};
  const answers = new Map<string, Response>();
  for (const [subpath, source] of Object.entries(modules)) {
    const file = subpath === "." ? "/mod.ts" : `/${subpath.slice(2)}.ts`;
    const bytes = new TextEncoder().encode(source);
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    exports[subpath] = `.${file}`;
    manifest[file] = {
      size: bytes.length,
      checksum: `sha256-${new Uint8Array(digest).toHex()}`,
    };
    answers.set(
      `/${name}/${version}${file}`,
      new Response(bytes, { headers: { "content-type": "text/typescript" } }),
    );
  }
  const [scope = "", short = ""] = name.slice(1).split("/");
  answers.set(
    `/${name}/meta.json`,
    Response.json({
      scope,
      name: short,
      latest: version,
      versions: { [version]: {} },
    }),
  );
  answers.set(
    `/${name}/${version}_meta.json`,
    Response.json({ manifest, exports }),
  );
  return answers;
}

import { openLibc } from "../../src/platform/libc.ts";
import { SaveServer } from "../../src/tracereplay/save_server.ts";
import type {
  SavedClient,
  SaveServerOptions,
} from "../../src/tracereplay/save_server.ts";
import { temporaryFolder } from "./_peer.ts";

// Open for a whole file of tests: the resources of a test are counted.
if (Deno.build.os === "linux") openLibc();

/** A server that saves into a folder of its own. */
export interface TestServer extends AsyncDisposable {
  /** Where it listens. */
  readonly endpoint: string;
  /** Where it saves. */
  readonly out: string;
  /** The server. */
  readonly server: SaveServer;
  /** What it warned of. */
  readonly warnings: readonly string[];
  /** Clients that have ended, as they were then. */
  readonly closed: readonly SavedClient[];
  /** Waits until so many clients have ended. */
  untilClosed(count: number): Promise<void>;
}

/**
 * Starts a server in a folder of its own, which goes with it.
 *
 * @param options How to save.
 * @param endpoint Where to listen; a socket in the folder by default.
 * @returns The running server.
 */
export async function startSaveServer(
  options: SaveServerOptions = {},
  endpoint?: (folder: string) => string,
): Promise<TestServer> {
  const folder = await temporaryFolder();
  const path = endpoint?.(folder.path) ?? `${folder.path}/events.sock`;
  const out = `${folder.path}/out`;
  const warnings: string[] = [];
  const closed: SavedClient[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = new SaveServer(path, {
    outDir: out,
    ...options,
    onWarning: (text) => warnings.push(text),
    onClose(client) {
      closed.push(client);
      for (const { count, resolve } of waiting) {
        if (closed.length >= count) resolve();
      }
      options.onClose?.(client);
    },
  });
  await server.start();
  return {
    endpoint: server.endpoint,
    out,
    server,
    warnings,
    closed,
    untilClosed(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (closed.length >= count) resolve();
      else waiting.push({ count, resolve });
      return promise;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

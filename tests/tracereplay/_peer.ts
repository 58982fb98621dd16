import { cachedFolder } from "../support/cached_folder.ts";
import { fromFileUrl } from "../support/file_url.ts";
import { findPeer, requirePeers } from "../support/peers.ts";
import { requireThat } from "../support/requirement.ts";
import type { Requirement } from "../support/requirement.ts";
import { sha256Hex } from "../support/sha256.ts";

const SOURCE = fromFileUrl(new URL("seccheck_peer.c", import.meta.url));

/** What tests of the real socket type need. */
export const NEEDS_SOCKETS: readonly Requirement[] = [
  requireThat(
    Deno.build.os === "linux",
    "Unix sockets of type SOCK_SEQPACKET exist on Linux only",
  ),
];

/** What tests with the peer need. */
export const NEEDS_PEER: readonly Requirement[] = [
  ...NEEDS_SOCKETS,
  requirePeers("gcc|cc|clang"),
];

/** @returns Path of the compiled peer; compiled once per version of its source. */
export async function peerPath(): Promise<string> {
  const source = await Deno.readFile(SOURCE);
  const hash = (await sha256Hex(source)).slice(0, 16);
  const folder = await cachedFolder(`seccheck-peer-${hash}`, async (folder) => {
    const compiler = findPeer("gcc", "cc", "clang")!;
    const { success, stderr } = await new Deno.Command(compiler, {
      args: [
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        `${folder}/peer`,
        SOURCE,
      ],
      stdin: "null",
    }).output();
    if (!success) {
      throw new Error(
        `Cannot compile the peer: ${new TextDecoder().decode(stderr)}`,
      );
    }
  });
  return `${folder}/peer`;
}

/** What became of a run of the peer. */
export interface PeerResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the peer to its end.
 *
 * @param args Its arguments.
 * @returns Exit code and output.
 */
export async function runPeer(...args: string[]): Promise<PeerResult> {
  const { code, stdout, stderr } = await new Deno.Command(await peerPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** The peer as a server. */
export interface PeerServer {
  /** Waits for its end. */
  readonly result: Promise<PeerResult>;
}

/**
 * Starts the peer as a server, and waits until it listens.
 *
 * @param args Its arguments.
 * @returns The running server.
 */
export async function startPeerServer(...args: string[]): Promise<PeerServer> {
  const child = new Deno.Command(await peerPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  let stdout = "";
  while (!stdout.includes("listening\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    stdout += decoder.decode(value);
  }
  const rest = (async () => {
    while (true) {
      const { value, done } = await reader.read();
      if (done) return;
      stdout += decoder.decode(value);
    }
  })();
  const result = (async () => {
    const stderr = await new Response(child.stderr).text();
    await rest;
    const { code } = await child.status;
    return { code, stdout, stderr };
  })();
  return { result };
}

/**
 * Makes a folder that is removed at the end.
 *
 * @returns Its path.
 */
export async function temporaryFolder(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.makeTempDir({ prefix: "tracedeck-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

import { Profile } from "pprof-format";
import { findPeer } from "./peers.ts";

/** A pprof profile as another reader sees it, all references resolved. */
export interface PeerProfile {
  /** Type and unit of each value: `"cpu/nanoseconds"`. */
  readonly sampleTypes: readonly string[];
  /** The samples, in the order of the file. */
  readonly samples: readonly PeerSample[];
  /** Type and unit of the period, if there is one. */
  readonly periodType: string | undefined;
  /** The distance between two samples, in the unit of the period. */
  readonly period: bigint;
  /** When the profile begins, in nanoseconds since 1970. */
  readonly timeNs: bigint;
  /** How long it is, in nanoseconds. */
  readonly durationNs: bigint;
  /** The comments. */
  readonly comments: readonly string[];
  /** The type of the values to show first, if one is named. */
  readonly defaultSampleType: string | undefined;
}

/** A sample of a {@linkcode PeerProfile}. */
export interface PeerSample {
  /** The frames, root first; inlined callees have frames of their own. */
  readonly frames: readonly PeerFrame[];
  /** One value per type. */
  readonly values: readonly bigint[];
  /** The labels, `key=value` or `key=number unit`, in the order of the file. */
  readonly labels: readonly string[];
}

/** A frame of a {@linkcode PeerSample}. */
export interface PeerFrame {
  /** Name of the function; empty for a location without one. */
  readonly name: string;
  /** Source file; empty if unknown. */
  readonly file: string;
  /** Source line; 0 if unknown. */
  readonly line: bigint;
  /** The address; 0 if unknown. */
  readonly address: bigint;
  /** File name of the mapping; empty if there is none. */
  readonly mapping: string;
}

/**
 * Reads a pprof profile with an independent reader, the npm package pprof-format.
 *
 * @param bytes The profile, compressed with gzip or not.
 * @returns What is in it.
 * @throws {Error} When the profile points to something that is not in it.
 */
export async function readPprofWithPeer(
  bytes: Uint8Array,
): Promise<PeerProfile> {
  const profile = Profile.decode(await unzip(bytes));
  const locations = byId("location", profile.location);
  const functions = byId("function", profile.function);
  const mappings = byId("mapping", profile.mapping);
  const { strings } = profile.stringTable;

  function text(index: Numeric): string {
    const found = strings[Number(index)];
    if (found === undefined) throw missing("string", index);
    return found;
  }

  function typeText(type: { type: Numeric; unit: Numeric }): string {
    return `${text(type.type)}/${text(type.unit)}`;
  }

  function frames(locationId: Numeric): PeerFrame[] {
    const { address, line, mappingId } = locations(locationId);
    const mapping = BigInt(mappingId) === 0n
      ? ""
      : text(mappings(mappingId).filename);
    const place = { address: BigInt(address), mapping };
    if (line.length === 0) return [{ ...place, name: "", file: "", line: 0n }];
    return line.map(({ functionId, line }) => {
      const { name, filename } = functions(functionId);
      return {
        ...place,
        name: text(name),
        file: text(filename),
        line: BigInt(line),
      };
    });
  }

  return {
    sampleTypes: profile.sampleType.map(typeText),
    samples: profile.sample.map((sample) => ({
      frames: sample.locationId.flatMap(frames).reverse(),
      values: sample.value.map(BigInt),
      labels: sample.label.map(({ key, str, num, numUnit }) =>
        BigInt(str) === 0n
          ? `${text(key)}=${num} ${text(numUnit)}`.trimEnd()
          : `${text(key)}=${text(str)}`
      ),
    })),
    periodType: profile.periodType && typeText(profile.periodType),
    period: BigInt(profile.period),
    timeNs: BigInt(profile.timeNanos),
    durationNs: BigInt(profile.durationNanos),
    comments: profile.comment.map(text),
    defaultSampleType: text(profile.defaultSampleType) || undefined,
  };
}

/**
 * Adds up a profile by stack.
 *
 * @param profile The profile.
 * @param valueIndex Which of its values.
 * @returns From frame names joined by `;`, root first, to the sum.
 */
export function foldPeerProfile(
  profile: PeerProfile,
  valueIndex: number = 0,
): Map<string, bigint> {
  const folded = new Map<string, bigint>();
  for (const { frames, values } of profile.samples) {
    const key = frames.map(({ name }) => name).join(";");
    folded.set(key, (folded.get(key) ?? 0n) + (values[valueIndex] ?? 0n));
  }
  return folded;
}

/**
 * Runs `go tool pprof` on a file. Put `requirePeers("go")` on the tests that call it.
 *
 * @param path The profile.
 * @param args What to show: `"-top"`, `"-raw"`, `"-traces"`.
 * @returns What it prints.
 * @throws {Error} When it refuses the file; what it said is in it.
 */
export async function runGoPprof(
  path: string,
  ...args: readonly string[]
): Promise<string> {
  const go = findPeer("go");
  if (go === undefined) throw new Error("Cannot run pprof: no go on PATH");
  const { success, stdout, stderr } = await new Deno.Command(go, {
    args: ["tool", "pprof", "-symbolize=none", ...args, path],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) {
    const errors = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot read ${path} with pprof: ${errors}`);
  }
  return new TextDecoder().decode(stdout);
}

type Numeric = number | bigint;

async function unzip(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const plain = ReadableStream.from([new Uint8Array(bytes)])
    .pipeThrough(new DecompressionStream("gzip"));
  return await new Response(plain).bytes();
}

/** A look-up that refuses ids that are 0, not there, or there twice. */
function byId<T extends { id: Numeric }>(
  kind: string,
  entries: readonly T[],
): (id: Numeric) => T {
  const table = new Map(entries.map((entry) => [BigInt(entry.id), entry]));
  if (table.size !== entries.length || table.has(0n)) {
    throw new Error(`Cannot read the profile: ${kind} ids are not unique`);
  }
  return (id) => {
    const found = table.get(BigInt(id));
    if (found === undefined) throw missing(kind, id);
    return found;
  };
}

function missing(kind: string, id: Numeric): Error {
  return new Error(`Cannot read the profile: ${kind} ${id} is not in it`);
}

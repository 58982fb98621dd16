import { TupleTable } from "./tuple_table.ts";
import type { FrameTable, FunctionTable, Profile } from "./types.ts";

/** Whose name {@linkcode rootProfile} puts below the stacks. */
export type ProfileRoot = "process" | "thread";

/**
 * Puts the names of processes or threads below the stacks, so that outputs
 * without threads, such as flame graphs, keep them apart.
 *
 * Who has no name gets one by number, such as `pid 7`. Samples of equal names
 * share a root. Stacks of unknown threads stay as they are. The option is
 * `tagroot` in pprof; the scripts around flame graphs name the process so.
 *
 * @param profile The profile.
 * @param roots What is put below, outermost first.
 * @returns A profile with the same samples and longer stacks.
 *
 * @example Who runs a function
 * ```ts
 * import { ProfileBuilder, rootProfile, writeFolded } from "@tracedeck/tracedeck/profile";
 * import { assertEquals } from "@std/assert";
 *
 * const builder = new ProfileBuilder({
 *   valueTypes: [{ type: "samples", unit: "count" }],
 * });
 * const read = builder.internFrame({
 *   function: builder.internFunction({ name: "read" }),
 * });
 * const thread = builder.internThread({ pid: 7, processName: "cat" });
 * builder.addSample(builder.internStack(-1, read), thread, [3]);
 *
 * const rooted = rootProfile(builder.build(), ["process"]);
 * const folded = await new Response(
 *   ReadableStream.from(writeFolded(rooted)),
 * ).text();
 * assertEquals(folded, "cat;read 3\n");
 * ```
 */
export function rootProfile(
  profile: Profile,
  roots: readonly ProfileRoot[],
): Profile {
  const names = new NameFrames(profile);
  const table = new TupleTable(2);
  const rootOf = profile.threads.map((thread) =>
    roots.reduce((prefix, root) => {
      const name = root === "process"
        ? thread.processName || numbered("pid", thread.pid)
        : thread.name || numbered("tid", thread.tid);
      return table.intern2(prefix, names.frame(name));
    }, -1)
  );
  const { stacks, samples } = profile;
  const moved = new Map<number, Int32Array>();
  const path: number[] = [];
  const move = (stack: number, root: number): number => {
    let copies = moved.get(root);
    if (copies === undefined) {
      copies = new Int32Array(stacks.length).fill(-1);
      moved.set(root, copies);
    }
    let at = stack;
    while (at >= 0 && copies[at] === -1) {
      path.push(at);
      at = stacks.prefix[at]!;
    }
    let copied = at < 0 ? root : copies[at]!;
    for (let each = path.pop(); each !== undefined; each = path.pop()) {
      copied = table.intern2(copied, stacks.frame[each]!);
      copies[each] = copied;
    }
    return copied;
  };
  const stack = samples.stack.map((index, row) => {
    const thread = samples.thread[row]!;
    return move(index, thread < 0 ? -1 : rootOf[thread]!);
  });
  return {
    ...profile,
    strings: names.strings,
    functions: names.functions(),
    frames: names.frames(),
    stacks: {
      length: table.length,
      prefix: table.column(0),
      frame: table.column(1),
    },
    samples: { ...samples, stack },
  };
}

function numbered(kind: string, number: number | undefined): string {
  return number === undefined ? `unknown ${kind}` : `${kind} ${number}`;
}

/** Frames that are nothing but a name, behind those of a profile. */
class NameFrames {
  readonly strings: string[];
  readonly #profile: Profile;
  readonly #indexes = new Map<string, number>();

  constructor(profile: Profile) {
    this.#profile = profile;
    this.strings = [...profile.strings];
  }

  /** @returns Index of the frame with this name. */
  frame(name: string): number {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = this.#indexes.size;
      this.#indexes.set(name, index);
      this.strings.push(name);
    }
    return this.#profile.frames.length + index;
  }

  functions(): FunctionTable {
    const { functions, strings } = this.#profile;
    const length = functions.length + this.#indexes.size;
    const name = extended(functions.name, length, 0);
    for (let added = 0; added < this.#indexes.size; added++) {
      name[functions.length + added] = strings.length + added;
    }
    return {
      length,
      name,
      systemName: extended(functions.systemName, length, 0),
      fileName: extended(functions.fileName, length, 0),
      startLine: extended(functions.startLine, length, 0),
    };
  }

  frames(): FrameTable {
    const { functions, frames } = this.#profile;
    const length = frames.length + this.#indexes.size;
    const called = extended(frames.function, length, -1);
    for (let added = 0; added < this.#indexes.size; added++) {
      called[frames.length + added] = functions.length + added;
    }
    const address = new BigUint64Array(length);
    address.set(frames.address);
    const inlined = new Uint8Array(length);
    inlined.set(frames.inlined);
    return {
      length,
      function: called,
      mapping: extended(frames.mapping, length, -1),
      address,
      line: extended(frames.line, length, 0),
      column: extended(frames.column, length, 0),
      kind: extended(frames.kind, length, 0),
      inlined,
    };
  }
}

function extended(
  column: Int32Array,
  length: number,
  rest: number,
): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length).fill(rest, column.length);
  longer.set(column);
  return longer;
}

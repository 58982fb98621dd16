/** Whom this process belongs to. */
export interface OwnAccount {
  /** Number of the user. */
  readonly uid: number;
  /** Number of the group. */
  readonly gid: number;
}

/**
 * Tells whom this process belongs to.
 *
 * @returns The numbers, or `undefined` where the system has none or Deno may
 * not ask for them (`--allow-sys=uid,gid`).
 */
export function readOwnAccount(): OwnAccount | undefined {
  if (Deno.build.os === "windows") return undefined;
  try {
    const uid = Deno.uid();
    const gid = Deno.gid();
    return uid === null || gid === null ? undefined : { uid, gid };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

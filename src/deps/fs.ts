/**
 * What tracedeck uses of `@std/fs`.
 *
 * @module
 */

export { ensureDir } from "jsr:@std/fs@^1.0/ensure-dir";
export { walk, type WalkEntry, type WalkOptions } from "jsr:@std/fs@^1.0/walk";

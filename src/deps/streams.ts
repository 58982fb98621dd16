/**
 * What tracedeck uses of `@std/streams`.
 *
 * @module
 */

export { TextLineStream } from "jsr:@std/streams@^1.0/text-line-stream";
export { toBytes } from "jsr:@std/streams@^1.0/to-bytes";

/**
 * What tracedeck uses of `@std/tar`.
 *
 * @module
 */

export {
  assertValidPath,
  TarStream,
  type TarStreamFile,
  type TarStreamInput,
  type TarStreamOptions,
} from "jsr:@std/tar@^0.1/tar-stream";
export {
  type OldStyleFormat,
  type PosixUstarFormat,
  type TarStreamEntry,
  UntarStream,
} from "jsr:@std/tar@^0.1/untar-stream";

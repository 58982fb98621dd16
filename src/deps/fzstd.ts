/**
 * What tracedeck uses of `fzstd`.
 *
 * @module
 */

export { Decompress } from "npm:fzstd@^0.1";

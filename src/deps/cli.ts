/**
 * What tracedeck uses of `@std/cli`.
 *
 * @module
 */

export { parseArgs, type ParseOptions } from "jsr:@std/cli@^1.0/parse-args";
export {
  ProgressBar,
  type ProgressBarFormatter,
  type ProgressBarOptions,
} from "jsr:@std/cli@^1.0/unstable-progress-bar";

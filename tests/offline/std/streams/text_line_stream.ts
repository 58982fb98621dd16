/**
 * Stands in for `@std/streams/text-line-stream` on networks without JSR.
 *
 * @module
 */

/** Options for {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /** Whether `\r` alone ends a line too. @default {false} */
  allowCR?: boolean;
}

/**
 * Cuts text into lines at `\n` and `\r\n`, wherever the chunks end. A last line
 * without an end counts; an empty one behind the last end does not.
 */
export class TextLineStream extends TransformStream<string, string> {
  /**
   * Makes a stream for one text.
   *
   * @param options Where lines end.
   */
  constructor(options: TextLineStreamOptions = {}) {
    const allowCR = options.allowCR ?? false;
    const lineEnd = allowCR ? /\r\n|\n|\r(?!$)/g : /\r?\n/g;
    // Pieces of one unfinished line: joined once, so that a line of many chunks
    // costs no more than its length.
    let pieces: string[] = [];
    let endsInCR = false;
    super({
      transform(chunk, controller) {
        if (chunk === "") return;
        pieces.push(chunk);
        const mayEndLine = chunk.includes("\n") ||
          (allowCR && (endsInCR || chunk.includes("\r")));
        if (!mayEndLine) return;
        const lines = pieces.join("").split(lineEnd);
        const rest = lines.pop() ?? "";
        for (const line of lines) controller.enqueue(line);
        pieces = rest === "" ? [] : [rest];
        endsInCR = allowCR && rest.endsWith("\r");
      },
      flush(controller) {
        if (pieces.length === 0) return;
        const rest = pieces.join("");
        controller.enqueue(endsInCR ? rest.slice(0, -1) : rest);
      },
    });
  }
}

/**
 * Ends a stream when a signal aborts, also while its next piece is being waited
 * for: a read of a pipe that nobody writes to cannot be called back.
 *
 * @typeParam T Kind of the pieces.
 * @param stream The stream. If it is waiting when the signal aborts it is left
 * to end by itself; otherwise it is closed before this one ends.
 * @param signal Ends the stream with its reason; nothing never does.
 * @returns The same pieces.
 *
 * @example A stream that waits for ever
 * ```ts ignore
 * for await (const piece of abortableStream(Deno.stdin.readable, signal)) use(piece);
 * ```
 */
export async function* abortableStream<T>(
  stream: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const iterator = stream[Symbol.asyncIterator]();
  // A promise for each piece: one for all would keep every piece in memory.
  let waiting: PromiseWithResolvers<IteratorResult<T>> | undefined;
  const onAbort = () => waiting?.reject(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    while (true) {
      signal?.throwIfAborted();
      waiting = Promise.withResolvers<IteratorResult<T>>();
      iterator.next().then(waiting.resolve, waiting.reject);
      const next = await waiting.promise;
      waiting = undefined;
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    const closed = iterator.return?.();
    // What has failed or still waits ends by itself.
    if (waiting === undefined) await closed;
    else closed?.catch(() => {});
  }
}

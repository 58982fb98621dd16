/**
 * Tells whether bytes begin a core dump test of the profiler.
 *
 * @param head First bytes of the file.
 * @returns True when it is an object that begins with the reference of a dump.
 */
export function sniffCoredumpJson(head: Uint8Array): boolean {
  return /^\s*\{\s*"coredump-ref"\s*:/.test(
    new TextDecoder().decode(head.subarray(0, 256)),
  );
}

/**
 * Says what a stream looks like that is no nettrace stream.
 *
 * @param head Its first bytes.
 * @returns A noun, or `undefined` when it looks like nothing in particular.
 */
export function describeForeignStream(head: Uint8Array): string | undefined {
  const text = String.fromCharCode(...head.subarray(0, 10));
  if (text.startsWith("\x1f\x8b")) return "gzip data";
  if (text.startsWith("\x28\xb5\x2f\xfd")) return "zstd data";
  if (text.startsWith("PK\x03\x04")) return "a zip archive";
  if (text.startsWith("\x7fELF")) return "an ELF file";
  if (text.startsWith("DOTNET_IPC")) return "a diagnostic IPC message";
  if (/^\s*[{[]/.test(text)) return "JSON";
  if (
    text.startsWith("\xef\xbb\xbf") || /^[\s\x20-\x7e]+$/.test(text)
  ) {
    return "text";
  }
  return undefined;
}

/**
 * Tells whether bytes can begin a speedscope file.
 *
 * @param head First bytes of a stream.
 * @returns True for JSON that names the schema, or begins with a list of shared frames.
 */
export function sniffSpeedscope(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  if (!/^\s*\{/.test(text)) return false;
  return text.includes("speedscope.app/file-format-schema.json") ||
    /"shared"\s*:\s*\{\s*"frames"\s*:\s*\[/.test(text);
}

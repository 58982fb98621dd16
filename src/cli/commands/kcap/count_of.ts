/**
 * @param count How many.
 * @param noun One of them; an s makes several.
 * @returns Both as text: `1 event`, `2 events`.
 */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

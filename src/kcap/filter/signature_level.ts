/** From here on a level says that the image is signed. */
const LOWEST_SIGNED = 2;
/** Levels that only Microsoft's own images have: WINDOWS and WINDOWS_TCB. */
const WINDOWS_LEVELS: ReadonlySet<number> = new Set([12, 14]);

/**
 * @param level Signature level of an image, `undefined` where unknown.
 * @returns Whether it says that the image is signed.
 */
export function isSignedLevel(level: number | undefined): boolean {
  return level !== undefined && level >= LOWEST_SIGNED;
}

/**
 * @param level Signature level of an image, `undefined` where unknown.
 * @returns Whether it says that the image is Microsoft's own.
 */
export function isMicrosoftLevel(level: number | undefined): boolean {
  return level !== undefined && WINDOWS_LEVELS.has(level);
}

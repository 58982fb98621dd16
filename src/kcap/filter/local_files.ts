/** What functions of the filter language may ask of this machine. */
export interface LocalFiles {
  /**
   * @param pattern `*` and `?` within a file name.
   * @returns Paths that match.
   */
  glob(pattern: string): readonly string[];
  /**
   * @param path A file.
   * @returns Whether it begins as a minidump does.
   */
  isMinidump(path: string): boolean;
  /**
   * @param path A link.
   * @returns Its target, or the path itself when it is no link.
   */
  readLink(path: string): string;
}

/** Largest status that is no failure. */
const LARGEST_SUCCESS = 0x7fffffff;

const TEXTS: ReadonlyMap<number, string> = new Map(
  [
    [0x80000005, "More data is available"],
    [0x80000006, "There are no more files"],
    [0x8000001a, "No more data is available"],
    [0xc0000001, "A device attached to the system is not functioning"],
    [0xc0000005, "Invalid access to memory location"],
    [0xc0000008, "The handle is invalid"],
    [0xc000000d, "The parameter is incorrect"],
    [0xc000000f, "The system cannot find the file specified"],
    [0xc0000034, "The system cannot find the file specified"],
    [0xc0000010, "Incorrect function"],
    [0xc0000011, "Reached the end of the file"],
    [0xc0000022, "Access is denied"],
    [0xc00000ba, "Access is denied"],
    [0xc0000023, "The data area passed to a system call is too small"],
    [
      0xc0000033,
      "The filename, directory name, or volume label syntax is incorrect",
    ],
    [0xc0000035, "Cannot create a file when that file already exists"],
    [0xc0000039, "The specified path is invalid"],
    [0xc000003b, "The specified path is invalid"],
    [0xc000003a, "The system cannot find the path specified"],
    [
      0xc0000043,
      "The process cannot access the file because it is being used by another process",
    ],
    [0xc0000061, "A required privilege is not held by the client"],
    [0xc000007f, "There is not enough space on the disk"],
    [0xc00000bb, "The request is not supported"],
    [0xc0000101, "The directory is not empty"],
    [
      0xc0000120,
      "The I/O operation has been aborted because of either a thread exit or an application request",
    ],
    [
      0xc000017c,
      "Illegal operation attempted on a registry key that has been marked for deletion",
    ],
    [0xc0000225, "Element not found"],
  ] as const,
);

/**
 * Renders an NTSTATUS with the text that Windows has for the error it maps to.
 *
 * @param status 0 to 2^32 - 1.
 * @returns `Success`, a sentence without full stop, or `0x` and eight
 * hexadecimal digits for a failure without a text.
 */
export function statusText(status: number): string {
  if (status <= LARGEST_SUCCESS) return "Success";
  return TEXTS.get(status) ?? `0x${status.toString(16).padStart(8, "0")}`;
}

import { assertEquals } from "@std/assert";
import {
  baseName,
  dirName,
  extension,
  isAbsolutePath,
  volumeName,
} from "../../src/kcap/windows_path.ts";
import { splitCommandLine } from "../../src/kcap/command_line.ts";

/** Path, base, directory, extension, volume, absolute. */
const CASES = [
  ["C:\\Windows\\a.DLL", "a.DLL", "C:\\Windows", ".DLL", "C:", true],
  ["C:\\Windows\\", "Windows", "C:\\Windows", "", "C:", true],
  ["C:\\", "\\", "C:\\", "", "C:", true],
  ["C:", "\\", "C:.", "", "C:", false],
  ["C:a.txt", "a.txt", "C:.", ".txt", "C:", false],
  ["", ".", ".", "", "", false],
  ["a/b\\c.tar.gz", "c.tar.gz", "a\\b", ".gz", "", false],
  ["\\\\host\\share\\x", "x", "\\\\host\\share\\", "", "\\\\host\\share", true],
  ["\\\\host\\share", "\\", "\\\\host\\share", "", "\\\\host\\share", false],
  ["\\a", "a", "\\", "", "", false],
  ["a.b\\c", "c", "a.b", "", "", false],
  ["a\\..\\b\\.\\c", "c", "b", "", "", false],
] as const;

for (const [path, base, dir, ext, volume, isAbsolute] of CASES) {
  Deno.test(`Paths of Windows: "${path}" is taken apart`, () => {
    assertEquals({
      base: baseName(path),
      dir: dirName(path),
      ext: extension(path),
      volume: volumeName(path),
      isAbsolute: isAbsolutePath(path),
    }, { base, dir, ext, volume, isAbsolute });
  });
}

Deno.test("splitCommandLine keeps quotes and what is glued to them", () => {
  assertEquals(splitCommandLine('"C:\\a b\\x.exe"/y  -k "q r" "" "open'), [
    '"C:\\a b\\x.exe"/y',
    "-k",
    '"q r"',
    '""',
    '"open',
  ]);
  assertEquals(splitCommandLine("  "), []);
});

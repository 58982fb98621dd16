import { walk } from "../../src/deps/fs.ts";

/** A file of the repository. */
export interface SourceFile {
  /** Path from the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Root of the repository. */
export const REPOSITORY_ROOT: URL = new URL("../../", import.meta.url);

/**
 * Reads all TypeScript files of a folder.
 *
 * @param folder Path from the root of the repository.
 */
export async function* sourceFiles(folder: string): AsyncGenerator<SourceFile> {
  const root = decodeURIComponent(REPOSITORY_ROOT.pathname);
  for await (
    const { path } of walk(`${root}${folder}`, {
      exts: [".ts"],
      includeDirs: false,
    })
  ) {
    yield {
      path: path.slice(root.length).replaceAll("\\", "/"),
      text: await Deno.readTextFile(path),
    };
  }
}

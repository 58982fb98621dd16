import { readProcText } from "../platform/proc_file.ts";
import { parseProcMaps } from "./proc_maps.ts";

/** What the kernel calls the library that it maps into every process. */
export const VDSO_PATH = "[vdso]";

const MAX_BYTES = 1024 * 1024;

/**
 * Reads the library that the kernel maps into every process, as it lies in this
 * one.
 *
 * @returns Its bytes, or `undefined` where there is none or it cannot be read.
 */
export async function readOwnVdso(): Promise<
  Uint8Array<ArrayBuffer> | undefined
> {
  const maps = readProcText("/proc/self/maps");
  const range = parseProcMaps(maps ?? "").find(({ path }) =>
    path === VDSO_PATH
  );
  if (range === undefined) return undefined;
  const sizeBytes = Number(range.end - range.start);
  if (sizeBytes > MAX_BYTES) return undefined;
  using memory = await Deno.open("/proc/self/mem");
  await memory.seek(Number(range.start), Deno.SeekMode.Start);
  const image = new Uint8Array(sizeBytes);
  let at = 0;
  while (at < image.length) {
    const count = await memory.read(image.subarray(at));
    if (count === null) return undefined;
    at += count;
  }
  return image;
}

import { DecodeStats } from "../base/decode_stats.ts";
import { FormatError, LimitError } from "../base/errors.ts";
import type { Limits } from "../base/limits.ts";
import { openRandomAccess } from "../platform/random_access_file.ts";
import { PerfDataDecoder } from "./perf_data_decoder.ts";
import {
  decodePerfFeature,
  type PerfFeatures,
} from "./perf_features_decoder.ts";

const PIECE_BYTES = 65_536;

/**
 * Reads what the recorder says of itself behind the records of a file: names of
 * events, build ids, the machine. The records themselves are not read. What is
 * wrong with it is left to whoever reads the file from its start.
 *
 * @param path The file.
 * @param limits Bounds.
 * @returns What it says; nothing of what `perf record` wrote to a pipe, of
 * recordings that were not finished, and of other files.
 * @throws {Deno.errors.NotFound} When there is no such file.
 */
export async function readPerfDataFeatures(
  path: string,
  limits: Partial<Limits> = {},
): Promise<PerfFeatures> {
  if (!(await Deno.stat(path)).isFile) return {};
  using file = await openRandomAccess(path);
  return await tolerant(async (decoder) => {
    for (let at = 0; decoder.header === undefined;) {
      const piece = await file.read(at, PIECE_BYTES);
      if (piece.length === 0) return;
      at += piece.length;
      decoder.push(piece);
      decoder.next();
      if (decoder.isPipe) return;
    }
    let at = decoder.skipData();
    while (at !== undefined && at < file.sizeBytes) {
      const piece = await file.read(at, PIECE_BYTES);
      if (piece.length === 0) break;
      at += piece.length;
      decoder.push(piece);
      // Only says whether there is too much of it.
      decoder.next();
    }
  }, limits);
}

/**
 * Reads the same of a stream that can be read twice, such as a packed file.
 *
 * @param source The file in pieces.
 * @param limits Bounds.
 * @returns As {@linkcode readPerfDataFeatures}.
 */
export async function scanPerfDataFeatures(
  source: AsyncIterable<Uint8Array>,
  limits: Partial<Limits> = {},
): Promise<PerfFeatures> {
  return await tolerant(async (decoder) => {
    for await (const chunk of source) {
      decoder.push(chunk);
      while (decoder.next() !== undefined);
      if (decoder.isPipe) return;
    }
  }, limits);
}

async function tolerant(
  read: (decoder: PerfDataDecoder) => Promise<void>,
  limits: Partial<Limits>,
): Promise<PerfFeatures> {
  const decoder = new PerfDataDecoder({ stats: new DecodeStats(), limits });
  let features: PerfFeatures = {};
  try {
    await read(decoder);
    decoder.finish();
    if (decoder.isPipe || decoder.header === undefined) return {};
    for (let token = decoder.next(); token; token = decoder.next()) {
      if (token.type !== "feature") continue;
      features = {
        ...features,
        ...decodePerfFeature(token.id, token.bytes, decoder.littleEndian),
      };
    }
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof LimitError)) {
      throw error;
    }
  }
  return features;
}

import { zstdDecompressSync } from "node:zlib";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import type { KcapDecoderOptions } from "../../src/kcap/kcap_decoder.ts";
import { openKcap } from "../../src/kcap/kcap_reader.ts";
import type {
  KcapReader,
  OpenKcapOptions,
} from "../../src/kcap/kcap_reader.ts";
import type { KcapEvent, KcapFault, KcapHandle } from "../../src/kcap/types.ts";
import { streamOf } from "./byte_stream.ts";
import { sharedData } from "./shared_data.ts";

const FIXTURES = new URL("../fixtures/kcap/", import.meta.url);

/** @param name Of a file in `tests/fixtures/kcap`. @returns Its bytes. */
export function kcapFixture(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(new URL(name, FIXTURES));
}

/** @param name Of a file in `tests/fixtures/kcap`. @returns Its path. */
export function kcapFixtureUrl(name: string): URL {
  return new URL(name, FIXTURES);
}

/** @param name Of a file in `tests/fixtures/kcap`. @returns What it holds. */
export function kcapFixtureJson<Content>(name: string): Content {
  return JSON.parse(Deno.readTextFileSync(new URL(name, FIXTURES)));
}

/** @param name Of a capture in `tests/fixtures/kcap`. @returns Its decompressed stream. */
export function kcapStream(name: string): Uint8Array {
  return unpackKcap(kcapFixture(name));
}

/** @param name Of a capture of Fibratus' own. @returns Its bytes. */
export function upstreamKcap(name: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(sharedData(`kcap/upstream/${name}`)!);
}

/** @param file A capture of one frame. @returns Its decompressed stream. */
export function unpackKcap(file: Uint8Array): Uint8Array {
  const bytes = zstdDecompressSync(file);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What a decoder made of a stream. */
export interface DecodedKcap {
  readonly decoder: KcapDecoder;
  readonly events: readonly KcapEvent[];
  readonly faults: readonly KcapFault[];
  readonly handles: readonly KcapHandle[];
}

/**
 * @param stream A decompressed stream.
 * @param options How to decode.
 * @param chunkBytes Size of the pieces it is pushed in.
 * @returns All that comes out.
 */
export function decodeKcap(
  stream: Uint8Array,
  options: KcapDecoderOptions = {},
  chunkBytes: number = Math.max(1, stream.length),
): DecodedKcap {
  const decoder = new KcapDecoder(options);
  const events: KcapEvent[] = [];
  const faults: KcapFault[] = [];
  const drain = () => {
    for (let item = decoder.next(); item; item = decoder.next()) {
      if (item.type === "event") events.push(item);
      else faults.push(item);
    }
  };
  for (let at = 0; at < stream.length; at += chunkBytes) {
    decoder.push(stream.subarray(at, at + chunkBytes));
    drain();
  }
  decoder.finish();
  drain();
  return { decoder, events, faults, handles: decoder.handles };
}

/** What a reader made of a file. */
export interface ReadKcap {
  readonly reader: KcapReader;
  readonly events: readonly KcapEvent[];
  readonly faults: readonly KcapFault[];
}

/**
 * @param file Bytes of a file.
 * @param options How to read.
 * @returns All that comes out.
 */
export async function readKcapFile(
  file: Uint8Array,
  options: OpenKcapOptions = {},
): Promise<ReadKcap> {
  await using reader = await openKcap(streamOf(file, 4093), options);
  const events: KcapEvent[] = [];
  const faults: KcapFault[] = [];
  for await (const item of reader.read()) {
    if (item.type === "event") events.push(item);
    else faults.push(item);
  }
  return { reader, events, faults };
}

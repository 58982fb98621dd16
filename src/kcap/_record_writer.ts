import type { ByteWriter } from "../codec/byte_writer.ts";
import { encodeTextBytes } from "./text_bytes.ts";
import type { KcapPair } from "./types.ts";

/** Largest text in bytes, and most elements of a list. */
const MAX_U16 = 0xffff;

/**
 * Writes the texts and lists of records. Both have lengths of 16 bits: what is
 * longer is clipped, never wrapped, which would make the record unreadable.
 */
export class RecordWriter {
  /** Where everything goes. */
  readonly bytes: ByteWriter;
  /** Texts and lists that were clipped so far. */
  clipped = 0;

  /** @param bytes Where everything goes. */
  constructor(bytes: ByteWriter) {
    this.bytes = bytes;
  }

  /**
   * @param text Written behind its byte count; clipped between characters.
   * @param maxBytes Room for it.
   */
  text(text: string, maxBytes: number = MAX_U16): void {
    const { bytes } = this;
    const at = bytes.length;
    bytes.u16(0);
    if (text === "") return;
    let length: number;
    if (text.isWellFormed()) length = bytes.utf8(text);
    else {
      const encoded = encodeTextBytes(text);
      bytes.bytes(encoded);
      length = encoded.length;
    }
    if (length > maxBytes) {
      this.clipped++;
      const view = bytes.view();
      length = maxBytes;
      while (length > 0 && (view[at + 2 + length]! & 0xc0) === 0x80) length--;
      bytes.truncate(at + 2 + length);
    }
    bytes.u16At(at, length);
  }

  /**
   * Writes the u16 count of a list.
   *
   * @param items All elements.
   * @returns Those that may be written.
   */
  count<Item>(items: readonly Item[]): readonly Item[] {
    const kept = items.length > MAX_U16 ? items.slice(0, MAX_U16) : items;
    if (kept !== items) this.clipped++;
    this.bytes.u16(kept.length);
    return kept;
  }

  /** @param texts Written behind their count. */
  texts(texts: readonly string[]): void {
    for (const text of this.count(texts)) this.text(text);
  }

  /** @param pairs Written behind their count. */
  pairs(pairs: readonly KcapPair[]): void {
    for (const { key, value } of this.count(pairs)) {
      this.text(key);
      this.text(value);
    }
  }
}

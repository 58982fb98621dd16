import { formatGuid } from "../codec/guid.ts";
import { decodeUtf16le } from "../codec/utf16.ts";
import type { NettraceEvent } from "./nettrace/types.ts";

/** What {@linkcode EventPayload} reads of an event. */
export type PayloadSource = Pick<
  NettraceEvent,
  "bytes" | "view" | "payloadStart" | "payloadLength"
>;

const TEXT_DECODER = new TextDecoder();

/**
 * Reads the fields of payloads whose layout is known, one after the other and
 * without an object per event.
 *
 * Fields that a payload has not (older versions end earlier, damaged ones
 * anywhere) read as 0 or empty and set {@linkcode EventPayload.isShort}.
 *
 * @example Reading a GC start
 * ```ts
 * import { EventPayload } from "../../src/eventpipe/event_payload.ts";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = new Uint8Array([7, 0, 0, 0, 2, 0, 0, 0]);
 * const payload = new EventPayload();
 * payload.start({
 *   bytes,
 *   view: new DataView(bytes.buffer),
 *   payloadStart: 0,
 *   payloadLength: 8,
 * });
 * assertEquals([payload.u32(), payload.u32(), payload.isShort], [7, 2, false]);
 * ```
 */
export class EventPayload {
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;
  #end = 0;
  #isShort = false;

  /** Whether a field was asked for that the payload has not. */
  get isShort(): boolean {
    return this.#isShort;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** @param event The event whose payload is read next, valid as long as the event is. @returns This reader. */
  start(event: PayloadSource): this {
    this.#bytes = event.bytes;
    this.#view = event.view;
    this.#at = event.payloadStart;
    this.#end = event.payloadStart + event.payloadLength;
    this.#isShort = false;
    return this;
  }

  /** @returns An unsigned byte. */
  u8(): number {
    return this.#take(1) ? this.#view.getUint8(this.#at - 1) : 0;
  }

  /** @returns An unsigned 16-bit number. */
  u16(): number {
    return this.#take(2) ? this.#view.getUint16(this.#at - 2, true) : 0;
  }

  /** @returns An unsigned 32-bit number. */
  u32(): number {
    return this.#take(4) ? this.#view.getUint32(this.#at - 4, true) : 0;
  }

  /** @returns A signed 32-bit number. */
  i32(): number {
    return this.#take(4) ? this.#view.getInt32(this.#at - 4, true) : 0;
  }

  /** @returns An unsigned 64-bit number, exact. */
  u64(): bigint {
    return this.#take(8) ? this.#view.getBigUint64(this.#at - 8, true) : 0n;
  }

  /** @returns An unsigned 64-bit number, exact up to 2^53. */
  u64AsNumber(): number {
    if (!this.#take(8)) return 0;
    return this.#view.getUint32(this.#at - 4, true) * 0x1_0000_0000 +
      this.#view.getUint32(this.#at - 8, true);
  }

  /** @returns A signed 64-bit number, exact. */
  i64(): bigint {
    return this.#take(8) ? this.#view.getBigInt64(this.#at - 8, true) : 0n;
  }

  /** @param size Bytes of a pointer. @returns The pointer. */
  pointer(size: 4 | 8): bigint {
    return size === 4 ? BigInt(this.u32()) : this.u64();
  }

  /** @returns A 32-bit float. */
  f32(): number {
    return this.#take(4) ? this.#view.getFloat32(this.#at - 4, true) : 0;
  }

  /** @returns A 64-bit float. */
  f64(): number {
    return this.#take(8) ? this.#view.getFloat64(this.#at - 8, true) : 0;
  }

  /** @returns A GUID, lower case; empty when the payload ends before. */
  guid(): string {
    return this.#take(16)
      ? formatGuid(this.#bytes.subarray(this.#at - 16, this.#at))
      : "";
  }

  /** @returns UTF-16 text up to its terminator or the end of the payload. */
  utf16z(): string {
    const start = this.#at;
    let at = start;
    const end = this.#end - 1;
    const bytes = this.#bytes;
    while (at < end && (bytes[at] !== 0 || bytes[at + 1] !== 0)) at += 2;
    if (at >= end) {
      this.#at = this.#end;
      this.#isShort = true;
    } else {
      this.#at = at + 2;
    }
    return decodeUtf16le(bytes.subarray(start, Math.min(at, this.#end)));
  }

  /** @returns UTF-8 text behind a 16-bit length, as the universal providers write it. */
  utf8(): string {
    const length = this.u16();
    if (!this.#take(length)) return "";
    return TEXT_DECODER.decode(
      this.#bytes.subarray(this.#at - length, this.#at),
    );
  }

  /** @returns A LEB128 number, exact up to 2^53. */
  varuint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 10; index++) {
      if (!this.#take(1)) return 0;
      const byte = this.#view.getUint8(this.#at - 1);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    this.#isShort = true;
    return 0;
  }

  /** @returns A LEB128 number, exact. */
  varuint64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (!this.#take(1)) return 0n;
      const byte = this.#view.getUint8(this.#at - 1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    this.#isShort = true;
    return 0n;
  }

  /** @param count Bytes to leave out. */
  skip(count: number): void {
    this.#take(count);
  }

  #take(count: number): boolean {
    if (this.#at + count > this.#end) {
      this.#at = this.#end;
      this.#isShort = true;
      return false;
    }
    this.#at += count;
    return true;
  }
}

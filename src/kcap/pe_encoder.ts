import type { KcapPair, KcapPe } from "./types.ts";
import type { RecordWriter } from "./_record_writer.ts";

/**
 * Writes what is known of an executable; `decodePe` shows the layout.
 *
 * @param writer Where to.
 * @param pe The state.
 * @param version 1 or 2.
 * @param resources Its version resources in the order to write.
 */
export function encodePe(
  writer: RecordWriter,
  pe: KcapPe,
  version: number,
  resources: readonly KcapPair[],
): void {
  const { bytes } = writer;
  bytes.u16(pe.sectionCount);
  bytes.u32(pe.symbolCount);
  writer.text(pe.imageBase);
  writer.text(pe.entryPoint);
  writer.text(pe.linkTime);
  for (const { size, entropy, name, md5 } of writer.count(pe.sections)) {
    bytes.u32(size);
    bytes.f64(entropy);
    writer.text(name);
    writer.text(md5);
  }
  writer.texts(pe.symbols);
  writer.texts(pe.imports);
  writer.pairs(resources);
  if (version < 2) return;
  bytes.u8(pe.isSigned ? 1 : 0);
  bytes.u8(pe.isTrusted ? 1 : 0);
  const sizeAt = bytes.length;
  bytes.u32(0);
  if (pe.certificate !== undefined) {
    const { notBefore, notAfter, serial, subject, issuer } = pe.certificate;
    for (const text of [notBefore, notAfter, serial, subject, issuer]) {
      writer.text(text);
    }
    bytes.u32At(sizeAt, bytes.length - sizeAt - 4);
  }
  bytes.u8(pe.isDriver ? 1 : 0);
  bytes.u8(pe.isDll ? 1 : 0);
  bytes.u8(pe.isExecutable ? 1 : 0);
  bytes.u8(pe.isDotnet ? 1 : 0);
  writer.text(pe.importHash);
  writer.texts(pe.anomalies);
}

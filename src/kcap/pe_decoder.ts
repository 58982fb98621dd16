import type { KcapCertificate, KcapPe, KcapPeSection } from "./types.ts";
import type { RecordCursor } from "./_record_cursor.ts";

/**
 * Decodes what a capture holds of an executable:
 *
 * ```text
 * u16 sections, u32 symbols, text image base, text entry point, text link time
 * u16 count of sections:  u32 size, f64 entropy, text name, text MD5
 * u16 count of symbols:   text
 * u16 count of imports:   text
 * u16 count of resources: text key, text value
 * from version 2:
 * u8 signed, u8 trusted, u32 size of the certificate, in it:
 *   text not before, text not after, text serial, text subject, text issuer
 * u8 driver, u8 DLL, u8 executable, u8 .NET, text import hash
 * u16 count of anomalies: text
 * ```
 *
 * @param cursor At the state; its end is the state's.
 * @param version 1 or 2.
 * @returns The state.
 * @throws {FormatError} When the bytes are not exactly one such state.
 */
export function decodePe(cursor: RecordCursor, version: number): KcapPe {
  if (version !== 1 && version !== 2) {
    throw cursor.fault(
      `version of the PE section is ${version}, expected 1 or 2`,
    );
  }
  const basis = {
    sectionCount: cursor.u16(),
    symbolCount: cursor.u32(),
    imageBase: cursor.text(),
    entryPoint: cursor.text(),
    linkTime: cursor.text(),
    sections: decodeSections(cursor),
    symbols: cursor.texts(),
    imports: cursor.texts(),
    resources: cursor.pairs(),
  };
  const pe = version === 1 ? { ...basis, ...WITHOUT_SIGNATURE } : {
    ...basis,
    isSigned: cursor.u8() === 1,
    isTrusted: cursor.u8() === 1,
    certificate: decodeCertificate(cursor),
    isDriver: cursor.u8() === 1,
    isDll: cursor.u8() === 1,
    isExecutable: cursor.u8() === 1,
    isDotnet: cursor.u8() === 1,
    importHash: cursor.text(),
    anomalies: cursor.texts(),
  };
  if (cursor.remaining !== 0) {
    throw cursor.fault(`${cursor.remaining} bytes follow the PE state`);
  }
  return pe;
}

const WITHOUT_SIGNATURE = {
  isSigned: false,
  isTrusted: false,
  certificate: undefined,
  isDriver: false,
  isDll: false,
  isExecutable: false,
  isDotnet: false,
  importHash: "",
  anomalies: [],
};

function decodeSections(cursor: RecordCursor): KcapPeSection[] {
  const count = cursor.u16();
  const sections: KcapPeSection[] = [];
  for (let index = 0; index < count; index++) {
    const size = cursor.u32();
    const entropy = cursor.f64();
    const name = cursor.text();
    const md5 = cursor.text();
    sections.push({ name, size, entropy, md5 });
  }
  return sections;
}

function decodeCertificate(cursor: RecordCursor): KcapCertificate | undefined {
  const size = cursor.u32();
  if (size === 0) return undefined;
  if (size > cursor.remaining) {
    throw cursor.fault(
      `invalid PE cert size. Got ${size} but max buffer size is ${cursor.remaining}`,
    );
  }
  const end = cursor.end;
  cursor.end = cursor.position + size;
  const certificate = {
    notBefore: cursor.text(),
    notAfter: cursor.text(),
    serial: cursor.text(),
    subject: cursor.text(),
    issuer: cursor.text(),
  };
  if (cursor.remaining !== 0) {
    throw cursor.fault(`${cursor.remaining} bytes follow the certificate`);
  }
  cursor.end = end;
  return certificate;
}

import { FormatError } from "../../base/errors.ts";
import { decodeCertificate } from "./certificate_decoder.ts";

const BLOCK_REGEXP =
  /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g;

/**
 * Takes the certificates out of a text in PEM and sees that they are some.
 *
 * @param text Any number of blocks; what stands between them is passed over.
 * @returns The certificates in DER.
 * @throws {FormatError} When there is none, or one of them cannot be read.
 */
export function decodeCertificatePem(
  text: string,
): readonly Uint8Array<ArrayBuffer>[] {
  const found: Uint8Array<ArrayBuffer>[] = [];
  for (const { 1: base64 = "", index } of text.matchAll(BLOCK_REGEXP)) {
    try {
      const der = Uint8Array.fromBase64(base64);
      decodeCertificate(der);
      found.push(der);
    } catch (error) {
      const isFault = error instanceof FormatError ||
        error instanceof SyntaxError;
      if (!isFault) throw error;
      throw new FormatError(
        `Cannot read certificate at character ${index}: ${error.message}`,
        { format: "PEM", offset: index, cause: error },
      );
    }
  }
  if (found.length > 0) return found;
  throw new FormatError(
    "Cannot read certificates: the text holds no block of PEM",
    { format: "PEM", offset: 0 },
  );
}

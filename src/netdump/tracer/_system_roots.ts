import type { TracerHost } from "./tracer_host.ts";

/** Where distributions keep the authorities that they trust, in Go's order. */
const ROOT_FILES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * Reads the authorities that this system trusts, for runtimes that bring their
 * own list instead.
 *
 * @param host Where files are read.
 * @returns Certificates in PEM, `undefined` when the system has none.
 */
export async function systemRoots(
  host: Pick<TracerHost, "readText">,
): Promise<readonly string[] | undefined> {
  for (const path of ROOT_FILES) {
    const file = await host.readText(path);
    if (file?.text.includes("-----BEGIN CERTIFICATE-----")) return [file.text];
  }
  return undefined;
}

/** Files of a small public-key infrastructure. */
export interface TestCertificates extends AsyncDisposable {
  readonly folder: string;
  /** The authority, in PEM. */
  readonly ca: string;
  /** Another authority that nobody knows. */
  readonly otherCa: string;
  /** Key and chain (leaf, authority) for `localhost` and 127.0.0.1. */
  readonly server: KeyPair;
  /** The same, expired. */
  readonly expired: KeyPair;
  /** The same, of the other authority. */
  readonly unknown: KeyPair;
  /** Only a common name. */
  readonly legacy: KeyPair;
  /** For `proxy.example.net` and 127.0.0.1. */
  readonly proxy: KeyPair;
  /** For a client. */
  readonly client: KeyPair;
}

/** A key and its certificate chain in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** Makes certificates with openssl. */
export async function makeCertificates(): Promise<TestCertificates> {
  const folder = await Deno.makeTempDir({ prefix: "tracedeck-pki-" });
  const run = async (...args: string[]) => {
    const { code, stderr } = await new Deno.Command("openssl", {
      args,
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  };
  const read = (name: string) => Deno.readTextFile(`${folder}/${name}`);
  const makeKey = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
  ];
  const makeCa = (name: string, subject: string) =>
    run(
      "req",
      "-x509",
      ...makeKey,
      "-days",
      "3650",
      "-subj",
      subject,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
    );
  await Promise.all([
    makeCa("ca", "/C=CZ/O=Example, Inc./CN=Example Root CA"),
    makeCa("other", "/CN=Other Root"),
  ]);
  const issue = async (
    name: string,
    options: {
      subject?: string;
      names?: string;
      ca?: string;
      dates?: string[];
    } = {},
  ): Promise<KeyPair> => {
    const { ca = "ca" } = options;
    await run(
      "req",
      ...makeKey,
      "-subj",
      options.subject ?? `/CN=${name}.example.net`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    const extensions = options.names === ""
      ? ""
      : `subjectAltName=${options.names ?? "DNS:localhost,IP:127.0.0.1"}\n`;
    await Deno.writeTextFile(`${folder}/${name}.ext`, extensions);
    await run(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      `${ca}.pem`,
      "-CAkey",
      `${ca}.key`,
      "-set_serial",
      "7",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.pem`,
      ...(options.dates ?? ["-days", "3650"]),
    );
    return {
      key: await read(`${name}.key`),
      cert: await read(`${name}.pem`) + await read(`${ca}.pem`),
    };
  };
  const [server, expired, unknown, legacy, proxy, client] = await Promise.all([
    issue("server"),
    issue("expired", { dates: ["-days", "-1"] }),
    issue("unknown", { ca: "other" }),
    issue("legacy", { names: "", subject: "/CN=localhost" }),
    issue("proxy", { names: "DNS:proxy.example.net,IP:127.0.0.1" }),
    issue("client"),
  ]);
  return {
    folder,
    ca: await read("ca.pem"),
    otherCa: await read("other.pem"),
    server,
    expired,
    unknown,
    legacy,
    proxy,
    client,
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

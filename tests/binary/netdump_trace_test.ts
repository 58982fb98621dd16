// The compiled program may run on an older Deno than these tests, whose TLS and
// sockets can do less: what a trace holds must not depend on it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeNetworkTrace } from "../../src/netdump/nettrace_decoder.ts";
import type { NetworkTrace } from "../../src/netdump/nettrace_types.ts";
import { makeCertificates } from "../netdump/tracer/_certificates.ts";
import { startHttpProxy } from "../netdump/tracer/_proxies.ts";
import { serveTls } from "../netdump/tracer/_tls_server.ts";
import { requirePeers } from "../support/peers.ts";
import { requireThat, testWith } from "../support/requirement.ts";

const BINARY = Deno.env.get("TRACEDECK_BINARY") ?? "";
const NEEDS = [
  requireThat(BINARY !== "", "TRACEDECK_BINARY names no compiled program"),
  requirePeers("openssl"),
];

/** Older runtimes need a second connection to see what they refuse. */
const REMARKS_REGEXP =
  /^(warning: a certificate that was refused was looked at on a second connection: .*\n)?$/;

async function trace(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly trace: NetworkTrace }> {
  const { code, stdout, stderr } = await new Deno.Command(BINARY, {
    args: ["netdump", "trace", "--json", "--timeout", "20s", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertMatch(decoder.decode(stderr), REMARKS_REGEXP);
  return {
    code,
    trace: decodeNetworkTrace(decoder.decode(stdout), { strict: true }),
  };
}

testWith(
  "The binary traces TLS with certificates, HTTP/2, proxies and refusals",
  NEEDS,
  async (t) => {
    await using pki = await makeCertificates();
    const write = async (name: string, text: string) => {
      await Deno.writeTextFile(`${pki.folder}/${name}`, text);
      return `${pki.folder}/${name}`;
    };
    const ca = ["--ca", await write("trusted.pem", pki.ca)];
    const leaf = (found: NetworkTrace) =>
      found.tlsTunnels.at(-1)?.peerCerts[0]?.subject;

    await t.step("HTTP/2 on one connection", async () => {
      await using server = await serveTls(pki.server);
      const { code, trace: found } = await trace(
        `https://localhost:${server.port}/`,
        "--http2",
        "--repeat",
        "2",
        "--data",
        "some text",
        ...ca,
      );
      assertEquals(code, 0);
      assertEquals(
        found.httpRequests.map((
          { protoMajor, respStatusCode, respContentLen },
        ) => [protoMajor, respStatusCode, respContentLen]),
        [[2, 200, 9n], [2, 200, 9n]],
      );
      assertEquals(found.dials.length, 1);
      assertEquals(found.tlsTunnels[0]?.negotiatedProto, "h2");
      assertEquals(leaf(found), "CN=server.example.net");
      assert([4865, 4866, 4867].includes(found.tlsTunnels[0]!.cipherSuite));
    });

    await t.step("HTTP/1.1 where HTTP/2 is not spoken", async () => {
      using listener = Deno.listenTls({
        hostname: "127.0.0.1",
        port: 0,
        ...pki.server,
        alpnProtocols: ["http/1.1"],
      });
      const { port } = listener.addr;
      const serving = (async () => {
        using conn = await listener.accept();
        await conn.read(new Uint8Array(4096));
        await conn.write(
          new TextEncoder().encode(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
          ),
        );
      })();
      const { code, trace: found } = await trace(
        `https://localhost:${port}/`,
        "--http2",
        ...ca,
      );
      await serving;
      assertEquals(code, 0);
      assertEquals(found.httpRequests[0]?.protoMajor, 1);
    });

    await t.step("the whole chain of TLS 1.2", async () => {
      await using server = await serveTls(pki.server, {
        maxVersion: "TLSv1.2",
      });
      const { trace: found } = await trace(
        `https://localhost:${server.port}/`,
        ...ca,
      );
      assertEquals(
        found.tlsTunnels[0]?.peerCerts.map(({ subject }) => subject),
        [
          "CN=server.example.net",
          "CN=Example Root CA,O=Example\\, Inc.,C=CZ",
        ],
      );
    });

    await t.step("no version below the lowest", async () => {
      await using server = await serveTls(pki.server, {
        maxVersion: "TLSv1.2",
      });
      const { code, trace: found } = await trace(
        `https://localhost:${server.port}/`,
        "--tls-min",
        "1.3",
        ...ca,
      );
      assertEquals(code, 1);
      assertMatch(
        found.httpRequests[0]!.reqError,
        /^remote error: tls: protocol version not supported$/,
      );
    });

    for (
      const [pair, words] of [
        ["unknown", /x509: certificate signed by unknown authority$/],
        ["expired", /x509: certificate has expired .* is after /],
        [
          "proxy",
          /x509: certificate is valid for proxy\.example\.net, not localhost$/,
        ],
      ] as const
    ) {
      await t.step(`a certificate that is ${pair}`, async () => {
        await using server = await serveTls(pki[pair]);
        const { code, trace: found } = await trace(
          `https://localhost:${server.port}/`,
          ...ca,
        );
        assertEquals(code, 1);
        assertMatch(found.tlsTunnels[0]!.handshakeErr, words);
        assertEquals(leaf(found), `CN=${pair}.example.net`);
        const accepted = await trace(
          `https://localhost:${server.port}/`,
          "--insecure",
        );
        assertEquals(accepted.code, 0);
      });
    }

    await t.step("a client certificate", async () => {
      await using server = await serveTls(pki.server, {
        requestCert: true,
        rejectUnauthorized: true,
        ca: pki.ca,
      });
      const url = `https://localhost:${server.port}/`;
      const without = await trace(url, ...ca);
      assertMatch(
        without.trace.httpRequests[0]!.reqError,
        /^remote error: tls: certificate required$/,
      );
      const withOne = await trace(
        url,
        ...ca,
        "--cert",
        await write("client-chain.pem", pki.client.cert),
        "--key",
        await write("client-key.pem", pki.client.key),
      );
      assertEquals(withOne.code, 0);
    });

    await t.step("TLS in TLS through a proxy, with HTTP/2 inside", async () => {
      await using server = await serveTls(pki.server);
      await using proxy = await startHttpProxy({ tls: pki.proxy });
      const { code, trace: found } = await trace(
        `https://localhost:${server.port}/`,
        "--proxy",
        `https://127.0.0.1:${proxy.port}`,
        "--http2",
        ...ca,
      );
      assertEquals(code, 0);
      assertEquals(
        found.tlsTunnels.map(({ peerCerts }) => peerCerts[0]?.subject),
        ["CN=proxy.example.net", "CN=server.example.net"],
      );
      assertEquals(found.httpRequests[0]?.protoMajor, 2);
    });

    await t.step(
      "the address to send from, and why nobody answers",
      async () => {
        await using server = await serveTls(pki.server);
        const { trace: found } = await trace(
          `https://localhost:${server.port}/`,
          "--source",
          "127.0.0.5",
          ...ca,
        );
        assertEquals(found.tcpConns[0]?.addrTuple.srcIp, "127.0.0.5");
        const foreign = await trace(
          `https://127.0.0.1:${server.port}/`,
          "--source",
          "192.0.2.55",
        );
        assertMatch(
          foreign.trace.httpRequests[0]!.reqError,
          /^dial tcp 192\.0\.2\.55:0->\S+: bind: cannot assign requested address$/,
        );
      },
    );
  },
);

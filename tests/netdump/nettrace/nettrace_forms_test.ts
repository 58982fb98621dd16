import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecodeStats } from "../../../src/base/decode_stats.ts";
import {
  FormatError,
  LimitError,
  TruncatedError,
} from "../../../src/base/errors.ts";
import {
  decodeNetworkTrace,
  sniffNetworkTrace,
} from "../../../src/netdump/nettrace_decoder.ts";
import {
  encodeNetworkTrace,
  NETWORK_TRACE_FORMS,
} from "../../../src/netdump/nettrace_encoder.ts";
import type { NetworkTrace } from "../../../src/netdump/nettrace_types.ts";
import { requireSharedData, sharedData } from "../../support/shared_data.ts";
import { testWith } from "../../support/requirement.ts";

const NEEDS = [requireSharedData("netdump/traces", "netdump/archives")];

interface TraceFile {
  readonly name: string;
  readonly text: string;
}

function traceFiles(ending: string): TraceFile[] {
  const folder = sharedData("netdump/traces")!;
  return [...Deno.readDirSync(folder)]
    .map(({ name }) => name)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({
      name,
      text: Deno.readTextFileSync(`${folder}/${name}`),
    }));
}

/** Every file of that name in the archives: tar entries are 512-byte blocks. */
async function archivedTraces(): Promise<TraceFile[]> {
  const folder = sharedData("netdump/archives")!;
  const found: TraceFile[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const file = await Deno.open(`${folder}/${name}`);
    const tar = await new Response(
      file.readable.pipeThrough(new DecompressionStream("gzip")),
    ).bytes();
    for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
      const header = new TextDecoder().decode(tar.subarray(at, at + 512));
      const path = header.slice(0, 100).replace(/\0.*$/s, "");
      const size = Number.parseInt(header.slice(124, 135), 8);
      if (path.endsWith("nettrace.json")) {
        found.push({
          name: path,
          text: new TextDecoder().decode(
            tar.subarray(at + 512, at + 512 + size),
          ),
        });
      }
      at += 512 + Math.ceil(size / 512) * 512;
    }
  }
  return found;
}

function withoutFlagOrder(trace: NetworkTrace): NetworkTrace {
  const sort = <T extends { conntrack: { status: string } | undefined }>(
    conn: T,
  ): T => ({
    ...conn,
    conntrack: conn.conntrack === undefined ? undefined : {
      ...conn.conntrack,
      status: conn.conntrack.status.split("|").sort().join("|"),
    },
  });
  return {
    ...trace,
    uuid: undefined,
    tcpConns: trace.tcpConns.map(sort),
    udpConns: trace.udpConns.map(sort),
    // The order of header fields is arbitrary too.
    httpRequests: trace.httpRequests.map((request) => ({
      ...request,
      respHeader: request.respHeader.toSorted((a, b) =>
        a.fieldName + a.fieldVal < b.fieldName + b.fieldVal ? -1 : 1
      ),
    })),
  };
}

testWith(
  "encodeNetworkTrace writes the plain form of each fixture byte for byte",
  NEEDS,
  () => {
    const files = traceFiles(".marshal.json");
    assertEquals(files.length, 10);
    for (const { name, text } of files) {
      const trace = decodeNetworkTrace(text, { strict: true });
      assertEquals(
        encodeNetworkTrace(trace, { form: "plain" }) + "\n",
        text,
        name,
      );
    }
  },
);

testWith(
  "encodeNetworkTrace writes the export form of each fixture byte for byte",
  NEEDS,
  () => {
    const files = traceFiles(".export.json");
    assertEquals(files.length, 6);
    for (const { name, text } of files) {
      const trace = decodeNetworkTrace(text, { strict: true });
      assertEquals(encodeNetworkTrace(trace, { form: "export" }), text, name);
    }
  },
);

testWith(
  "encodeNetworkTrace writes the sink form of each archived trace byte for byte",
  NEEDS,
  async () => {
    const files = await archivedTraces();
    assertEquals(files.length, 7);
    for (const { name, text } of files) {
      const trace = decodeNetworkTrace(text, { strict: true });
      assertEquals(encodeNetworkTrace(trace, { form: "sink" }), text, name);
    }
  },
);

testWith(
  "decodeNetworkTrace reads the same trace from the plain and the export form",
  NEEDS,
  () => {
    for (const { name, text } of traceFiles(".export.json")) {
      const other = Deno.readTextFileSync(
        `${sharedData("netdump/traces")}/${
          name.replace(".export.", ".marshal.")
        }`,
      );
      assertEquals(
        withoutFlagOrder(decodeNetworkTrace(text)),
        withoutFlagOrder(decodeNetworkTrace(other)),
        name,
      );
    }
  },
);

testWith(
  "encodeNetworkTrace orders the sink form of a plain fixture by bytes",
  NEEDS,
  () => {
    const { text } = traceFiles("dns-over-tcp.marshal.json")[0]!;
    const sink = encodeNetworkTrace(decodeNetworkTrace(text), { form: "sink" });
    const ids = [...sink.matchAll(/"traceID":"(tid-\d+)"\}?\n/g)].map((
      [, id],
    ) => id);
    // tcpConns: tid-10 before tid-6 and tid-7.
    assertEquals(ids.slice(1, 4), ["tid-10", "tid-6", "tid-7"]);
    assert(sink.includes('[{"RespContentLen":0,'));
    assert(
      sink.includes(
        '"description":"in-memory \\u003ch1\\u003e \\u0026 more"\n',
      ),
    );
    assert(!sink.includes("uuid"));
    assert(sink.includes(',"udpConns":[],'));
  },
);

interface ExpectedTrace {
  readonly description: string;
  readonly counts: Readonly<Record<string, number | null>>;
  readonly traceIDs: Readonly<Record<string, readonly string[]>>;
  readonly http: readonly Record<string, unknown>[];
  readonly dials: readonly Record<string, unknown>[];
  readonly tcp: readonly Record<string, unknown>[];
  readonly dns: readonly Record<string, unknown>[];
  readonly tls: readonly Record<string, unknown>[];
}

testWith(
  "decodeNetworkTrace finds what the fixtures are known to hold",
  NEEDS,
  () => {
    const expected = JSON.parse(
      Deno.readTextFileSync(sharedData("netdump/expected.json")!),
    ).traces as Record<string, ExpectedTrace>;
    for (const { name, text } of traceFiles(".json")) {
      const trace = decodeNetworkTrace(text, { strict: true });
      const want = expected[name]!;
      assertEquals(trace.description, want.description, name);
      for (const [list, ids] of Object.entries(want.traceIDs)) {
        const records = trace[list as "dials"];
        assertEquals(records.map(({ traceId }) => traceId), ids, name);
        assertEquals(records.length, want.counts[list] ?? 0);
      }
      assertEquals(
        trace.httpRequests.map((request) => ({
          method: request.reqMethod,
          url: request.reqUrl,
          status: request.respStatusCode,
          proto: `${request.protoMajor}.${request.protoMinor}`,
          err: request.reqError,
          respLen: Number(request.respContentLen),
          reqLen: Number(request.reqContentLen),
          tcpConn: request.tcpConn,
          proxy: request.networkProxy,
        })) as unknown,
        want.http,
        name,
      );
      assertEquals(
        trace.dials.map((dial) => ({
          dst: dial.dstAddress,
          err: dial.dialErr,
          conn: dial.establishedConn,
          resolverDials: dial.resolverDials.length,
        })) as unknown,
        want.dials,
        name,
      );
      assertEquals(
        trace.tcpConns.map((conn) => ({
          dst: `${conn.addrTuple.dstIp}:${conn.addrTuple.dstPort}`,
          connected: conn.connected,
          sent: Number(conn.totalSentBytes),
          recv: Number(conn.totalRecvBytes),
          reused: conn.reused,
          ctState: conn.conntrack?.tcpState ?? null,
          ctStatus: (conn.conntrack?.status ?? "").split("|").sort(),
          socketOps: conn.socketTrace?.socketOps.length ?? 0,
        })),
        want.tcp.map((conn) => ({
          ...conn,
          ctState: conn["ctState"] ?? null,
          ctStatus: conn["ctStatus"] ?? null,
        })) as unknown,
        name,
      );
      assertEquals(
        trace.dnsQueries.map((query) => ({
          q: query.dnsQueryMsgs.flatMap(({ questions }) =>
            questions.map(({ name, type }) => [name, type])
          ),
          rcode: query.dnsReplyMsgs.map(({ rCode }) => rCode),
          answers: query.dnsReplyMsgs.flatMap(({ answers }) =>
            answers.map(({ resolvedVal }) => resolvedVal)
          ),
        })) as unknown,
        want.dns,
        name,
      );
      assertEquals(
        trace.tlsTunnels.map((tunnel) => ({
          serverName: tunnel.serverName,
          cipherSuite: tunnel.cipherSuite,
          alpn: tunnel.negotiatedProto,
          err: tunnel.handshakeErr,
          peerCerts: tunnel.peerCerts.length,
          leaf: tunnel.peerCerts[0]?.subject ?? "",
        })) as unknown,
        want.tls,
        name,
      );
    }
  },
);

Deno.test("decodeNetworkTrace takes null and missing lists as empty", () => {
  const trace = decodeNetworkTrace(
    '\ufeff {"dials":null,"tcpConns":[],"dnsQueries":[{"dnsReplyMsgs":[{"answers":null}]}]} ',
  );
  assertEquals(trace.dials, []);
  assertEquals(trace.httpRequests, []);
  assertEquals(trace.dnsQueries[0]?.dnsReplyMsgs[0]?.answers, []);
  assertEquals(trace.dnsQueries[0]?.dnsQueryMsgs, []);
});

Deno.test("decodeNetworkTrace keeps what it does not know", () => {
  const text =
    '{"description":"","traceBeginAt":"undefined","traceEndAt":"undefined","dials":[{"traceID":"a",' +
    '"dialBeginAt":"+1ms","dialEndAt":"+2ms","ctxCloseAt":"+3ms","dstAddress":"h:1","future":{"x":[1.50,null,true,"<"]}}],' +
    '"tcpConns":[],"udpConns":[],"dnsQueries":[],"httpRequests":[],"tlsTunnels":[],"later":18446744073709551615}\n';
  const stats = new DecodeStats();
  const trace = decodeNetworkTrace(text, { strict: true, stats });
  assertEquals(encodeNetworkTrace(trace, { form: "export" }), text);
  assertEquals(stats.get("nettrace_unknown_key"), 2);
  assertEquals(stats.hasLoss, false);
});

Deno.test("decodeNetworkTrace keeps 64-bit counters, and the sink form passes them through a double", () => {
  const trace = decodeNetworkTrace(
    '{"udpConns":[{"totalSentBytes":18446744073709551615,"totalRecvBytes":1e21}]}',
    { stats: new DecodeStats() },
  );
  assertEquals(trace.udpConns[0]?.totalSentBytes, 0xffff_ffff_ffff_ffffn);
  assertEquals(trace.udpConns[0]?.totalRecvBytes, 0n);
  const sink = encodeNetworkTrace(trace, { form: "sink" });
  assert(sink.includes('"totalSentBytes":18446744073709552000,'));
  assertEquals(
    decodeNetworkTrace(sink).udpConns[0]?.totalSentBytes,
    0xffff_ffff_ffff_ffffn,
  );
});

for (
  const [text, path] of [
    ['{"dials":[{"dialEndAt":"+5us"}]}', "dials[0].dialEndAt"],
    ['{"traceEndAt":"5ms"}', "trace.traceEndAt"],
    ['{"traceEndAt":"+4294967296ms"}', "trace.traceEndAt"],
    ['{"traceBeginAt":"2026-02-30"}', "trace.traceBeginAt"],
    ['{"udpConns":[{"totalSentBytes":1.5}]}', "udpConns[0].totalSentBytes"],
    [
      '{"udpConns":[{"addrTuple":{"srcPort":65536}}]}',
      "udpConns[0].addrTuple.srcPort",
    ],
    ['{"dials":[1]}', "dials[0]"],
    ['{"dials":{}}', "trace.dials"],
    ['{"description":7}', "trace.description"],
  ] as const
) {
  Deno.test(`decodeNetworkTrace names ${path} in ${text}`, () => {
    const error = assertThrows(
      () => decodeNetworkTrace(text, { strict: true }),
      FormatError,
      path,
    );
    assert(error.offset > 0);
    const stats = new DecodeStats();
    decodeNetworkTrace(text, { stats });
    assertEquals(stats.get("nettrace_bad_value"), 1);
    assertEquals(stats.hasLoss, true);
  });
}

Deno.test("decodeNetworkTrace gives what stands before a fault when it is lenient", () => {
  const text =
    '{"description":"d","dials":[{"traceID":"a"},{"traceID":"b"},{"tra';
  assertThrows(() => decodeNetworkTrace(text), TruncatedError);
  const stats = new DecodeStats();
  const trace = decodeNetworkTrace(text, { lenient: true, stats });
  assertEquals(trace.dials.map(({ traceId }) => traceId), ["a", "b"]);
  assertEquals(stats.hasLoss, true);
});

Deno.test("decodeNetworkTrace names file and place of what is no trace", () => {
  assertThrows(
    () => decodeNetworkTrace("[1]", { name: "x.json", lenient: true }),
    FormatError,
    "Cannot read x.json at character 0: it is no JSON object",
  );
  assertThrows(
    () => decodeNetworkTrace('{"a":1} x', { name: "x.json" }),
    FormatError,
    "Cannot read x.json at character 8",
  );
});

Deno.test("decodeNetworkTrace bounds depth and records", () => {
  assertThrows(
    () => decodeNetworkTrace(`{"x":${"[".repeat(100)}`),
    LimitError,
    "nested deeper",
  );
  assertThrows(
    () =>
      decodeNetworkTrace('{"dials":[{},{},{}]}', {
        limits: { maxTableEntries: 2 },
      }),
    LimitError,
    "more than 2 records",
  );
});

Deno.test("sniffNetworkTrace tells traces from other JSON", () => {
  const sniff = (text: string) =>
    sniffNetworkTrace(new TextEncoder().encode(text));
  assert(sniff('{"description":"x"\n,"traceBeginAt":"2026'));
  assert(sniff('\ufeff\n{"traceBeginAt" : "undefined"'));
  assert(!sniff('{"traceEvents":[]}'));
  assert(!sniff('["traceBeginAt":""]'));
  assert(!sniff(""));
});

Deno.test("encodeNetworkTrace escapes what Go escapes", () => {
  const trace = decodeNetworkTrace("{}");
  const odd = { ...trace, description: '<&>"\\\u0001\b\n\u2028\ud800x' };
  assert(
    encodeNetworkTrace(odd, { form: "plain", indent: 0 }).startsWith(
      '{"description":"\\u003c\\u0026\\u003e\\"\\\\\\u0001\\u0008\\n\\u2028\ufffdx",',
    ),
  );
  assert(
    encodeNetworkTrace(odd, { form: "export" }).startsWith(
      '{"description":"<&>\\"\\\\\\u0001\\u0008\\n\\u2028\ufffdx",',
    ),
  );
});

testWith(
  "decodeNetworkTrace never fails otherwise than by its own errors",
  NEEDS,
  () => {
    const { text } = traceFiles("reused-1.marshal.json")[0]!;
    for (let length = 0; length < text.length; length++) {
      tryDecode(text.slice(0, length));
    }
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const alphabet = '{}[]",:+-0e.ntu\\ms\u0000<';
    for (let round = 0; round < 10_000; round++) {
      const at = random(text.length);
      const put = alphabet.charAt(random(alphabet.length));
      tryDecode(text.slice(0, at) + put + text.slice(at + random(3)));
    }
  },
);

function tryDecode(text: string): void {
  for (const options of [{}, { lenient: true }]) {
    try {
      const trace = decodeNetworkTrace(text, options);
      for (const form of NETWORK_TRACE_FORMS) {
        encodeNetworkTrace(trace, { form });
      }
    } catch (error) {
      if (error instanceof FormatError || error instanceof LimitError) continue;
      throw error;
    }
  }
}

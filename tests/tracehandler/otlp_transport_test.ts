import { assertEquals } from "@std/assert";
import http2 from "node:http2";
import { gunzipSync } from "node:zlib";
import { ProtobufWriter } from "../../src/codec/protobuf_writer.ts";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { decodeOtlpJson } from "../../src/profile/otlp_json_decoder.ts";
import { ProfileBuilder } from "../../src/profile/profile_builder.ts";
import type { Profile } from "../../src/profile/types.ts";
import {
  OtlpExporter,
  type OtlpExporterOptions,
} from "../../src/tracehandler/otlp_exporter.ts";
import { OTLP_HTTP_PATH } from "../../src/tracehandler/otlp_endpoint.ts";
import { parseRetryAfter } from "../../src/tracehandler/otlp_http_client.ts";
import { frameGrpcMessage } from "../../src/tracehandler/grpc_framing.ts";
import {
  decodeGrpcMessage,
  encodeGrpcMessage,
} from "../../src/tracehandler/grpc_message.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { makeAuthority, makeCertificate } from "../netdump/lab/certificate.ts";
import { canSendHttp2Headers } from "../support/http2_server.ts";

const needsHttp2Server = requireThat(
  canSendHttp2Headers(),
  "needs an HTTP/2 server that sends headers: Deno 2.7 or later",
);

/** A profile of so many samples, told apart by their threads. */
function profileOf(samples: number, first = 0): Profile {
  const builder = new ProfileBuilder({
    valueTypes: [{ type: "samples", unit: "count" }],
  });
  for (let index = 0; index < samples; index++) {
    builder.addSample(-1, builder.internThread({ tid: first + index }), [1]);
  }
  return builder.build();
}

/** Threads in a message. */
function threadsOf(bytes: Uint8Array): bigint[] {
  const { dictionary } = decodeOtlp(bytes);
  return dictionary.attributeTable.flatMap(({ value }) =>
    value?.type === "int" ? [value.value] : []
  );
}

interface FakeCollector extends AsyncDisposable {
  readonly url: string;
  readonly requests: { bytes: Uint8Array; headers: Headers }[];
}

/** A collector over HTTP that answers as it is told. */
function fakeCollector(
  answer: (index: number) => Response | Promise<Response>,
): FakeCollector {
  const requests: { bytes: Uint8Array; headers: Headers }[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = new Uint8Array(await request.arrayBuffer());
      const isPacked = request.headers.get("content-encoding") === "gzip";
      requests.push({
        bytes: isPacked ? gunzipSync(body) : body,
        headers: request.headers,
      });
      return await answer(requests.length - 1);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}${OTLP_HTTP_PATH}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Exports profiles over HTTP and tells what became of them. */
async function exportTo(
  url: string,
  profiles: readonly Profile[],
  options: OtlpExporterOptions & {
    protocol?: "http/protobuf" | "http/json" | "grpc";
  } = {},
) {
  const { protocol = "http/protobuf", ...rest } = options;
  const said: string[] = [];
  const exporter = new OtlpExporter({ protocol, url }, {
    firstDelayMs: 1,
    maxDelayMs: 5,
    log: (text) => said.push(text),
    ...rest,
  });
  for (const profile of profiles) exporter.export(profile);
  const left = await exporter.flush();
  await exporter[Symbol.asyncDispose]();
  const { sent, failed, retried, droppedQueue, droppedSize, rejected } =
    exporter.counters;
  return {
    left,
    counts: [sent, failed, retried, droppedQueue, droppedSize, rejected],
    said,
  };
}

Deno.test("OtlpHttpClient sends packed protobuf with headers", async () => {
  await using collector = fakeCollector(() => new Response(null));
  const { counts } = await exportTo(collector.url, [profileOf(2, 7)], {
    headers: { authorization: "Bearer x" },
  });
  assertEquals(counts, [1, 0, 0, 0, 0, 0]);
  const [request] = collector.requests;
  assertEquals(threadsOf(request!.bytes), [7n, 8n]);
  assertEquals(
    ["content-type", "content-encoding", "authorization"].map((name) =>
      request!.headers.get(name)
    ),
    ["application/x-protobuf", "gzip", "Bearer x"],
  );
});

Deno.test("OtlpHttpClient sends JSON, also unpacked and in the old layout", async () => {
  await using collector = fakeCollector(() => Response.json({}));
  await exportTo(collector.url, [profileOf(1, 7)], {
    protocol: "http/json",
    gzip: false,
  });
  await exportTo(collector.url, [profileOf(1, 7)], {
    layout: "1.9",
    gzip: false,
  });
  const [json, old] = collector.requests;
  assertEquals(json!.headers.get("content-type"), "application/json");
  assertEquals(json!.headers.get("content-encoding"), null);
  const message = decodeOtlpJson(new TextDecoder().decode(json!.bytes));
  assertEquals(message.dictionary.attributeTable.length, 2);
  const [sample] = decodeOtlp(old!.bytes, { layout: "1.9" })
    .resourceProfiles[0]!.scopeProfiles[0]!.profiles[0]!.samples;
  assertEquals(sample!.attributeIndices, [1]);
});

Deno.test("OtlpHttpClient tries again when told when, and when not", async () => {
  const soon = new Date(Date.now() + 1000).toUTCString();
  for (
    const answers of [
      [429, { "retry-after": "0" }],
      [429, { "retry-after": soon }],
      [502, {}],
      [503, {}],
      [504, {}],
    ] as const
  ) {
    const [status, headers] = answers;
    await using collector = fakeCollector((index) =>
      index === 0
        ? new Response("busy", { status, headers })
        : new Response(null)
    );
    const { counts } = await exportTo(collector.url, [profileOf(1, 5)], {
      now: () => Date.now() + 60_000,
    });
    assertEquals(counts, [1, 0, 1, 0, 0, 0], `${status}`);
    assertEquals(collector.requests.length, 2);
    assertEquals(threadsOf(collector.requests[1]!.bytes), [5n]);
  }
});

Deno.test("OtlpHttpClient waits as long as Retry-After says", async () => {
  await using collector = fakeCollector((index) =>
    index === 0
      ? new Response(null, { status: 429, headers: { "retry-after": "7" } })
      : new Response(null)
  );
  const { said } = await exportTo(collector.url, [profileOf(1)], {
    timer: {
      now: () => 0,
      random: () => 0,
      // The deadline of the flush never passes.
      wait: (ms) => ms === 7000 ? Promise.resolve() : new Promise(() => {}),
    },
  });
  assertEquals(said, ["HTTP status 429; next attempt in 7000 ms"]);
});

Deno.test("OtlpHttpClient explains what it will not try again", async () => {
  const status = new ProtobufWriter();
  status.int(1, 3);
  status.string(2, "no such thing");
  const cases: [() => Response, string][] = [
    [
      () => new Response(null, { status: 404 }),
      "HTTP status 404; collector has no profiles pipeline",
    ],
    [
      () => new Response(null, { status: 405 }),
      "HTTP status 405; collector has no profiles pipeline",
    ],
    [
      () => new Response("who are you", { status: 401 }),
      "HTTP status 401: who are you; give credentials",
    ],
    [() => new Response(null, { status: 403 }), "give credentials"],
    [
      () =>
        new Response(status.toBytes(), {
          status: 400,
          headers: { "content-type": "application/x-protobuf" },
        }),
      "HTTP status 400: no such thing",
    ],
    [
      () => Response.json({ message: "in words" }, { status: 500 }),
      "HTTP status 500: in words",
    ],
    [
      () => new Response(null, { status: 302, headers: { location: "/else" } }),
      "HTTP status 302; the collector sends elsewhere",
    ],
  ];
  for (const [answer, text] of cases) {
    await using collector = fakeCollector(answer);
    const { counts, said } = await exportTo(collector.url, [profileOf(1)]);
    assertEquals(counts, [0, 1, 0, 0, 0, 0], text);
    assertEquals(said[0]?.includes(text), true, `${said} ${text}`);
    assertEquals(collector.requests.length, 1);
  }
});

Deno.test("OtlpHttpClient counts what a collector rejects of what it takes", async () => {
  const writer = new ProtobufWriter();
  writer.message(1, () => {
    writer.int(1, 4);
    writer.string(2, "too old");
  });
  const body = writer.toBytes();
  const answers = [
    () =>
      new Response(body, {
        headers: { "content-type": "application/x-protobuf" },
      }),
    () =>
      Response.json({
        partialSuccess: { rejectedProfiles: "4", errorMessage: "too old" },
      }),
  ];
  for (const answer of answers) {
    await using collector = fakeCollector(answer);
    const { counts, said } = await exportTo(collector.url, [profileOf(1)]);
    assertEquals(counts, [1, 0, 0, 0, 0, 4]);
    assertEquals(said, ["the collector rejected 4 profiles: too old"]);
  }
});

Deno.test("OtlpExporter sends in halves what a collector finds too large", async () => {
  await using collector = fakeCollector((index) =>
    new Response(null, { status: index === 0 ? 413 : 200 })
  );
  const { counts } = await exportTo(collector.url, [profileOf(5, 1)]);
  assertEquals(counts, [2, 0, 0, 0, 0, 0]);
  assertEquals(collector.requests.map(({ bytes }) => threadsOf(bytes)), [
    [1n, 2n, 3n, 4n, 5n],
    [1n, 2n],
    [3n, 4n, 5n],
  ]);
});

Deno.test("OtlpExporter loses nothing when a collector stalls", async () => {
  await using collector = fakeCollector((index) => {
    if (index > 0) return new Response(null);
    const stalled = Promise.withResolvers<Response>();
    setTimeout(() => stalled.resolve(new Response(null)), 300);
    return stalled.promise;
  });
  const { counts, said } = await exportTo(collector.url, [
    profileOf(1, 1),
    profileOf(1, 2),
  ], { timeoutMs: 50 });
  assertEquals(counts, [2, 0, 1, 0, 0, 0]);
  assertEquals(said[0]?.startsWith("no answer within 50 ms"), true, said[0]);
});

Deno.test("OtlpExporter loses nothing when a collector closes connections and comes back", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const dying = (async () => {
    for (let count = 0; count < 2; count++) {
      using connection = await listener.accept();
      await connection.read(new Uint8Array(16));
    }
    listener.close();
  })();
  let collector: FakeCollector | undefined;
  const seen: bigint[] = [];
  // Once dead, nobody listens for a while; then another one does.
  const returning = dying.then(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      async (request) => {
        seen.push(...threadsOf(
          gunzipSync(new Uint8Array(await request.arrayBuffer())),
        ));
        return new Response(null);
      },
    );
    collector = {
      url: "",
      requests: [],
      [Symbol.asyncDispose]: () => server.shutdown(),
    };
  });
  const url = `http://127.0.0.1:${port}${OTLP_HTTP_PATH}`;
  const profiles = [1, 2, 3, 4].map((first) => profileOf(1, first));
  const { counts } = await exportTo(url, profiles, { maxDelayMs: 20 });
  await returning;
  await collector?.[Symbol.asyncDispose]();
  assertEquals([counts[0], counts[1], counts[3]], [4, 0, 0]);
  assertEquals(seen, [1n, 2n, 3n, 4n]);
});

Deno.test("OtlpExporter counts what a dead collector makes it drop", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const profiles = Array.from(
    { length: 20 },
    (_, first) => profileOf(1, first),
  );
  const { counts } = await exportTo(
    `http://127.0.0.1:${port}${OTLP_HTTP_PATH}`,
    profiles,
    { maxMessages: 8, flushMs: 30 },
  );
  const [sent, failed, , dropped] = counts;
  assertEquals(sent, 0);
  assertEquals(failed! + dropped!, 20);
  assertEquals(dropped! >= 11, true, `${dropped}`);
});

Deno.test("OtlpHttpClient does not read endless answers", async () => {
  let isCancelled = false;
  await using collector = fakeCollector(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => {
          isCancelled = true;
        },
      }),
    )
  );
  const { counts } = await exportTo(collector.url, [profileOf(1)]);
  assertEquals(counts[0], 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(isCancelled, true);
});

Deno.test("OtlpExporter does not send a profile without samples", async () => {
  await using collector = fakeCollector(() => new Response(null));
  const { counts } = await exportTo(collector.url, [profileOf(0)]);
  assertEquals([counts[0], collector.requests.length], [0, 0]);
});

Deno.test("parseRetryAfter reads seconds and dates", () => {
  const now = Date.parse("2026-01-02T03:04:05Z");
  assertEquals(parseRetryAfter("120", now), 120_000);
  assertEquals(parseRetryAfter("Fri, 02 Jan 2026 03:04:15 GMT", now), 10_000);
  assertEquals(parseRetryAfter("Fri, 02 Jan 2026 03:00:00 GMT", now), 0);
  assertEquals(parseRetryAfter("soon", now), undefined);
  assertEquals(parseRetryAfter(null, now), undefined);
});

Deno.test("OtlpHttpClient trusts who it is told to, and nobody else", async () => {
  const authority = await makeAuthority("collector authority");
  const now = Date.now();
  const { certificate, key } = await makeCertificate(authority, {
    names: ["localhost", "127.0.0.1"],
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + 86_400_000),
  });
  let requests = 0;
  await using server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      cert: certificate,
      key,
      onListen: () => {},
    },
    async (request) => {
      await request.bytes();
      requests++;
      return new Response(null);
    },
  );
  const url = `https://localhost:${server.addr.port}${OTLP_HTTP_PATH}`;
  const unknown = await exportTo(url, [profileOf(1)]);
  // Trying again would not make it known.
  assertEquals([unknown.counts, requests], [[0, 1, 0, 0, 0, 0], 0]);
  assertEquals(unknown.said[0]?.includes("certificate"), true);
  const known = await exportTo(url, [profileOf(1)], {
    caCertificates: [authority.certificate],
  });
  assertEquals([known.counts, requests], [[1, 0, 0, 0, 0, 0], 1]);
});

Deno.test("encodeGrpcMessage keeps printable text and gives back all of it", () => {
  assertEquals(encodeGrpcMessage("at byte 2: 100 %"), "at byte 2: 100 %25");
  assertEquals(encodeGrpcMessage("é\n"), "%C3%A9%0A");
  for (const text of ["ünter\n", "", "%", "日本 😀"]) {
    assertEquals(decodeGrpcMessage(encodeGrpcMessage(text)), text);
  }
  assertEquals(decodeGrpcMessage("50 %"), "50 %");
});

interface FakeGrpc extends AsyncDisposable {
  readonly url: string;
  readonly messages: Uint8Array[];
}

/** A collector over gRPC; a status that is not 0 comes with the first headers. */
async function fakeGrpc(
  answer: (index: number) =>
    | {
      status: number;
      message?: string;
      details?: Uint8Array;
      body?: Uint8Array;
    }
    | "hang"
    | "close",
): Promise<FakeGrpc> {
  const messages: Uint8Array[] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on("session", (session: http2.ServerHttp2Session) => {
    sessions.add(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream) => {
    const parts: Uint8Array[] = [];
    stream.on("error", () => {});
    stream.on("data", (part: Uint8Array) => parts.push(part));
    stream.on("end", () => {
      const frame = new Uint8Array(parts.flatMap((part) => [...part]));
      messages.push(
        frame[0] === 1 ? gunzipSync(frame.subarray(5)) : frame.subarray(5),
      );
      const given = answer(messages.length - 1);
      if (given === "hang") return;
      if (given === "close") {
        stream.session?.destroy();
        return;
      }
      const headers = { ":status": 200, "content-type": "application/grpc" };
      const status = {
        "grpc-status": String(given.status),
        ...(given.message === undefined
          ? {}
          : { "grpc-message": encodeGrpcMessage(given.message) }),
        ...(given.details === undefined
          ? {}
          : { "grpc-status-details-bin": given.details.toBase64() }),
      };
      if (given.status !== 0) {
        stream.respond({ ...headers, ...status }, { endStream: true });
        return;
      }
      stream.respond(headers, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(status));
      stream.end(frameGrpcMessage(given.body ?? new Uint8Array(0)));
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null
    ? address.port
    : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    messages,
    [Symbol.asyncDispose]: () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      for (const session of sessions) session.destroy();
      return closed.promise;
    },
  };
}

testWith(
  "OtlpGrpcClient sends messages and reads what was rejected",
  [needsHttp2Server],
  async () => {
    const writer = new ProtobufWriter();
    writer.message(1, () => {
      writer.int(1, 2);
      writer.string(2, "lost");
    });
    await using collector = await fakeGrpc((index) => ({
      status: 0,
      ...(index === 1 ? { body: writer.toBytes() } : {}),
    }));
    for (const gzip of [true, false]) {
      await exportTo(collector.url, [profileOf(1, 9)], {
        protocol: "grpc",
        gzip,
      });
    }
    assertEquals(collector.messages.map(threadsOf), [[9n], [9n]]);
    const { counts, said } = await exportTo(
      collector.url,
      [profileOf(1), profileOf(1)],
      { protocol: "grpc" },
    );
    assertEquals(counts.slice(0, 2), [2, 0]);
    assertEquals(said, []);
  },
);

testWith(
  "OtlpGrpcClient tries again what may be tried again",
  [needsHttp2Server],
  async () => {
    const retryInfo = new ProtobufWriter();
    retryInfo.int(1, 8);
    retryInfo.message(3, () => {
      retryInfo.string(1, "type.googleapis.com/google.rpc.RetryInfo");
      retryInfo.message(2, () =>
        retryInfo.message(1, () => {
          retryInfo.int(2, 2_000_000);
        }));
    });
    for (const status of [1, 4, 10, 11, 14, 15, 8]) {
      await using collector = await fakeGrpc((index) =>
        index === 0
          ? {
            status,
            message: "später",
            ...(status === 8 ? { details: retryInfo.toBytes() } : {}),
          }
          : { status: 0 }
      );
      const { counts, said } = await exportTo(
        collector.url,
        [profileOf(1)],
        { protocol: "grpc" },
      );
      assertEquals(counts, [1, 0, 1, 0, 0, 0], `${status}`);
      assertEquals(said[0]?.includes(": später;"), true, said[0]);
      if (status === 8) {
        assertEquals(said[0]?.endsWith("next attempt in 2 ms"), true, said[0]);
      }
    }
  },
);

testWith(
  "OtlpGrpcClient explains what it will not try again",
  [needsHttp2Server],
  async () => {
    const cases: [number, string][] = [
      [12, "gRPC status UNIMPLEMENTED: x; collector has no profiles pipeline"],
      [16, "gRPC status UNAUTHENTICATED: x; give credentials"],
      [3, "gRPC status INVALID_ARGUMENT: x"],
      [8, "gRPC status RESOURCE_EXHAUSTED: x"],
    ];
    for (const [status, text] of cases) {
      await using collector = await fakeGrpc(() => ({ status, message: "x" }));
      const { counts, said } = await exportTo(collector.url, [profileOf(1)], {
        protocol: "grpc",
      });
      assertEquals(counts, [0, 1, 0, 0, 0, 0]);
      assertEquals(said[0]?.includes(text), true, said[0]);
    }
  },
);

testWith(
  "OtlpGrpcClient splits what a server finds larger than its maximum",
  [needsHttp2Server],
  async () => {
    await using collector = await fakeGrpc((index) =>
      index === 0
        ? { status: 8, message: "grpc: received message larger than max" }
        : { status: 0 }
    );
    const { counts } = await exportTo(collector.url, [profileOf(4, 1)], {
      protocol: "grpc",
    });
    assertEquals(counts, [2, 0, 0, 0, 0, 0]);
    assertEquals(collector.messages.slice(1).map(threadsOf), [
      [1n, 2n],
      [3n, 4n],
    ]);
  },
);

testWith(
  "OtlpGrpcClient loses nothing when a server stalls or dies",
  [needsHttp2Server],
  async () => {
    for (const fault of ["hang", "close"] as const) {
      await using collector = await fakeGrpc((index) =>
        index === 0 ? fault : { status: 0 }
      );
      const { counts } = await exportTo(
        collector.url,
        [profileOf(1, 1), profileOf(1, 2)],
        { protocol: "grpc", timeoutMs: 200 },
      );
      assertEquals(counts, [2, 0, 1, 0, 0, 0], fault);
      assertEquals(collector.messages.map(threadsOf), [[1n], [1n], [2n]]);
    }
  },
);

Deno.test("OtlpGrpcClient says that it met HTTP, and OtlpHttpClient that it met gRPC", async () => {
  await using collector = fakeCollector(() =>
    new Response(null, { status: 404 })
  );
  const url = collector.url.replace(OTLP_HTTP_PATH, "");
  const grpc = await exportTo(url, [profileOf(1)], { protocol: "grpc" });
  assertEquals(
    grpc.said[0]?.includes("may speak HTTP only"),
    true,
    grpc.said[0],
  );
  if (!canSendHttp2Headers()) return;
  await using server = await fakeGrpc(() => ({ status: 0 }));
  const http = await exportTo(
    `${server.url}${OTLP_HTTP_PATH}`,
    [profileOf(1)],
    {
      giveUpMs: 0,
    },
  );
  assertEquals(http.said[0]?.includes("may speak gRPC"), true, http.said[0]);
});

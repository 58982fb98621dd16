import { assertEquals, assertRejects } from "@std/assert";
import http2 from "node:http2";
import { gzipSync } from "node:zlib";
import { encodeOtlpJson } from "../../src/profile/otlp_json_encoder.ts";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlp } from "../../src/profile/otlp_encoder.ts";
import { decodeRpcStatus } from "../../src/tracehandler/otlp_response_decoder.ts";
import { OTLP_HTTP_PATH } from "../../src/tracehandler/otlp_endpoint.ts";
import { OtlpGrpcClient } from "../../src/tracehandler/otlp_grpc_client.ts";
import {
  listenOtlp,
  type ListenOtlpOptions,
  type ReceivedOtlp,
} from "../../src/tracehandler/otlp_server.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0 };
const TINY = Deno.readFileSync(
  new URL("../fixtures/tracehandler/otlp/tiny.expected.otlp", import.meta.url),
);

async function listen(options: Partial<ListenOtlpOptions> = {}) {
  const received: ReceivedOtlp[] = [];
  const server = await listenOtlp({
    http: LOOPBACK,
    onProfiles: (message) => void received.push(message),
    ...options,
  });
  const post = async (
    body: BodyInit | undefined,
    headers: Record<string, string> = {},
    path = OTLP_HTTP_PATH,
    method = "POST",
  ) => {
    const response = await fetch(
      `http://127.0.0.1:${server.httpAddress!.port}${path}`,
      { method, body: body ?? null, headers },
    );
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      bytes: new Uint8Array(await response.arrayBuffer()),
    };
  };
  return { server, received, post };
}

function pack(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

const PROTOBUF = { "content-type": "application/x-protobuf" };

Deno.test("listenOtlp takes protobuf and JSON, packed or not", async () => {
  const { server, received, post } = await listen();
  await using _ = server;
  assertEquals(await post(TINY, PROTOBUF), {
    status: 200,
    type: "application/x-protobuf",
    bytes: new Uint8Array(0),
  });
  await post(pack(TINY), { ...PROTOBUF, "content-encoding": "gzip" });
  const json = encodeOtlpJson(decodeOtlp(TINY));
  const answer = await post(json, {
    "content-type": "application/json; charset=utf-8",
  });
  assertEquals(new TextDecoder().decode(answer.bytes), "{}");
  assertEquals(received.map(({ transport }) => transport), [
    "http/protobuf",
    "http/protobuf",
    "http/json",
  ]);
  for (const { profiles } of received) {
    assertEquals(encodeOtlp(profiles).toHex(), TINY.toHex());
  }
});

Deno.test("listenOtlp says what it does not take", async () => {
  const { server, received, post } = await listen({ maxMessageBytes: 1000 });
  await using _ = server;
  assertEquals((await post(TINY, PROTOBUF, "/v1/traces")).status, 404);
  assertEquals(
    (await post(undefined, {}, OTLP_HTTP_PATH, "GET")).status,
    405,
  );
  assertEquals(
    (await post(TINY, { "content-type": "text/plain" })).status,
    415,
  );
  const deflate = { ...PROTOBUF, "content-encoding": "deflate" };
  assertEquals((await post(TINY, deflate)).status, 415);
  const damaged = await post(TINY.slice(0, 100), PROTOBUF);
  assertEquals(damaged.status, 400);
  const status = decodeRpcStatus(damaged.bytes);
  assertEquals(status.code, 3);
  assertEquals(status.message.startsWith("Cannot read OTLP message"), true);
  const json = await post("{", { "content-type": "application/json" });
  assertEquals([json.status, json.type], [400, "application/json"]);
  assertEquals((await post(new Uint8Array(1001), PROTOBUF)).status, 413);
  const bomb = pack(new Uint8Array(1_000_000));
  const packed = { ...PROTOBUF, "content-encoding": "gzip" };
  assertEquals((await post(bomb, packed)).status, 413);
  assertEquals((await post(pack(TINY).subarray(0, 50), packed)).status, 400);
  assertEquals(received.length, 0);
});

Deno.test("listenOtlp asks senders to come again when a message cannot be kept", async () => {
  const { server, post } = await listen({
    onProfiles: () => Promise.reject(new Error("Cannot write: disk is full")),
  });
  await using _ = server;
  const answer = await post(TINY, PROTOBUF);
  assertEquals(answer.status, 503);
  assertEquals(
    decodeRpcStatus(answer.bytes).message,
    "Cannot write: disk is full",
  );
});

Deno.test("listenOtlp passes other requests on", async () => {
  const { server, post } = await listen({
    onRequest: (request) => new Response(new URL(request.url).pathname),
  });
  await using _ = server;
  const { bytes } = await post("x", {}, "/ingest");
  assertEquals(new TextDecoder().decode(bytes), "/ingest");
});

Deno.test("listenOtlp refuses an address that is taken", async () => {
  const { server } = await listen();
  await using _ = server;
  await assertRejects(
    () => listenOtlp({ http: server.httpAddress, onProfiles: () => {} }),
    Deno.errors.AddrInUse,
    `Cannot listen on 127.0.0.1:${
      server.httpAddress!.port
    }: the address is taken`,
  );
});

Deno.test("listenOtlp takes so many messages at a time and asks the others to come again", async () => {
  const release = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { server, post } = await listen({
    maxMessages: 1,
    onProfiles: async () => {
      entered.resolve();
      await release.promise;
    },
  });
  await using _ = server;
  const first = post(TINY, PROTOBUF);
  await entered.promise;
  const second = await fetch(
    `http://127.0.0.1:${server.httpAddress!.port}${OTLP_HTTP_PATH}`,
    { method: "POST", body: TINY, headers: PROTOBUF },
  );
  await second.bytes();
  assertEquals([second.status, second.headers.get("retry-after")], [503, "1"]);
  release.resolve();
  assertEquals((await first).status, 200);
  assertEquals((await post(TINY, PROTOBUF)).status, 200);
});

Deno.test("listenOtlp does not wait for ever for a message", async () => {
  const { server, received } = await listen({
    maxMessages: 1,
    receiveTimeoutMs: 50,
  });
  await using _ = server;
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.httpAddress!.port,
  });
  await connection.write(
    new TextEncoder().encode(
      `POST ${OTLP_HTTP_PATH} HTTP/1.1\r\nhost: x\r\n` +
        `content-type: application/x-protobuf\r\ncontent-length: 429\r\n\r\n`,
    ),
  );
  await connection.write(TINY.subarray(0, 100));
  const answer = new Uint8Array(1000);
  const length = await connection.read(answer);
  assertEquals(
    new TextDecoder().decode(answer.subarray(0, length!)).split("\r\n")[0],
    "HTTP/1.1 503 Service Unavailable",
  );
  connection.close();
  assertEquals(received.length, 0);
});

Deno.test(
  "listenOtlp answers gRPC calls of other services as unknown",
  async () => {
    const { server, received } = await listen({
      http: undefined,
      grpc: LOOPBACK,
    });
    await using _ = server;
    const session = http2.connect(
      `http://127.0.0.1:${server.grpcAddress!.port}`,
    );
    const answered = Promise.withResolvers<http2.IncomingHttpHeaders>();
    const request = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
    });
    request.on("response", answered.resolve);
    request.on("error", () => {});
    const ended = Promise.withResolvers<void>();
    request.on("end", () => ended.resolve());
    request.resume();
    request.end(TINY);
    const headers = await answered.promise;
    await ended.promise;
    assertEquals([headers[":status"], headers["grpc-status"]], [200, "12"]);
    session.destroy();
    assertEquals(received.length, 0);
  },
);

Deno.test("listenOtlp takes gRPC", async () => {
  const { server, received } = await listen({
    http: undefined,
    grpc: LOOPBACK,
    maxMessageBytes: 1000,
  });
  await using _ = server;
  await using client = new OtlpGrpcClient({
    protocol: "grpc",
    url: `http://127.0.0.1:${server.grpcAddress!.port}`,
  });
  const { signal } = new AbortController();
  assertEquals(await client.send(TINY, signal), {
    type: "sent",
    rejected: 0,
    message: "",
  });
  assertEquals(received.map(({ transport }) => transport), ["grpc"]);
  assertEquals(received[0]!.bytes.length, TINY.length);
  const damaged = await client.send(TINY.slice(0, 100), signal);
  assertEquals(
    damaged.type === "refused" && damaged.reason.startsWith(
      "gRPC status INVALID_ARGUMENT: Cannot read OTLP message at byte",
    ),
    true,
  );
  const large = await client.send(new Uint8Array(2000), signal);
  assertEquals(
    large.type === "refused" &&
      large.reason.includes("RESOURCE_EXHAUSTED"),
    true,
  );
});

import { assertEquals, assertThrows } from "@std/assert";
import {
  parseKeyValueList,
  parseOtlpEndpoint,
} from "../../src/tracehandler/otlp_endpoint.ts";
import { readOtlpEnvironment } from "../../src/tracehandler/otlp_environment.ts";

const PATH = "/v1development/profiles";

Deno.test("parseOtlpEndpoint finds protocol and path by the scheme", () => {
  const cases: [string, string, string][] = [
    ["http://h:4318", "http/protobuf", `http://h:4318${PATH}`],
    ["https://h", "http/protobuf", `https://h${PATH}`],
    ["http://h:4318/", "http/protobuf", `http://h:4318${PATH}`],
    ["http://h/base/", "http/protobuf", `http://h/base${PATH}`],
    [`http://h${PATH}`, "http/protobuf", `http://h${PATH}`],
    ["http://[::1]:4318", "http/protobuf", `http://[::1]:4318${PATH}`],
    ["grpc://h:1", "grpc", "http://h:1"],
    ["grpc://h", "grpc", "http://h:4317"],
    ["grpc://h:80", "grpc", "http://h"],
    ["grpcs://h", "grpc", "https://h:4317"],
    ["GRPC://h", "grpc", "http://h:4317"],
  ];
  for (const [text, protocol, url] of cases) {
    const endpoint = parseOtlpEndpoint(text);
    assertEquals([endpoint.protocol, endpoint.url], [protocol, url], text);
  }
});

Deno.test("parseOtlpEndpoint takes the protocol that is named", () => {
  assertEquals(parseOtlpEndpoint("http://h:4317", { protocol: "grpc" }), {
    protocol: "grpc",
    url: "http://h:4317",
  });
  assertEquals(
    parseOtlpEndpoint("http://h:4317", { protocol: "http/json" }).url,
    `http://h:4317${PATH}`,
  );
  assertEquals(
    parseOtlpEndpoint("http://h/own", { isComplete: true }).url,
    "http://h/own",
  );
});

Deno.test("parseOtlpEndpoint says what is wrong and what to write", () => {
  const cases: [string, string][] = [
    ["localhost:4318", "write http://localhost:4318 for HTTP or grpc://"],
    ["collector", "it has no scheme"],
    ["ftp://h", "scheme is ftp"],
    ["http://h:4317", "port 4317 is for gRPC; write grpc://h:4317"],
    ["https://h:4317", "write grpcs://h:4317"],
    ["grpc://h:4317/path", "gRPC takes no path, found /path"],
    ["http://::1:4318", "IPv6 addresses stand in brackets"],
    ["http://", "it is no address"],
    ["http://h:99999", "it is no address"],
  ];
  for (const [text, message] of cases) {
    assertThrows(() => parseOtlpEndpoint(text), SyntaxError, message);
  }
  assertThrows(
    () => parseOtlpEndpoint("grpc://h", { protocol: "http/json" }),
    SyntaxError,
    "but the protocol is http/json",
  );
});

Deno.test("parseKeyValueList decodes values and refuses what has no key", () => {
  assertEquals(parseKeyValueList("a=1, b=x%20y,c=,,d=e=f", "x"), {
    a: "1",
    b: "x y",
    c: "",
    d: "e=f",
  });
  assertEquals(parseKeyValueList("a=%zz", "x"), { a: "%zz" });
  for (const text of ["a", "=b", "a=1,b"]) {
    assertThrows(
      () => parseKeyValueList(text, "HEADERS"),
      SyntaxError,
      "HEADERS",
    );
  }
});

function environment(values: Record<string, string>) {
  return readOtlpEnvironment((name) => values[name]);
}

Deno.test("readOtlpEnvironment prefers what is said for profiles", () => {
  const prefix = "OTEL_EXPORTER_OTLP_";
  assertEquals(
    environment({ [`${prefix}ENDPOINT`]: "http://h:4318" }).endpoint?.url,
    `http://h:4318${PATH}`,
  );
  const settings = environment({
    [`${prefix}ENDPOINT`]: "http://h:4318",
    [`${prefix}PROFILES_ENDPOINT`]: "http://p/own",
    [`${prefix}HEADERS`]: "Authorization=Bearer%20x",
    [`${prefix}COMPRESSION`]: "none",
    [`${prefix}TIMEOUT`]: "2500",
    [`${prefix}PROFILES_TIMEOUT`]: "500",
    [`${prefix}CERTIFICATE`]: "/ca.pem",
    [`${prefix}PROTOCOL`]: "http/json",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=a,host.name=b",
    OTEL_SERVICE_NAME: "c",
  });
  assertEquals(settings, {
    endpoint: { protocol: "http/json", url: "http://p/own" },
    protocol: "http/json",
    headers: { authorization: "Bearer x" },
    gzip: false,
    timeoutMs: 500,
    certificate: "/ca.pem",
    clientCertificate: undefined,
    clientKey: undefined,
    resourceAttributes: { "service.name": "c", "host.name": "b" },
  });
});

Deno.test("readOtlpEnvironment takes nothing from an empty environment", () => {
  const settings = environment({ OTEL_EXPORTER_OTLP_ENDPOINT: "" });
  assertEquals(settings.endpoint, undefined);
  assertEquals(settings.resourceAttributes, {});
});

Deno.test("readOtlpEnvironment refuses values that cannot be used", () => {
  for (
    const [name, value] of [
      ["PROTOCOL", "udp"],
      ["COMPRESSION", "zstd"],
      ["TIMEOUT", "soon"],
      ["ENDPOINT", "h:4318"],
    ]
  ) {
    assertThrows(
      () => environment({ [`OTEL_EXPORTER_OTLP_${name}`]: value! }),
      SyntaxError,
    );
  }
});

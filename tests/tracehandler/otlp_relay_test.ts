import { assertEquals } from "@std/assert";
import { decodeOtlp } from "../../src/profile/otlp_decoder.ts";
import { encodeOtlpJson } from "../../src/profile/otlp_json_encoder.ts";
import { OTLP_HTTP_PATH } from "../../src/tracehandler/otlp_endpoint.ts";
import type { OtlpProtocol } from "../../src/tracehandler/otlp_endpoint.ts";
import { OtlpRelay } from "../../src/tracehandler/otlp_relay.ts";
import {
  listenOtlp,
  type ReceivedOtlp,
} from "../../src/tracehandler/otlp_server.ts";

const TINY = Deno.readFileSync(
  new URL("../fixtures/tracehandler/otlp/tiny.expected.otlp", import.meta.url),
);
/** A field that nobody knows yet. */
const UNKNOWN = Uint8Array.of(0xa2, 6, 1, 0x78);

/** What comes out of a relay that speaks a protocol. */
async function relayed(
  messages: readonly ReceivedOtlp[],
  protocol: OtlpProtocol,
): Promise<ReceivedOtlp[]> {
  const received: ReceivedOtlp[] = [];
  await using server = await listenOtlp({
    http: { hostname: "127.0.0.1", port: 0 },
    onProfiles: (message) => void received.push(message),
  });
  const url = `http://127.0.0.1:${server.httpAddress!.port}${OTLP_HTTP_PATH}`;
  {
    await using relay = new OtlpRelay({ protocol, url });
    for (const message of messages) relay.push(message);
  }
  return received;
}

Deno.test("OtlpRelay passes protobuf on byte for byte", async () => {
  const bytes = new Uint8Array([...TINY, ...UNKNOWN]);
  const [received] = await relayed([
    { bytes, profiles: decodeOtlp(bytes), transport: "grpc" },
  ], "http/protobuf");
  assertEquals(received!.bytes.toHex(), bytes.toHex());
});

Deno.test("OtlpRelay translates between JSON and protobuf", async () => {
  const profiles = decodeOtlp(TINY);
  const json = new TextEncoder().encode(encodeOtlpJson(profiles));
  const [asProtobuf] = await relayed([
    { bytes: json, profiles, transport: "http/json" },
  ], "http/protobuf");
  assertEquals(asProtobuf!.bytes.toHex(), TINY.toHex());
  const [asJson] = await relayed([
    { bytes: TINY, profiles, transport: "http/protobuf" },
  ], "http/json");
  assertEquals(asJson!.bytes.toHex(), json.toHex());
});

import dgram from "node:dgram";
import { decodeDnsMessage } from "../../../src/netdump/tracer/dns_decoder.ts";
import type { DnsMessage } from "../../../src/netdump/tracer/dns_decoder.ts";
import { encodeDnsName } from "../../../src/netdump/tracer/dns_name.ts";
import { parseIpAddress } from "../../../src/codec/ip_address.ts";

/** A record of an answer. */
export interface AnswerRecord {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
  readonly ttl?: number;
}

/** What a scripted server answers; nothing is no answer. */
export type DnsHandler = (
  query: DnsMessage,
  via: "udp" | "tcp",
) => readonly Uint8Array[] | undefined;

/** A running server. */
export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** Queries that came in, with the way they came. */
  readonly seen: readonly string[];
}

/** A port that is free for TCP need not be free for UDP: then another one is. */
async function bindBoth(): Promise<{
  readonly socket: dgram.Socket;
  readonly listener: Deno.TcpListener;
  readonly port: number;
}> {
  for (let attempt = 1;; attempt++) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const socket = dgram.createSocket("udp4");
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind({ address: "127.0.0.1", port }, () => resolve());
      });
      return { socket, listener, port };
    } catch (error) {
      socket.close();
      listener.close();
      if (attempt === 20) throw error;
    }
  }
}

/**
 * Serves DNS on 127.0.0.1, over UDP and TCP on one port. Over TCP each answer is
 * sent in three pieces.
 */
export async function startDnsServer(handler: DnsHandler): Promise<DnsServer> {
  const seen: string[] = [];
  const { socket, listener, port } = await bindBoth();
  const handle = (bytes: Uint8Array, via: "udp" | "tcp") => {
    const query = decodeDnsMessage(bytes)!;
    const [question] = query.questions;
    seen.push(`${via} ${question?.type} ${question?.name}`);
    return handler(query, via) ?? [];
  };
  socket.on("message", (bytes: Uint8Array, from) => {
    for (const reply of handle(new Uint8Array(bytes), "udp")) {
      socket.send(reply, from.port, from.address);
    }
  });
  const answering: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      answering.push(
        (async () => {
          using _conn = conn;
          const buffer = new Uint8Array(1024);
          const size = await conn.read(buffer) ?? 0;
          if (size < 2) return;
          for (const reply of handle(buffer.slice(2, size), "tcp")) {
            const length = [reply.length >> 8, reply.length & 0xff];
            const whole = new Uint8Array([...length, ...reply]);
            for (const part of [[0, 1], [1, 7], [7, whole.length]] as const) {
              await conn.write(whole.subarray(...part));
              await new Promise((resolve) => setTimeout(resolve, 2));
            }
          }
          // A client that leaves early is none of a test's business.
        })().catch(() => {}),
      );
    }
  })();
  return {
    address: `127.0.0.1:${port}`,
    seen,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      listener.close();
      await accepting;
      await Promise.all(answering);
    },
  };
}

/** Encodes an answer to a query. */
export function answer(
  query: DnsMessage,
  records: readonly AnswerRecord[],
  options: {
    readonly rcode?: number;
    readonly truncated?: boolean;
    readonly id?: number;
    readonly name?: string;
    readonly type?: number;
    readonly lame?: boolean;
  } = {},
): Uint8Array {
  const [question] = query.questions;
  const name = encodeDnsName(options.name ?? question!.name)!;
  const parts: number[] = [];
  const u16 = (value: number) => parts.push(value >> 8 & 0xff, value & 0xff);
  u16(options.id ?? query.id);
  const flags = options.lame === true ? 0x8000 : 0x8580;
  u16(flags | (options.truncated === true ? 0x0200 : 0) | (options.rcode ?? 0));
  u16(1);
  u16(records.length);
  u16(0);
  u16(0);
  parts.push(...name);
  u16(options.type ?? question!.type);
  u16(1);
  for (const record of records) {
    parts.push(...encodeDnsName(record.name)!);
    u16(record.type);
    u16(1);
    const ttl = record.ttl ?? 60;
    u16(ttl >>> 16);
    u16(ttl);
    u16(record.data.length);
    parts.push(...record.data);
  }
  return new Uint8Array(parts);
}

/** Addresses by name; other names do not exist. */
export function zone(
  names: Readonly<Record<string, readonly string[]>>,
): DnsHandler {
  return (query) => {
    const [question] = query.questions;
    const found = names[question!.name];
    if (found === undefined) return [answer(query, [], { rcode: 3 })];
    return [
      answer(query, addressRecords(question!.name, found, question!.type)),
    ];
  };
}

/** The addresses of one type as records. */
export function addressRecords(
  name: string,
  addresses: readonly string[],
  type: number,
): AnswerRecord[] {
  return addresses.map((text) => parseIpAddress(text)!)
    .filter((data) => data.length === (type === 1 ? 4 : 16))
    .map((data) => ({ name, type, data }));
}

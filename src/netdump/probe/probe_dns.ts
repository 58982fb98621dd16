import { parseIpAddress } from "../../codec/ip_address.ts";
import { dnsRcodeText } from "../nettrace_enum_table.ts";
import type { NetworkState } from "../state/types.ts";
import { decodeDnsMessage } from "../tracer/dns_decoder.ts";
import type { DnsMessage } from "../tracer/dns_decoder.ts";
import { DNS_TYPE, encodeDnsQuery } from "../tracer/dns_encoder.ts";
import { candidateNames } from "../tracer/resolv_conf.ts";
import { exchangeDatagram } from "./exchange_datagram.ts";
import type { ProbeResult } from "./types.ts";

const TIMEOUT_MS = 1500;
const ATTEMPTS = 2;
const MAX_SERVERS = 6;
const MAX_NAMES = 4;
/** What is asked for when no name is of interest: every server knows the root. */
const ROOT = ".";
const TYPE_NS = 2;
const RCODE_NXDOMAIN = 3;

/**
 * Asks every name server for the names of interest, each by itself.
 *
 * @param state State of the network, with the servers.
 * @param hosts Names of interest; addresses among them are left out.
 * @param signal Ends the work.
 * @returns A result for each server, name and type.
 */
export async function probeDns(
  state: NetworkState,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { resolver } = state;
  if (resolver === undefined) return [];
  const servers = new Set([
    ...resolver.servers,
    ...resolver.behindStub ?? [],
  ]);
  const names = new Set<string>();
  for (const host of hosts) {
    if (parseIpAddress(host) !== undefined) continue;
    // What is tried first is what fails first.
    const [first] = candidateNames(host, {
      search: resolver.search.map((suffix) => `${suffix}.`),
      ndots: 1,
    });
    if (first !== undefined) names.add(first);
  }
  const questions = names.size === 0
    ? [{ name: ROOT, type: TYPE_NS, text: "NS" }]
    : [...names].slice(0, MAX_NAMES).flatMap((name) => [
      { name, type: DNS_TYPE.a, text: "A" },
      { name, type: DNS_TYPE.aaaa, text: "AAAA" },
    ]);
  return await Promise.all(
    [...servers].slice(0, MAX_SERVERS).flatMap((server) =>
      questions.map((question) => askServer(server, question, signal))
    ),
  );
}

interface Question {
  readonly name: string;
  readonly type: number;
  readonly text: string;
}

async function askServer(
  server: string,
  question: Question,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const started = performance.now();
  const finish = (
    outcome: ProbeResult["outcome"],
    cause: string,
    details: ProbeResult["details"] = {},
  ): ProbeResult => ({
    probe: "dns",
    target: server,
    outcome,
    phase: "udp",
    cause,
    hint: "",
    durationMs: Math.round(performance.now() - started),
    details: { name: question.name, type: question.text, ...details },
  });
  const id = Math.floor(Math.random() * 0x10000);
  const query = encodeDnsQuery({ ...question, id });
  if (query === undefined) return finish("skipped", "bad-name");
  let reply: DnsMessage | undefined;
  try {
    const answer = await exchangeDatagram(query, {
      address: server,
      port: 53,
      timeoutMs: TIMEOUT_MS,
      attempts: ATTEMPTS,
      signal,
      accept: (bytes) => decodeDnsMessage(bytes)?.id === id,
    });
    reply = answer === undefined ? undefined : decodeDnsMessage(answer);
  } catch (error) {
    const { code = "" } = error as { readonly code?: string };
    return finish("fail", code === "ECONNREFUSED" ? "refused" : "unreachable", {
      code,
    });
  }
  if (reply === undefined) return finish("fail", "silent");
  const rcode = dnsRcodeText(reply.rcode);
  const answers = reply.answers.flatMap(({ value }) => value ?? []);
  if (reply.rcode === RCODE_NXDOMAIN) {
    return finish("fail", "no-such-name", { rcode, answers: [] });
  }
  if (reply.rcode !== 0) return finish("fail", "failure", { rcode });
  return finish("ok", "", { rcode, answers });
}

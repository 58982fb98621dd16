import {
  formatIpAddress,
  parseIpAddress,
  splitHostPort,
} from "../../codec/ip_address.ts";
import { openScope, reasonOf } from "./_abort.ts";
import { exchangeDns } from "./_dns_exchange.ts";
import type { LiveDial } from "./_live_records.ts";
import type { TracerContext } from "./_tracer_context.ts";
import { orderAddresses } from "./address_order.ts";
import { isAddressRecord } from "./dns_decoder.ts";
import type { DnsMessage } from "./dns_decoder.ts";
import { DNS_TYPE, encodeDnsQuery } from "./dns_encoder.ts";
import { encodeDnsName } from "./dns_name.ts";
import { IO_TIMEOUT, RequestError } from "./request_error.ts";
import { candidateNames } from "./resolv_conf.ts";
import type { ResolverConfig } from "./resolv_conf.ts";
import { ResolverConfigSource } from "./resolver_config_source.ts";

const NO_SUCH_HOST = "no such host";
const RCODE_SUCCESS = 0;
const RCODE_NO_NAME = 3;

/** Failure of one name: what to say, and whether another server could say more. */
interface LookupFailure {
  readonly server: string | undefined;
  readonly text: string;
  readonly isTimeout: boolean;
  readonly cause?: unknown;
}

type TypeResult =
  | { readonly type: "found"; readonly addresses: readonly string[] }
  | { readonly type: "failed"; readonly failure: LookupFailure };

/** Looks names up as Go's resolver does, and records every socket and message. */
export class Resolver {
  readonly #context: TracerContext;
  readonly #source: ResolverConfigSource;
  #rotation = 0;

  /** @param context The tracer. */
  constructor(context: TracerContext) {
    this.#context = context;
    this.#source = new ResolverConfigSource(
      context.host,
      () => context.clock.now(),
    );
  }

  /**
   * Finds the addresses of a name.
   *
   * @param name Name or address.
   * @param dial The dial that needs them.
   * @param signal Ends the lookup.
   * @returns Addresses, best first, at least one.
   * @throws {RequestError} `lookup NAME on SERVER: …`.
   */
  async lookup(
    name: string,
    dial: LiveDial,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const literal = parseIpAddress(name);
    if (literal !== undefined) {
      const zone = /%.+$/s.exec(name)?.[0] ?? "";
      return [formatIpAddress(literal) + zone];
    }
    if (encodeDnsName(name) === undefined) {
      throw this.#error(name, {
        server: undefined,
        text: NO_SUCH_HOST,
        isTimeout: false,
      });
    }
    let failure: LookupFailure = {
      server: undefined,
      text: NO_SUCH_HOST,
      isTimeout: false,
    };
    for (const source of await this.#source.order()) {
      if (source === "files") {
        const found = await this.#source.hosts(name);
        if (found.length > 0) return this.#order(found);
        continue;
      }
      const result = await this.#lookupDns(name, dial, signal);
      if (result.type === "found") return this.#order(result.addresses);
      failure = result.failure;
    }
    throw this.#error(name, failure);
  }

  async #lookupDns(
    name: string,
    dial: LiveDial,
    signal: AbortSignal,
  ): Promise<TypeResult> {
    const system = await this.#source.config();
    const { nameservers } = this.#context.client;
    const config = nameservers === undefined || nameservers.length === 0
      ? system
      : { ...system, nameservers };
    let failure: LookupFailure | undefined;
    for (const candidate of candidateNames(name, config)) {
      const ask = (type: number) =>
        this.#lookupType(candidate, type, config, dial, signal);
      const results = config.singleRequest
        ? [await ask(DNS_TYPE.a), await ask(DNS_TYPE.aaaa)]
        : await Promise.all([ask(DNS_TYPE.a), ask(DNS_TYPE.aaaa)]);
      const addresses = results.flatMap((result) =>
        result.type === "found" ? result.addresses : []
      );
      if (addresses.length > 0) return { type: "found", addresses };
      for (const result of results) {
        if (result.type === "found") continue;
        // What was said of the name as it is counts less than of the others.
        if (failure === undefined || candidate !== `${name}.`) {
          failure = result.failure;
        }
      }
      if (signal.aborted) break;
    }
    return {
      type: "failed",
      failure: failure ?? {
        server: undefined,
        text: NO_SUCH_HOST,
        isTimeout: false,
      },
    };
  }

  async #lookupType(
    name: string,
    type: number,
    config: ResolverConfig,
    dial: LiveDial,
    signal: AbortSignal,
  ): Promise<TypeResult> {
    const { nameservers } = config;
    const first = config.rotate ? this.#rotation++ : 0;
    let failure: LookupFailure = {
      server: undefined,
      text: NO_SUCH_HOST,
      isTimeout: false,
    };
    for (let attempt = 0; attempt < config.attempts; attempt++) {
      for (let index = 0; index < nameservers.length; index++) {
        const server = nameservers[(first + index) % nameservers.length]!;
        try {
          const reply = await this.#askServer(
            { name, type, server },
            config,
            dial,
            signal,
          );
          const verdict = judge(reply, type);
          if (verdict.type === "found") return verdict;
          failure = { server, text: verdict.text, isTimeout: false };
          if (verdict.isFinal) return { type: "failed", failure };
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          failure = {
            server,
            text: error.reason,
            isTimeout: error.isTimeout,
            cause: error,
          };
          if (signal.aborted) return { type: "failed", failure };
        }
      }
    }
    return { type: "failed", failure };
  }

  async #askServer(
    asked: {
      readonly name: string;
      readonly type: number;
      readonly server: string;
    },
    config: ResolverConfig,
    dial: LiveDial,
    signal: AbortSignal,
  ): Promise<DnsMessage> {
    const { name, type, server } = asked;
    this.#checkSkipped(server, dial);
    const query = encodeDnsQuery({
      id: crypto.getRandomValues(new Uint16Array(1))[0]!,
      name,
      type,
      trustAd: config.trustAd,
    });
    if (query === undefined) {
      throw new RequestError(NO_SUCH_HOST, { phase: "dns" });
    }
    const exchange = async (viaTcp: boolean): Promise<DnsMessage> => {
      using scope = openScope(
        signal,
        config.timeoutMs,
        () => new RequestError(IO_TIMEOUT, { phase: "dns", isTimeout: true }),
      );
      if (scope.signal.aborted) throw reasonOf(scope.signal);
      return await exchangeDns(this.#context, {
        nameserver: server,
        query,
        viaTcp,
        dial,
        scope,
      });
    };
    if (config.useTcp) return await exchange(true);
    const reply = await exchange(false);
    return reply.truncated ? await exchange(true) : reply;
  }

  #checkSkipped(server: string, dial: LiveDial): void {
    const { skipNameserver } = this.#context.client;
    const end = splitHostPort(server, 53);
    if (skipNameserver === undefined || end === undefined) return;
    const reason = skipNameserver(end.host, end.port);
    if (reason === undefined) return;
    if (!dial.skippedNameservers.includes(server)) {
      dial.skippedNameservers.push(server);
    }
    throw new RequestError(`skipped nameserver ${server}: ${reason}`, {
      phase: "dns",
    });
  }

  #order(addresses: readonly string[]): readonly string[] {
    const unique = [...new Set(addresses)];
    if (unique.length < 2) return unique;
    return orderAddresses(
      unique.map((address) => ({
        address,
        source: this.#context.host.findSourceAddress(address),
      })),
    );
  }

  #error(name: string, failure: LookupFailure): RequestError {
    const { server, text, isTimeout } = failure;
    const on = server === undefined ? "" : ` on ${server}`;
    return new RequestError(`lookup ${name}${on}: ${text}`, {
      phase: "dns",
      isTimeout,
      cause: failure.cause,
    });
  }
}

type Verdict =
  | { readonly type: "found"; readonly addresses: readonly string[] }
  | { readonly type: "bad"; readonly text: string; readonly isFinal: boolean };

function judge(reply: DnsMessage, type: number): Verdict {
  if (reply.rcode === RCODE_NO_NAME) {
    return { type: "bad", text: NO_SUCH_HOST, isFinal: true };
  }
  if (reply.rcode !== RCODE_SUCCESS) {
    return { type: "bad", text: "server misbehaving", isFinal: false };
  }
  const addresses = reply.answers
    .filter((record) => isAddressRecord(record) && record.type === type)
    .map(({ value }) => value!);
  if (addresses.length > 0) return { type: "found", addresses };
  // A referral to servers that know more, from one that will not ask them.
  const isLame = !reply.authoritative && !reply.recursionAvailable &&
    reply.answers.length === 0 && reply.otherCount <= 1 &&
    reply.optPayloadSize === 0;
  return isLame
    ? { type: "bad", text: "lame referral", isFinal: false }
    : { type: "bad", text: NO_SUCH_HOST, isFinal: true };
}

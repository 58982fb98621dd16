import type {
  NetworkTrace,
  TraceListName,
  TraceRecords,
} from "../nettrace_types.ts";
import type {
  LiveConn,
  LiveDial,
  LiveDnsQuery,
  LiveHttpRequest,
  LiveTlsTunnel,
} from "./_live_records.ts";
import type { RecordBuilder } from "./_record_builder.ts";
import type { TraceIdGenerator } from "./trace_id.ts";
import type { TraceBatch, TraceMemory } from "./tracer_options.ts";

const DEFAULT_MAX_RECORDS = 1000;
const DEFAULT_THRESHOLD = 1000;

interface LiveLists {
  readonly dials: LiveDial[];
  readonly conns: LiveConn[];
  readonly dnsQueries: LiveDnsQuery[];
  readonly tlsTunnels: LiveTlsTunnel[];
  readonly httpRequests: LiveHttpRequest[];
}

type LiveListName = keyof LiveLists;

const LIVE_LISTS: readonly LiveListName[] = [
  "dials",
  "conns",
  "dnsQueries",
  "tlsTunnels",
  "httpRequests",
];

/** How a {@linkcode TraceRecorder} keeps records. */
export interface TraceRecorderOptions {
  readonly memory: TraceMemory;
  readonly builder: RecordBuilder;
  readonly nextId: TraceIdGenerator;
  /** Called before records leave memory, so that what is known of them is fresh. */
  readonly onLeave: (conns: readonly LiveConn[]) => void;
}

/** Keeps the records of a trace in the making, within the bounds of its memory mode. */
export class TraceRecorder {
  readonly #options: TraceRecorderOptions;
  readonly #maxRecords: number;
  readonly #threshold: number | undefined;
  readonly #pending = new Set<Promise<void>>();
  #lists: LiveLists = emptyLists();
  #batchError: unknown;
  #dropped = 0;

  constructor(options: TraceRecorderOptions) {
    const { memory } = options;
    this.#options = options;
    this.#maxRecords = memory.type === "bounded"
      ? memory.maxRecords ?? DEFAULT_MAX_RECORDS
      : Infinity;
    this.#threshold = memory.type === "batch"
      // Zero and below take the default, as they do in EVE's library.
      ? (memory.threshold ?? 0) > 0 ? memory.threshold! : DEFAULT_THRESHOLD
      : undefined;
    if (!(this.#maxRecords >= 1)) {
      throw new RangeError(
        `Cannot use option "maxRecords": value is ${this.#maxRecords}, expected 1 or more`,
      );
    }
  }

  /** Records that bounded memory dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Connections in memory, failed attempts included. */
  get conns(): readonly LiveConn[] {
    return this.#lists.conns;
  }

  add<K extends LiveListName>(list: K, record: LiveLists[K][number]): void {
    const records = this.#lists[list] as LiveLists[K][number][];
    records.push(record);
    if (records.length > this.#maxRecords) {
      records.shift();
      this.#dropped++;
    }
  }

  /** Gives ids to the records that have none yet; those of attempts that go on may wait. */
  assignIds(isUrgent: boolean = false): void {
    const { nextId } = this.#options;
    for (const query of this.#lists.dnsQueries) {
      if (query.traceId === "") query.traceId = nextId();
    }
    for (const conn of this.#lists.conns) {
      if (conn.traceId === "" && (isUrgent || conn.endAt !== undefined)) {
        conn.traceId = nextId();
      }
    }
  }

  /** Hands out batches of finished records, where the mode asks for it. */
  drain(): void {
    if (this.#threshold === undefined) return;
    this.assignIds();
    const leaving = emptyLists();
    let isAny = false;
    for (const name of LIVE_LISTS) {
      const list = this.#lists[name] as unknown[];
      const finished = list.filter((record) => isFinished(name, record));
      if (finished.length < this.#threshold) continue;
      isAny = true;
      (leaving[name] as unknown[]).push(...finished);
      const gone = new Set(finished);
      this.#setList(name, list.filter((record) => !gone.has(record)));
    }
    if (isAny) this.#handOut(leaving);
  }

  /** Hands out everything, the unfinished too, and waits for all batches. */
  async flush(): Promise<void> {
    if (this.#threshold !== undefined) {
      this.assignIds(true);
      const leaving = this.#lists;
      this.#lists = emptyLists();
      for (const name of LIVE_LISTS) {
        // What goes on will be handed out again when it is finished.
        this.#setList(
          name,
          (leaving[name] as unknown[]).filter((record) =>
            !isFinished(name, record)
          ),
        );
      }
      if (LIVE_LISTS.some((name) => leaving[name].length > 0)) {
        this.#handOut(leaving);
      }
    }
    await this.settle();
  }

  /** Waits for all batches. @throws {Error} What a batch's receiver threw. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#batchError === undefined) return;
    const error = this.#batchError;
    this.#batchError = undefined;
    throw error;
  }

  /** @returns The records that are in memory. */
  records(): TraceRecords {
    this.assignIds(true);
    return this.#build(this.#lists);
  }

  /** Forgets everything but connections that are open. */
  clear(): void {
    const open = this.#lists.conns.filter((conn) =>
      conn.connected && conn.closeAt === undefined
    );
    for (const conn of open) conn.reused = true;
    this.#lists = { ...emptyLists(), conns: open };
    this.#dropped = 0;
  }

  #setList(name: LiveListName, records: unknown[]): void {
    this.#lists = { ...this.#lists, [name]: records };
  }

  #handOut(lists: LiveLists): void {
    const { memory, onLeave } = this.#options;
    if (memory.type !== "batch") return;
    onLeave(lists.conns);
    const batch: TraceBatch = this.#build(lists);
    const work = (async () => {
      try {
        await memory.onBatch(batch);
      } catch (error) {
        this.#batchError ??= error;
      }
    })();
    this.#pending.add(work);
    work.finally(() => this.#pending.delete(work));
  }

  #build(lists: LiveLists): TraceRecords {
    const { builder } = this.#options;
    // Attempts that failed come first, as in EVE's traces.
    const conns = lists.conns.filter(({ traceId }) => traceId !== "")
      .toSorted((a, b) => Number(a.connected) - Number(b.connected));
    return {
      dials: lists.dials.map((each) => builder.dial(each)),
      tcpConns: conns.filter(({ protocol }) => protocol === "tcp")
        .map((each) => builder.tcpConn(each)),
      udpConns: conns.filter(({ protocol }) => protocol === "udp")
        .map((each) => builder.udpConn(each)),
      dnsQueries: lists.dnsQueries.map((each) => builder.dnsQuery(each)),
      tlsTunnels: lists.tlsTunnels.map((each) => builder.tlsTunnel(each)),
      httpRequests: lists.httpRequests.map((each) => builder.httpRequest(each)),
    };
  }
}

/** @returns Lists of a trace without records. */
export function emptyRecords(): Pick<NetworkTrace, TraceListName> {
  return {
    dials: [],
    tcpConns: [],
    udpConns: [],
    dnsQueries: [],
    tlsTunnels: [],
    httpRequests: [],
  };
}

function emptyLists(): LiveLists {
  return {
    dials: [],
    conns: [],
    dnsQueries: [],
    tlsTunnels: [],
    httpRequests: [],
  };
}

function isFinished(name: LiveListName, record: unknown): boolean {
  switch (name) {
    case "dials":
      return (record as LiveDial).scopeEndAt !== undefined;
    case "conns": {
      const conn = record as LiveConn;
      return conn.closeAt !== undefined ||
        (!conn.connected && conn.endAt !== undefined);
    }
    case "dnsQueries":
      return (record as LiveDnsQuery).conn.closeAt !== undefined;
    case "tlsTunnels":
      return (record as LiveTlsTunnel).endAt !== undefined;
    case "httpRequests":
      return (record as LiveHttpRequest).isDone;
  }
}

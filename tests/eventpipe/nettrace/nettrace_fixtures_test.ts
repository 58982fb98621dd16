import { assertEquals } from "@std/assert";
import {
  type OwnCapture,
  ownCapture,
  SHARED_CAPTURES,
  type SharedCapture,
  sharedCapture,
} from "../../support/nettrace_captures.ts";
import { summarizeNettrace } from "../../support/nettrace_records.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

const RUNTIME = "Microsoft-Windows-DotNETRuntime";
const RUNDOWN = `${RUNTIME}Rundown`;
const PRIVATE = `${RUNTIME}Private`;
const SAMPLER = "Microsoft-DotNETCore-SampleProfiler";
const EVENT_PIPE = "Microsoft-DotNETCore-EventPipe";

/** What the description of the format says of one file. */
interface Expected {
  readonly version: number;
  readonly systemTime: readonly number[];
  readonly syncTicks: bigint;
  readonly frequency: bigint;
  readonly pointerSize: number;
  readonly processId?: number;
  readonly processorCount?: number;
  readonly samplingIntervalNs: number;
  readonly blockCounts: Readonly<Record<string, number>>;
  readonly metadataCount: number;
  readonly eventCount: number;
  readonly stacks?: readonly [count: number, maxDepth: number, empty: number];
  readonly sortedCount?: number;
  readonly otherThreadCount?: number;
  readonly activityCount?: number;
  readonly processors: Readonly<Record<number, number>>;
  readonly digests?: {
    readonly event: string;
    readonly metadata: string;
    readonly stack?: string;
    readonly time: string;
  };
  /** Kind, offset and size of the first blocks of each kind and others. */
  readonly blocks?: readonly (readonly [string, number, number])[];
  readonly first?: Readonly<Record<string, unknown>>;
  readonly last?: Readonly<Record<string, unknown>>;
  /** By provider: event id and count. */
  readonly kinds?: Readonly<Record<string, Readonly<Record<number, number>>>>;
  readonly threads?: Readonly<Record<number, number>>;
  readonly threadCount?: number;
}

const all = (ids: readonly number[], count: number) =>
  Object.fromEntries(ids.map((id) => [id, count]));

const EXPECTED: Readonly<Record<SharedCapture, Expected>> = {
  singleThread: {
    version: 4,
    systemTime: [2021, 5, 2, 18, 11, 26, 20, 928],
    syncTicks: 244940552161693n,
    frequency: 1_000_000_000n,
    pointerSize: 8,
    processId: 55960,
    processorCount: 4,
    samplingIntervalNs: 1_000_000,
    blockCounts: {
      Trace: 1,
      MetadataBlock: 4,
      StackBlock: 45,
      EventBlock: 85,
      SPBlock: 5,
    },
    metadataCount: 16,
    eventCount: 27_951,
    stacks: [130, 3, 5],
    sortedCount: 87,
    otherThreadCount: 5564,
    processors: { [-1]: 27_951 },
    digests: {
      event: "27904040fe29995fd5a50bce71a7e107849f550f068f57935817834e1494d5e5",
      metadata:
        "7dbd51e91e5a9d7abda871f4e6d0e36eb0926e26b759ef36dd7823004f7c6cdf",
      stack: "8c4efbc6df0fc83e2474e1126c6804557fcb813c0b626c139ec7d6feb839b449",
      time: "8e5876202964af79d754c299482436c57a51d67e2498bc9c6846f7c7b0bd857c",
    },
    blocks: [
      ["MetadataBlock", 136, 633],
      ["StackBlock", 800, 40],
      ["EventBlock", 872, 178],
      ["SPBlock", 344_264, 48],
    ],
    first: {
      metadataId: 1,
      provider: RUNTIME,
      eventId: 85,
      sequenceNumber: 1,
      threadId: 1_411_548,
      captureThreadId: 1_411_548,
      stackId: 1,
      isSorted: true,
      time: 358_126,
      payloadLength: 30,
    },
    last: {
      metadataId: 16,
      provider: RUNDOWN,
      eventId: 146,
      sequenceNumber: 129,
      threadId: 1_411_349,
      time: 8_229_629_387,
      payloadHex: "0000",
    },
    kinds: {
      [SAMPLER]: { 0: 5564 },
      [RUNTIME]: { ...all([3, 7, 8, 9], 5564), 85: 3 },
      [RUNDOWN]: {
        144: 104,
        ...all([146, 148, 158, 187], 1),
        150: 10,
        ...all([152, 154, 156], 3),
      },
      [EVENT_PIPE]: { 1: 1 },
    },
    threads: {
      1_411_548: 22_257,
      1_411_342: 5564,
      1_411_349: 129,
      1_411_549: 1,
    },
  },
  executionCheckpoints: {
    version: 4,
    systemTime: [2021, 6, 3, 9, 9, 48, 25, 902],
    syncTicks: 11111925758331n,
    frequency: 10_000_000n,
    pointerSize: 8,
    processId: 9832,
    processorCount: 8,
    samplingIntervalNs: 1_000_000,
    blockCounts: {
      Trace: 1,
      MetadataBlock: 1,
      StackBlock: 1,
      EventBlock: 1,
      SPBlock: 1,
    },
    metadataCount: 1,
    eventCount: 3,
    stacks: [1, 0, 1],
    sortedCount: 1,
    otherThreadCount: 0,
    processors: { [-1]: 3 },
    digests: {
      event: "d8456df547a687dd6bb116a6195fb299e562e3a2a022535c81dea331aef77fe0",
      metadata:
        "b6dc3fb59035059f468bc1d152895af8c1a1d8f6b01a3349564407b0b5b23ba2",
      stack: "c5295c00ead93b36a700b78c0cae17503dba4fe423425220b23f8519b5f734cc",
      time: "03efcad15889977f5989682f931dc7e295aea7f5e123cbd5a35266a04eb0ad1d",
    },
    blocks: [
      ["Trace", 53, 48],
      ["MetadataBlock", 136, 151],
      ["StackBlock", 320, 12],
      ["EventBlock", 364, 163],
      ["SPBlock", 556, 24],
    ],
    first: {
      provider: RUNDOWN,
      eventId: 300,
      ticks: 11111943296237n,
      sequenceNumber: 1,
      captureThreadId: 25_112,
      threadId: 25_112,
      stackId: 1,
      isSorted: true,
      payloadLength: 34,
    },
    last: { ticks: 11111943296514n, payloadLength: 40, sequenceNumber: 3 },
    kinds: { [RUNDOWN]: { 300: 3 } },
  },
  mixed: {
    version: 4,
    systemTime: [2020, 11, 3, 25, 0, 25, 49, 710],
    syncTicks: 264427049024839n,
    frequency: 1_000_000_000n,
    pointerSize: 8,
    processId: 65_636,
    processorCount: 8,
    samplingIntervalNs: 1_000_000,
    blockCounts: {
      Trace: 1,
      MetadataBlock: 8,
      StackBlock: 45,
      EventBlock: 90,
      SPBlock: 5,
    },
    metadataCount: 29,
    eventCount: 32_247,
    stacks: [230, 9, 5],
    sortedCount: 96,
    otherThreadCount: 6331,
    activityCount: 14,
    processors: { [-1]: 32_247 },
    digests: {
      event: "812e25ca896f067145e0d78529c73a93679dc09397680da021974c6fd28d1f1d",
      metadata:
        "8b52badf94747154dd03029ec3b6579e8b387cd9b94b7e6d8baa5ed67f61c977",
      stack: "9cf69492c87b341b1d57e2b266b791dd27e1f315ed17d409ad9a7a233ec86eb1",
      time: "86e44ac3485c4cf23bef699af6764453789f4c6e441fbfdc7821568755b46a63",
    },
    blocks: [
      ["MetadataBlock", 136, 633],
      ["StackBlock", 800, 64],
      ["EventBlock", 896, 178],
      ["SPBlock", 493_824, 72],
    ],
    first: {
      metadataId: 1,
      provider: RUNTIME,
      eventId: 85,
      sequenceNumber: 1,
      threadId: 1_484_934,
      ticks: 264427049306179n,
    },
    last: {
      metadataId: 29,
      provider: RUNDOWN,
      eventId: 146,
      sequenceNumber: 562,
      threadId: 1_484_348,
      ticks: 264435755193581n,
    },
    kinds: {
      [SAMPLER]: { 0: 6331 },
      [RUNTIME]: {
        ...all([3, 7, 8, 9], 6331),
        57: 4,
        85: 3,
        ...all([151, 152, 154, 296], 2),
        ...all([281, 282, 283, 284], 1),
        ...all([290, 291, 292], 4),
      },
      [RUNDOWN]: {
        144: 483,
        150: 37,
        ...all([152, 154, 156], 12),
        ...all([146, 148, 158, 187], 1),
      },
      [EVENT_PIPE]: { 1: 1 },
    },
    threads: {
      1_484_934: 25_325,
      1_484_341: 6352,
      1_484_348: 562,
      1_484_356: 7,
      1_484_935: 1,
    },
  },
  objver4: {
    version: 4,
    systemTime: [2019, 6, 6, 15, 23, 56, 59, 754],
    syncTicks: 100935252313n,
    frequency: 3_124_099n,
    pointerSize: 8,
    processId: 10_064,
    processorCount: 4,
    samplingIntervalNs: 1_000_000,
    blockCounts: {
      Trace: 1,
      MetadataBlock: 9,
      StackBlock: 44,
      EventBlock: 54,
      SPBlock: 18,
    },
    metadataCount: 39,
    eventCount: 105_540,
    stacks: [1762, 24, 18],
    sortedCount: 173,
    otherThreadCount: 35_161,
    processors: { 0: 30_252, 1: 23_063, 2: 20_158, 3: 32_067 },
    digests: {
      event: "59a57eab1e862d2200ad415aae1fbdc6c6d983f556c6b7bda44ea7197c8616e0",
      metadata:
        "dbb47b780ece28f2d38b723dc80070873efbed0d4f980d6f7e723290b5793338",
      stack: "93ce6e8c9fbae6ab7bc1fbbc5e6c6e1616fb6663c8e6b63ed8c294abc8279214",
      time: "35c28369e1c0f9d6c8b96cd0c62fc0dbe18520fd94312e610a32073808583f71",
    },
    blocks: [
      ["MetadataBlock", 136, 1349],
      ["StackBlock", 1516, 16_648],
      ["EventBlock", 18_196, 102_294],
      ["SPBlock", 4_826_632, 216],
    ],
    first: {
      metadataId: 1,
      provider: RUNTIME,
      eventId: 85,
      sequenceNumber: 1,
      threadId: 3444,
      processor: 0,
      ticks: 100935308191n,
    },
    last: {
      metadataId: 7,
      provider: RUNTIME,
      eventId: 159,
      sequenceNumber: 481,
      threadId: 7532,
      processor: 0,
      stackId: 66,
      ticks: 101055771658n,
      payloadLength: 170,
    },
    kinds: {
      [SAMPLER]: { 0: 35_161 },
      [RUNTIME]: {
        ...all([1, 2, 4, 22, 35, 204, 205], 478),
        ...all([3, 7], 6002),
        ...all([8, 9], 5953),
        10: 35_458,
        ...all([13, 14], 2),
        23: 3824,
        33: 45,
        50: 12,
        ...all([54, 56], 1),
        55: 8,
        57: 25,
        ...all([61, 62], 5),
        ...all([81, 91], 8),
        85: 14,
        143: 53,
        145: 54,
        ...all([151, 152, 154], 14),
        159: 1547,
        190: 35,
        200: 15,
        201: 1,
        202: 1912,
      },
      [PRIVATE]: { 199: 46 },
    },
    threadCount: 17,
  },
  heartRateMonitor: {
    version: 4,
    systemTime: [2020, 5, 5, 22, 6, 11, 38, 687],
    syncTicks: 242097222970530n,
    frequency: 1_000_000_000n,
    pointerSize: 4,
    processId: 10_068,
    processorCount: 2,
    samplingIntervalNs: 1_000_000,
    blockCounts: {
      Trace: 1,
      MetadataBlock: 7,
      StackBlock: 17,
      EventBlock: 319,
      SPBlock: 9,
    },
    metadataCount: 34,
    eventCount: 114_565,
    stacks: [238, 57, 9],
    sortedCount: 49,
    otherThreadCount: 921,
    processors: { [-1]: 114_565 },
    digests: {
      event: "bac0253fe8f6f622eadce24aadd2bdaf322ef47ac77ded655e42a86dde6bdfc9",
      metadata:
        "fe70704f8535a215779ade6863f0912a8f7907d340b95b3fc5cc26f1437460c6",
      stack: "059a77b124bc67c6594b54708dc7d9779a81eea2b003b2f8649c2ead8db6cf64",
      time: "5bc66a7f8540afd60b564658c76e6c269d3a93edf6bc59cd16949abb4ffcf78b",
    },
    blocks: [
      ["MetadataBlock", 136, 527],
      ["StackBlock", 696, 12],
      ["EventBlock", 740, 158],
      ["SPBlock", 29_633_016, 96],
    ],
    first: {
      metadataId: 1,
      provider: RUNTIME,
      eventId: 85,
      threadId: 10_137,
      ticks: 242097224573568n,
    },
    last: {
      metadataId: 34,
      provider: RUNDOWN,
      eventId: 146,
      sequenceNumber: 107_044,
      threadId: 10_079,
      ticks: 242102969771372n,
    },
    kinds: {
      [SAMPLER]: { 0: 921 },
      [EVENT_PIPE]: { 1: 1 },
      [RUNTIME]: {
        ...all([1, 2, 4, 22, 35, 54, 55, 204, 205], 1),
        ...all([3, 7, 8, 9], 1623),
        ...all([23, 57], 8),
        50: 2,
        85: 6,
        ...all([151, 152, 154], 22),
        202: 4,
        ...all([281, 282], 3),
      },
      [RUNDOWN]: {
        144: 106_881,
        150: 13,
        ...all([152, 154, 156], 48),
        ...all([146, 148, 158, 187], 1),
      },
    },
    threads: {
      10_079: 107_044,
      10_137: 6489,
      10_068: 948,
      10_144: 73,
      10_148: 9,
      10_139: 1,
    },
  },
  v3Linux: {
    version: 3,
    systemTime: [2018, 2, 5, 9, 23, 53, 0, 806],
    syncTicks: 137501448395619n,
    frequency: 1_000_000_000n,
    pointerSize: 8,
    processId: 80_749,
    processorCount: 4,
    samplingIntervalNs: 1_000_000,
    blockCounts: { Trace: 1, EventBlock: 100 },
    metadataCount: 9,
    eventCount: 26_146,
    activityCount: 26_145,
    processors: { [-1]: 26_146 },
    digests: {
      event: "8162c89f0d9143db826563f5d1489bb443f60b1f598545f8c19262fea75d272c",
      metadata:
        "014382042c04f974989896b995aa3daf234b6e0b42e5cc8c84d96ff50c428100",
      time: "3eace3e895eabaf00b7ceb7bb9336a94bcb04c216543d2573a4ab04b1f5f2491",
    },
    blocks: [["EventBlock", 124, 102_280]],
    first: {
      metadataId: 1,
      provider: "System.Threading.Tasks.TplEventSource",
      eventId: 25,
      ticks: 137501559847279n,
      payloadLength: 16,
      stackBytes: 56,
    },
    last: {
      metadataId: 9,
      provider: RUNDOWN,
      eventId: 146,
      ticks: 137503305735348n,
      activityId: "10000000-0000-0000-0000-000000000001",
    },
    kinds: {
      "System.Threading.Tasks.TplEventSource": { 25: 1 },
      [RUNDOWN]: {
        144: 26_053,
        ...all([146, 148], 1),
        150: 50,
        152: 12,
        ...all([154, 156], 13),
        158: 2,
      },
    },
    threads: { 80_749: 26_146 },
  },
  v3Windows: {
    version: 3,
    systemTime: [2018, 2, 4, 1, 17, 21, 38, 442],
    syncTicks: 20461004832n,
    frequency: 2_533_315n,
    pointerSize: 4,
    processId: 3312,
    processorCount: 4,
    samplingIntervalNs: 1_000_000,
    blockCounts: { Trace: 1, EventBlock: 102 },
    metadataCount: 30,
    eventCount: 28_689,
    processors: { [-1]: 28_689 },
    digests: {
      event: "fa7d56ce68f19dec7bf0d1cdf038e892defd7d9c70b87473f4765b2a2f0e89ce",
      metadata:
        "7d4d077f41ecdf209b51ceac00f0fadb3f1bca590326a543b77c552bcdb65531",
      time: "c7076e1a2c0dd8930c924df3dc45ee3cd5a90392aa1b228d58e240305427a5d2",
    },
    blocks: [["EventBlock", 124, 102_236]],
    first: {
      metadataId: 1,
      provider: RUNTIME,
      eventId: 85,
      threadId: 8812,
      ticks: 20461012967n,
      stackBytes: 0,
    },
    last: {
      metadataId: 30,
      provider: RUNDOWN,
      eventId: 146,
      threadId: 1596,
      ticks: 20505744698n,
    },
    kinds: {
      [SAMPLER]: { 0: 6 },
      [RUNTIME]: {
        ...all([1, 2, 4, 35, 204, 205], 10),
        ...all([3, 7, 8, 9], 16),
        ...all([10, 22, 85], 1),
        21: 19,
        23: 80,
        33: 50,
        ...all([143, 145, 190], 2),
        202: 30,
      },
      [PRIVATE]: { 199: 19 },
      [RUNDOWN]: {
        144: 28_265,
        ...all([146, 148], 1),
        150: 45,
        152: 12,
        ...all([154, 156], 13),
        158: 2,
      },
    },
    threads: { 1596: 28_664, 8812: 25 },
  },
  traceLogging: {
    version: 3,
    systemTime: [2018, 3, 5, 9, 17, 48, 9, 998],
    syncTicks: 25832611201368n,
    frequency: 1_000_000_000n,
    pointerSize: 8,
    processId: 12_365,
    samplingIntervalNs: 1_000_000,
    blockCounts: { Trace: 1, EventBlock: 1 },
    metadataCount: 8,
    eventCount: 12,
    processors: { [-1]: 12 },
    digests: {
      event: "0df4528ed5e2c366110a3cd55feba8a9ef0359e30d4ef25e1582e8002e84bb77",
      metadata:
        "749d72baa3e457f8fa0a137998ff685ad9c82658a2b41f60ea284f3531e319a7",
      time: "fdcf76373558836c0540460ca8a04e8249fa07bc40730a29b06069773a3c20e5",
    },
    blocks: [["EventBlock", 124, 2820]],
    kinds: {
      MySource: {
        4: 1,
        5: 2,
        6: 1,
        7: 2,
        8: 3,
        9: 1,
        10: 1,
        11: 1,
      },
    },
  },
  objver2: {
    version: 2,
    systemTime: [2017, 9, 1, 18, 23, 4, 52, 582],
    syncTicks: 1414886449222464n,
    frequency: 1_000_000_000n,
    pointerSize: 8,
    processId: 0,
    processorCount: 1,
    samplingIntervalNs: 0,
    blockCounts: { Trace: 1 },
    metadataCount: 35,
    eventCount: 272_332,
    processors: { [-1]: 272_332 },
    first: {
      provider: RUNTIME,
      eventId: 10,
      version: 3,
      threadId: 12_691,
      time: 27_481_812,
      payloadLength: 122,
      stackBytes: 568,
    },
  },
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  const capture = name as SharedCapture;
  testWith(
    `NettraceDecoder finds in ${capture} what is known of it`,
    [requireSharedData(SHARED_CAPTURES[capture])],
    async () => checkSummary(await sharedCapture(capture), expected),
  );
}

/** What the recorder's README says; two other readers found the same. */
const RECORDED: Partial<
  Record<OwnCapture, {
    readonly events: number;
    readonly metadata: number;
    readonly stacks: number;
    readonly sequencePoints: number;
    readonly threads: number;
  }>
> = {
  workload: {
    events: 16_270,
    metadata: 92,
    stacks: 332,
    sequencePoints: 1,
    threads: 22,
  },
  jit: {
    events: 698,
    metadata: 14,
    stacks: 122,
    sequencePoints: 1,
    threads: 6,
  },
  events: {
    events: 116,
    metadata: 15,
    stacks: 17,
    sequencePoints: 1,
    threads: 3,
  },
};

for (const [name, expected] of Object.entries(RECORDED)) {
  Deno.test(`NettraceDecoder finds in ${name} what other readers found`, () => {
    const summary = summarizeNettrace(ownCapture(name as OwnCapture));
    assertEquals(summary.outcome.type, "complete");
    assertEquals(summary.stats, []);
    assertEquals({
      events: summary.eventCount,
      metadata: summary.metadata.length,
      stacks: summary.stackCount,
      sequencePoints: summary.blockCounts.SPBlock,
      threads: Object.keys(summary.threads).length,
    }, expected);
  });
}

function checkSummary(bytes: Uint8Array, expected: Expected): void {
  const summary = summarizeNettrace(bytes);
  const { header } = summary;
  assertEquals(summary.outcome.type, "complete");
  assertEquals(summary.outcome.offset, bytes.length);
  assertEquals(summary.stats, []);
  assertEquals(summary.lost, 0);
  assertEquals(
    Object.fromEntries(
      ([
        "version",
        "systemTime",
        "syncTicks",
        "frequency",
        "pointerSize",
        "samplingIntervalNs",
      ] as const).map((key) => [key, header[key]]),
    ),
    Object.fromEntries(
      ([
        "version",
        "systemTime",
        "syncTicks",
        "frequency",
        "pointerSize",
        "samplingIntervalNs",
      ] as const).map((key) => [key, expected[key]]),
    ),
  );
  if (expected.processId !== undefined) {
    assertEquals(header.processId, expected.processId);
  }
  if (expected.processorCount !== undefined) {
    assertEquals(header.processorCount, expected.processorCount);
  }
  assertEquals(summary.blockCounts, expected.blockCounts);
  assertEquals(summary.metadata.length, expected.metadataCount);
  assertEquals(summary.eventCount, expected.eventCount);
  assertEquals(summary.processors, expected.processors);
  if (expected.stacks !== undefined) {
    assertEquals(
      [summary.stackCount, summary.maxDepth, summary.emptyStacks],
      expected.stacks,
    );
  }
  for (
    const key of [
      "sortedCount",
      "otherThreadCount",
      "activityCount",
    ] as const
  ) {
    if (expected[key] !== undefined) assertEquals(summary[key], expected[key]);
  }
  if (expected.digests !== undefined) {
    const { event, metadata, stack, time } = expected.digests;
    assertEquals(summary.eventDigest, event);
    assertEquals(summary.metadataDigest, metadata);
    assertEquals(summary.timeDigest, time);
    if (stack !== undefined) assertEquals(summary.stackDigest, stack);
  }
  for (const [kind, offset, length] of expected.blocks ?? []) {
    const ofKind = summary.blocks.filter((block) => block.kind === kind);
    const block = kind === "SPBlock" ? ofKind.at(-1) : ofKind[0];
    assertEquals([kind, block?.offset, block?.length], [kind, offset, length]);
  }
  checkRecord(summary.first, expected.first);
  checkRecord(summary.last, expected.last);
  if (expected.kinds !== undefined) {
    const flat = Object.entries(expected.kinds).flatMap(([provider, ids]) =>
      Object.entries(ids).map(([id, count]) => [`${provider} ${id}`, count])
    );
    assertEquals(summary.kinds, Object.fromEntries(flat));
  }
  if (expected.threads !== undefined) {
    // Of the seven threads of one capture the description names the busiest.
    assertEquals({ ...summary.threads, ...expected.threads }, summary.threads);
  }
  if (expected.threadCount !== undefined) {
    assertEquals(Object.keys(summary.threads).length, expected.threadCount);
  }
}

function checkRecord(
  record: ReturnType<typeof summarizeNettrace>["first"],
  expected: Readonly<Record<string, unknown>> | undefined,
): void {
  if (expected === undefined) return;
  const found: Record<string, unknown> = {
    ...record,
    metadataId: record?.metadata.id,
    provider: record?.metadata.providerName,
    eventId: record?.metadata.eventId,
    stackId: record?.stack.id,
    stackBytes: record?.stack.bytes.length,
    payloadLength: record?.payload.length,
    payloadHex: record?.payload.toHex(),
  };
  assertEquals(
    Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]])),
    expected,
  );
}

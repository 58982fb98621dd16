import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { encodeTextBytes } from "../../src/kcap/text_bytes.ts";
import type {
  KcapEvent,
  KcapHandle,
  KcapHandleMeta,
  KcapParam,
} from "../../src/kcap/types.ts";
import { unpackKcap, upstreamKcap } from "../support/kcap_captures.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

interface Digests {
  readonly file: string;
  readonly streamBytes: number;
  readonly stream: string;
  readonly records: number;
  /** Of a line per record: `seq pid tid TYPE cpu name category timestamp params metadata state`. */
  readonly records256: string;
  /** Of a line per record: parameters by name, type and value. */
  readonly params256: string;
  /** Of a line per handle of the snapshot. */
  readonly handles256: string;
  /** Of a line per embedded process state. */
  readonly states256: string;
}

const NOTHING =
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const EXPECTED: readonly Digests[] = [
  {
    file: "cap.cap",
    streamBytes: 34_419,
    stream: "d4c72e1ee0560bd88d682b8f3c201935c513723b00f9978719bbfddd9d09e269",
    records: 100,
    records256:
      "657d66e364b8cbabf59211bfd59862cf0c5f05525f33c5f01cebed7d73b6bc06",
    params256:
      "8901f09cfd6aa3d784f82a36cef34ca95eb090ff690edb9886ded1e88eb573a7",
    handles256:
      "81898b663d3b309733072037f6d490ff811bc4013baca0907f79cb42f99e7636",
    states256: NOTHING,
  },
  {
    file: "cap1.cap",
    streamBytes: 33_519,
    stream: "559224177b5ddc01653ffbcba9a533f7083b6bad5abb3ed753ac44199fd4cf26",
    records: 100,
    records256:
      "fcf3c6d3f8384088a81f7ee8c745374d2c8d276636df91aa545690ba7269a48d",
    params256:
      "0efc02333c4cc44eaf9e97d20a6c8edb713b28087cbe8e4aa8ad58989b57d495",
    handles256:
      "81898b663d3b309733072037f6d490ff811bc4013baca0907f79cb42f99e7636",
    states256: NOTHING,
  },
  {
    file: "cap-1.2.0.kcap",
    streamBytes: 95_169,
    stream: "d42ad5b63ff27451676d2bab8984d513ef813f366a91df82aec4c0e83b9b2e81",
    records: 100,
    records256:
      "3991ba6822b8b206dace36b6836ecfce51b0eb4c41ffef1919fde86822a2b56d",
    params256:
      "0efc02333c4cc44eaf9e97d20a6c8edb713b28087cbe8e4aa8ad58989b57d495",
    handles256:
      "81898b663d3b309733072037f6d490ff811bc4013baca0907f79cb42f99e7636",
    states256:
      "a65fce86c65d14d502cf9c8e9813417fb98edf5c79b9b4f486d1fa20427566e3",
  },
  {
    file: "cap-unclosed.kcap",
    streamBytes: 95_127,
    stream: "79b6822cc2f80ad6f8cf36902162d400f546b51373ba22bd38e574f320afff79",
    records: 100,
    records256:
      "ed397d5eb6322190f4294b8a91695881f6f0730a99127735b33ff9a631210953",
    params256:
      "0efc02333c4cc44eaf9e97d20a6c8edb713b28087cbe8e4aa8ad58989b57d495",
    handles256:
      "81898b663d3b309733072037f6d490ff811bc4013baca0907f79cb42f99e7636",
    states256:
      "a65fce86c65d14d502cf9c8e9813417fb98edf5c79b9b4f486d1fa20427566e3",
  },
  {
    file: "test.kcap",
    streamBytes: 20_996_032,
    stream: "8e57ed65e4a8be491e7479f0db3f14dc4c61201219114c8426f676c5a1c97c4b",
    records: 73_084,
    records256:
      "c28c1a61dc2637d9c614fadad8e0268f689c849f7c5ef6c80904bf31eb932ff8",
    params256:
      "ab988be3d4b85b90731fbdfbc4b7782d03a0d2b860f5d635f3063414aece8907",
    handles256:
      "8c52ed6dee0ecc576573036780131efc5d486fa889e27059b9f8ba4a243e88ff",
    states256:
      "ae342cb00499bc1087874868c310e7a6124bcd896035feb72aa87256782df4a0",
  },
];

for (const expected of EXPECTED) {
  testWith(
    `KcapDecoder reads all of ${expected.file} as it is documented`,
    [requireSharedData(`kcap/upstream/${expected.file}`)],
    () => assertEquals(digestsOf(expected.file), expected),
  );
}

function digestsOf(file: string): Digests {
  const stream = unpackKcap(upstreamKcap(file));
  const records = createHash("sha256");
  const params = createHash("sha256");
  const handles = createHash("sha256");
  const states = createHash("sha256");
  const decoder = new KcapDecoder();
  decoder.push(stream);
  decoder.finish();
  let count = 0;
  for (let item = decoder.next(); item; item = decoder.next()) {
    if (item.type === "fault") throw new Error(item.message);
    count++;
    addLine(records, recordLine(item, stream));
    addLine(params, paramsLine(item));
    if (item.embedded !== undefined) {
      const state = item.embedded;
      addLine(
        states,
        `${state.pid} ${state.ppid} ${state.name} ${state.cmdline} ${state.exe} ${state.cwd} ${state.sid} ${state.args.length} ${state.sessionId} ${state.envs.length} ${state.handles.length}`,
      );
    }
  }
  for (const handle of decoder.handles) addLine(handles, handleLine(handle));
  return {
    file,
    streamBytes: stream.length,
    stream: createHash("sha256").update(stream).digest("hex"),
    records: count,
    records256: records.digest("hex"),
    params256: params.digest("hex"),
    handles256: handles.digest("hex"),
    states256: states.digest("hex"),
  };
}

/** Bytes that are not UTF-8 pass through unchanged. */
function addLine(hash: Hash, line: string): void {
  hash.update(encodeTextBytes(line + "\n"));
}

function recordLine(event: KcapEvent, stream: Uint8Array): string {
  const { hex } = event.eventType;
  const isNarrow = event.dialect === "A" || event.dialect === "B";
  const type = isNarrow ? hex.slice(0, 32) + hex.slice(34) : hex;
  return [
    event.seq,
    event.pid,
    event.tid,
    type,
    event.cpu,
    event.storedName,
    event.storedCategory,
    event.storedTimestamp,
    event.params.length,
    event.meta.length,
    stateBytes(event, stream),
  ].join(" ");
}

/** Size of the embedded state, from the section header before it. */
function stateBytes(event: KcapEvent, stream: Uint8Array): number {
  if (event.embedded === undefined) return 0;
  const end = event.offset + 10 + event.sizeBytes;
  const view = new DataView(stream.buffer, stream.byteOffset);
  // Type 1, the version, a count of 0, and a size that ends with the record.
  for (let at = event.offset + 10; at + 10 <= end; at++) {
    if (
      stream[at] === 1 && stream[at + 1] === event.processVersion &&
      view.getUint32(at + 2, true) === 0 &&
      view.getUint32(at + 6, true) === end - at - 10
    ) return end - at - 10;
  }
  throw new Error("the state has no section header");
}

function paramsLine(event: KcapEvent): string {
  const params = event.params.toSorted((a, b) =>
    a.storedName < b.storedName ? -1 : 1
  );
  return `${event.seq}|${
    params.map((param) =>
      `${param.storedName}:${param.type}:${valueText(param)}`
    ).join(";")
  }`;
}

function valueText({ type, value }: KcapParam): string {
  if (value instanceof Uint8Array) {
    return type === "IPv4" ? value.join(".") : value.toHex();
  }
  if (typeof value === "object") return `[${value.items.join(",")}]`;
  return typeof value === "boolean" ? String(Number(value)) : String(value);
}

const META_KINDS = { alpc: 1, mutant: 2, file: 3, unknown: 4, none: 5 };

function handleLine(handle: KcapHandle): string {
  return `${handle.id} ${handle.object} ${handle.pid} ${handle.kind} ${handle.name} ${
    META_KINDS[handle.meta.type]
  } ${metaText(handle.meta)}`;
}

function metaText(meta: KcapHandleMeta): string {
  switch (meta.type) {
    case "alpc":
      return `${meta.flags},${meta.sequence},${meta.context}`;
    case "mutant":
      return `${meta.count},${Number(meta.isAbandoned)}`;
    case "file":
      return String(Number(meta.isDirectory));
    default:
      return "";
  }
}

import { formatIpAddress } from "../../codec/ip_address.ts";
import { dnsRcodeText, dnsTypeText } from "../nettrace_enum_table.ts";
import type {
  TraceDnsAnswer,
  TraceDnsQueryMsg,
  TraceDnsQuestion,
  TraceDnsReplyMsg,
} from "../nettrace_types.ts";
import { decodeDnsName } from "./dns_name.ts";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_NS = 2;
const TYPE_CNAME = 5;
const TYPE_PTR = 12;
const TYPE_MX = 15;
const TYPE_AAAA = 28;
const TYPE_OPT = 41;
const CLASS_IN = 1;
/** More questions or records than any message of 64 KiB can hold in earnest. */
const MAX_RECORDS = 4096;

/** A question with its numbers. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A record with its numbers; `value` is its address or target name where it has one. */
export interface DnsRecord extends DnsQuestion {
  readonly ttl: number;
  readonly value: string | undefined;
}

/** A message as far as it can be read. */
export interface DnsMessage {
  readonly id: number;
  readonly isReply: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly rcode: number;
  /** Bytes of the message. */
  readonly size: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  /** Number of records that the header announces behind the answers. */
  readonly otherCount: number;
  /** Size of the OPT record in the additional section, 0 when there is none. */
  readonly optPayloadSize: number;
}

/**
 * Reads a DNS message as far as that goes. A malformed question or record
 * header ends its section, malformed data skips its record: whatever was valid
 * is given, and nothing is read twice.
 *
 * @param message The message, without the length prefix of DNS over TCP.
 * @returns The message, or `undefined` when it is shorter than a header.
 */
export function decodeDnsMessage(message: Uint8Array): DnsMessage | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const view = new DataView(
    message.buffer,
    message.byteOffset,
    message.byteLength,
  );
  const flags = view.getUint16(2);
  const counts = [4, 6, 8, 10].map((at) => view.getUint16(at));
  const [
    questionCount = 0,
    answerCount = 0,
    authorityCount = 0,
    moreCount = 0,
  ] = counts;

  const questions: DnsQuestion[] = [];
  let at: number | undefined = HEADER_BYTES;
  for (let left = Math.min(questionCount, MAX_RECORDS); left > 0; left--) {
    const name = decodeDnsName(message, at);
    if (name === undefined || name.end + 4 > message.length) {
      at = undefined;
      break;
    }
    questions.push({
      name: name.text,
      type: view.getUint16(name.end),
      class: view.getUint16(name.end + 2),
    });
    at = name.end + 4;
  }

  const answers: DnsRecord[] = [];
  at = readRecords(message, view, at, answerCount, (record) => {
    answers.push(record);
  });
  at = readRecords(message, view, at, authorityCount, () => {});
  let optPayloadSize = 0;
  readRecords(message, view, at, moreCount, (record) => {
    if (record.type === TYPE_OPT) optPayloadSize = record.class;
  });
  return {
    id: view.getUint16(0),
    isReply: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x0400) !== 0,
    truncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    recursionAvailable: (flags & 0x0080) !== 0,
    rcode: flags & 0x000f,
    size: message.length,
    questions,
    answers,
    otherCount: authorityCount + moreCount,
    optPayloadSize,
  };
}

/**
 * Makes the record of a query for a network trace.
 *
 * @param message The message as sent.
 * @returns The record without its time, or `undefined` when the message is too short for one.
 */
export function decodeDnsQueryMsg(
  message: Uint8Array,
): Omit<TraceDnsQueryMsg, "sentAt"> | undefined {
  const decoded = decodeDnsMessage(message);
  if (decoded === undefined) return undefined;
  return {
    id: decoded.id,
    recursionDesired: decoded.recursionDesired,
    truncated: decoded.truncated,
    size: decoded.size,
    questions: decoded.questions.map(toTraceQuestion),
    optUdpPayloadSize: decoded.optPayloadSize,
  };
}

/**
 * Makes the record of a reply for a network trace.
 *
 * @param message The message as received.
 * @returns The record without its time, or `undefined` when the message is too short for one.
 */
export function decodeDnsReplyMsg(
  message: Uint8Array,
): Omit<TraceDnsReplyMsg, "recvAt"> | undefined {
  const decoded = decodeDnsMessage(message);
  if (decoded === undefined) return undefined;
  return {
    id: decoded.id,
    authoritative: decoded.authoritative,
    recursionAvailable: decoded.recursionAvailable,
    truncated: decoded.truncated,
    size: decoded.size,
    rCode: dnsRcodeText(decoded.rcode),
    answers: decoded.answers.flatMap(toTraceAnswer),
  };
}

function toTraceQuestion(question: DnsQuestion): TraceDnsQuestion {
  return { ...question, type: dnsTypeText(question.type) };
}

/** Types without a value have no entry. */
function toTraceAnswer(record: DnsRecord): TraceDnsAnswer[] {
  if (record.value === undefined) return [];
  return [{
    name: record.name,
    type: dnsTypeText(record.type),
    class: record.class,
    ttl: record.ttl,
    resolvedVal: record.value,
  }];
}

function readRecords(
  message: Uint8Array,
  view: DataView,
  offset: number | undefined,
  count: number,
  onRecord: (record: DnsRecord) => void,
): number | undefined {
  let at = offset;
  for (let left = Math.min(count, MAX_RECORDS); left > 0; left--) {
    const name = at === undefined ? undefined : decodeDnsName(message, at);
    if (name === undefined || name.end + 10 > message.length) return undefined;
    const type = view.getUint16(name.end);
    const length = view.getUint16(name.end + 8);
    const data = name.end + 10;
    if (data + length > message.length) return undefined;
    const value = readValue(message, type, data, length);
    // Data of a known type that cannot be read leaves its record out.
    if (value !== null) {
      onRecord({
        name: name.text,
        type,
        class: view.getUint16(name.end + 2),
        ttl: view.getUint32(name.end + 4),
        value,
      });
    }
    at = data + length;
  }
  return at;
}

function readValue(
  message: Uint8Array,
  type: number,
  at: number,
  length: number,
): string | null | undefined {
  switch (type) {
    case TYPE_A:
    case TYPE_AAAA: {
      const wanted = type === TYPE_A ? 4 : 16;
      return length === wanted
        ? formatIpAddress(message.subarray(at, at + length))
        : null;
    }
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_PTR:
      return readTarget(message, at, at + length);
    case TYPE_MX:
      return length < 3 ? null : readTarget(message, at + 2, at + length);
    default:
      return undefined;
  }
}

function readTarget(
  message: Uint8Array,
  at: number,
  end: number,
): string | null {
  const name = decodeDnsName(message, at);
  return name === undefined || name.end > end ? null : name.text;
}

/** @param record A record. @returns Whether it is an address of class IN. */
export function isAddressRecord(record: DnsRecord): boolean {
  return record.class === CLASS_IN &&
    (record.type === TYPE_A || record.type === TYPE_AAAA);
}

import { assertEquals } from "@std/assert";
import type {
  KcapEvent,
  KcapHandle,
  KcapParam,
  KcapPe,
  KcapProcessState,
} from "../../src/kcap/types.ts";
import type { KcapDialectName } from "../../src/kcap/dialect_table.ts";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { ipText } from "../../src/kcap/ip_text.ts";
import { KcapEncoder } from "../../src/kcap/kcap_encoder.ts";
import { makeEvent, type MakeParam } from "../../src/kcap/make_event.ts";
import {
  decodeKcap,
  kcapFixtureJson,
  kcapStream,
} from "../support/kcap_captures.ts";

interface Content {
  readonly header: { major: number; minor: number; flags: number };
  readonly handles: readonly Record<string, unknown>[];
  readonly events: readonly Record<string, unknown>[];
}

/** Dialect by capture. */
const CAPTURES = {
  "head-v2-ps4.cap": "E",
  "head-big-endian.cap": "E",
  "r220-v2-ps3.cap": "D",
  "r200-v1wide-ps3.cap": "C",
  "r1100-major1-ps2.kcap": "A",
} as const;

for (const [name, dialect] of Object.entries(CAPTURES)) {
  Deno.test(`EventDecoder reads every field of ${name}, dialect ${dialect}`, () => {
    const content = kcapFixtureJson<Content>(`${name}.json`);
    const { decoder, events, faults, handles } = decodeKcap(kcapStream(name));
    assertEquals(faults, []);
    assertEquals(decoder.dialect?.name, dialect);
    assertEquals(events.every((event) => event.dialect === dialect), true);
    const { major, minor, flags, littleEndian } = decoder.header!;
    assertEquals({ major, minor, flags: Number(flags) }, content.header);
    assertEquals(littleEndian, name !== "head-big-endian.cap");
    assertEquals(handles.map(handleContent), content.handles);
    assertEquals(
      events.map(eventContent),
      dialect === "E" ? content.events : content.events.map(withoutFlags),
    );
  });
}

/** One file lists flags of processes that its version of the state cannot hold. */
function withoutFlags(event: Record<string, unknown>): Record<string, unknown> {
  const state = event["ps"] as Record<string, unknown> | null;
  if (state === null) return event;
  const { flags: _, ...ps } = state;
  return { ...event, ps };
}

/** The form of the `.json` files. */
function eventContent(event: KcapEvent): Record<string, unknown> {
  const hex = event.eventType.hex;
  return {
    seq: number(event.seq),
    pid: event.pid,
    tid: event.tid,
    type: event.dialect === "A" ? hex.slice(0, 32) + hex.slice(34) : hex,
    cpu: event.cpu,
    name: event.storedName,
    cat: event.storedCategory,
    desc: event.description,
    host: event.host,
    ts: event.storedTimestamp,
    params: event.params.map(paramContent).toSorted(([a], [b]) =>
      String(a) < String(b) ? -1 : 1
    ),
    meta: event.meta.map(({ key, value }) => [key, value]),
    ps: event.embedded === undefined ? null : stateContent(event.embedded),
    recordSize: event.sizeBytes,
  };
}

function paramContent({ storedName, type, value }: KcapParam): unknown[] {
  let content: unknown = value;
  if (typeof value === "bigint") content = number(value);
  else if (typeof value === "boolean") content = Number(value);
  else if (value instanceof Uint8Array) {
    content = type === "IPv4" ? ipText(value) : value.toHex();
  } else if (typeof value === "object") {
    content = value.kind === "strings"
      ? ["s", ...value.items]
      : ["8", ...value.items.map(number)];
  }
  return [storedName, type, content];
}

function stateContent(state: KcapProcessState): Record<string, unknown> {
  const { version } = state;
  return {
    pid: state.pid,
    ppid: state.ppid,
    name: state.name,
    cmdline: state.cmdline,
    exe: state.exe,
    cwd: state.cwd,
    sid: state.sid,
    args: state.args,
    session: state.sessionId,
    envs: Object.fromEntries(state.envs.map(({ key, value }) => [key, value])),
    handles: state.handles.map(handleContent),
    pever: state.peVersion,
    pe: state.pe === undefined ? null : peContent(state.pe, state.peVersion),
    ...(version < 2
      ? {}
      : { start: state.startTime, uuid: number(state.uuid) }),
    ...(version < 3 ? {} : { user: state.username, domain: state.domain }),
    ...(version < 4 ? {} : {
      flags: [state.isWow64, state.isPackaged, state.isProtected].map(Number),
    }),
  };
}

function peContent(pe: KcapPe, version: number): Record<string, unknown> {
  return {
    nsections: pe.sectionCount,
    nsymbols: pe.symbolCount,
    image_base: pe.imageBase,
    entry: pe.entryPoint,
    link: pe.linkTime,
    sections: pe.sections.map(({ name, size, entropy, md5 }) => [
      name,
      size,
      entropy,
      md5,
    ]),
    symbols: pe.symbols,
    imports: pe.imports,
    res: Object.fromEntries(pe.resources.map(({ key, value }) => [key, value])),
    ...(version < 2 ? {} : {
      signed: Number(pe.isSigned),
      trusted: Number(pe.isTrusted),
      flags: [pe.isDriver, pe.isDll, pe.isExecutable, pe.isDotnet].map(Number),
      imphash: pe.importHash,
      anom: pe.anomalies,
      certd: pe.certificate === undefined ? undefined : [
        pe.certificate.notBefore,
        pe.certificate.notAfter,
        pe.certificate.serial,
        pe.certificate.subject,
        pe.certificate.issuer,
      ],
    }),
  };
}

const META_KINDS = { alpc: 1, mutant: 2, file: 3, unknown: 4, none: 5 };

function handleContent(handle: KcapHandle): Record<string, unknown> {
  const { meta } = handle;
  const content: Record<string, unknown> = {
    num: number(handle.id),
    object: number(handle.object),
    pid: handle.pid,
    type: handle.kind,
    name: handle.name,
    md: META_KINDS[meta.type],
  };
  switch (meta.type) {
    case "alpc":
      content["meta"] = {
        flags: meta.flags,
        seqno: meta.sequence,
        context: number(meta.context),
      };
      break;
    case "mutant":
      content["meta"] = {
        count: meta.count,
        abandoned: Number(meta.isAbandoned),
      };
      break;
    case "file":
      content["meta"] = { isdir: Number(meta.isDirectory) };
  }
  return content;
}

/** From 2^53 on as text. */
function number(value: bigint): number | string {
  return value < 2n ** 53n && value > -(2n ** 53n)
    ? Number(value)
    : String(value);
}

function text(name: string, value = `value of ${name}`): MakeParam {
  return { name, type: "UnicodeString", value };
}

/** Writes events with such parameters and gives what is read, as `name=value`. */
function readParams(
  events: readonly (readonly MakeParam[])[],
  options: { dialect?: KcapDialectName; littleEndian?: boolean } = {},
): string[][] {
  const encoder = new KcapEncoder([], { ...options, order: "kept" });
  for (const params of events) {
    encoder.add(makeEvent({ guid: PROVIDERS.file, hookId: 64, params }));
  }
  const { events: read, faults } = decodeKcap(encoder.take());
  assertEquals(faults, []);
  return read.map(({ params }) =>
    params.map(({ name, value }) => `${name}=${value}`)
  );
}

function asWritten(params: readonly MakeParam[]): string[] {
  return params.map(({ name, value }) => `${name}=${value}`);
}

for (const littleEndian of [true, false]) {
  const order = littleEndian ? "little-endian" : "big-endian";

  Deno.test(`EventDecoder tells parameters apart by all of their names, ${order}`, () => {
    const names = ["", "a", "b", "ab", "ba", "abc", "abcd", "bbcd"];
    names.push("abcde", "bbcde", "abcdefgh", "bbcdefgh", "abXdefgh");
    names.push("a_long_name_of_some_kind", "a_lang_name_of_some_kind");
    const params: MakeParam[] = names.map((name) => text(name));
    // The same name for another type.
    params.push({ name: "abc", type: "AnsiString", value: "ansi" });
    params.push({ name: "ab", type: "Uint32", value: 7 });
    const turned = [...params.slice(5), ...params.slice(0, 5)];
    const events = [params, turned, params.toReversed(), [params[3]!]];
    assertEquals(
      readParams([...events, ...events], { littleEndian }),
      [...events, ...events].map(asWritten),
    );
  });

  Deno.test(`EventDecoder reads more parameters than it remembers, ${order}`, () => {
    const params = Array.from({ length: 500 }, (_, index) => text(`p${index}`));
    const events = [params, params.toReversed(), params];
    assertEquals(readParams(events, { littleEndian }), events.map(asWritten));
  });
}

Deno.test("EventDecoder leaves a former name to a parameter beside one that has today's", () => {
  const former = text("file_name", "old");
  const current = text("file_path", "new");
  assertEquals(
    readParams([[former], [former, current], [current, former], [former]], {
      dialect: "D",
    }),
    [
      ["file_path=old"],
      ["file_name=old", "file_path=new"],
      ["file_path=new", "file_name=old"],
      ["file_path=old"],
    ],
  );
  // Also where there are too many to remember.
  const others = Array.from({ length: 70 }, (_, index) => text(`p${index}`));
  assertEquals(
    readParams([[...others, former, current]], { dialect: "D" })[0]?.slice(-2),
    ["file_name=old", "file_path=new"],
  );
});

/** Writes events of such types and names; what is read must be the same. */
function checkTypes(
  types: readonly (readonly [guid: string, hookId: number, name: string])[],
): void {
  const encoder = new KcapEncoder([], { order: "kept" });
  const wanted = types.map(([guid, hookId, name]) => {
    const event = makeEvent({ guid, hookId, name });
    encoder.add(event);
    return `${event.eventType.hex} ${name}`;
  });
  const { events } = decodeKcap(encoder.take());
  assertEquals(
    events.map(({ eventType, storedName }) => `${eventType.hex} ${storedName}`),
    wanted,
  );
}

Deno.test("EventDecoder tells types apart by all of their bytes", () => {
  const file = PROVIDERS.file;
  const types = [
    [file, 64],
    [file, 64 + 128],
    [file, 64 + 256],
    [`00${file.slice(2)}`, 64],
    [file.replace("4a3e", "4a3f"), 64],
    [file.replace("84f4", "84f5"), 64],
    [`${file.slice(0, -2)}00`, 64],
  ] as const;
  // Each behind each other.
  checkTypes(
    types.flatMap((a) => types.flatMap((b) => [a, b]))
      .map(([guid, hookId]) => [guid, hookId, `${guid} ${hookId}`]),
  );
});

Deno.test("EventDecoder reads more texts of a type than it remembers", () => {
  const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
  checkTypes([...names, ...names].map((name) => [PROVIDERS.file, 64, name]));
});

Deno.test("EventDecoder reads more types than it remembers", () => {
  const types = Array.from({ length: 1500 }, (_, index) => {
    // What the number of the provider and the hook id are looked up by is alike.
    const first = ((index >> 4) * 256).toString(16).padStart(8, "0");
    const guid = first + PROVIDERS.file.slice(8);
    return [guid, index & 15, `n${index}`] as const;
  });
  checkTypes([...types, ...types]);
});

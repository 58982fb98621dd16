import { assertEquals, assertThrows } from "@std/assert";
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import type { MakeParam } from "../../src/kcap/make_event.ts";
import { renderEventJson } from "../../src/kcap/render_json.ts";
import {
  compileTemplate,
  DEFAULT_TEMPLATE,
} from "../../src/kcap/render_pretty.ts";
import { renderStatistics } from "../../src/kcap/render_statistics.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import {
  decodeKcap,
  kcapFixture,
  kcapFixtureUrl,
  kcapStream,
  readKcapFile,
  upstreamKcap,
} from "../support/kcap_captures.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData } from "../support/shared_data.ts";

const { events: EVENTS } = decodeKcap(kcapStream("head-v2-ps4.cap"));

function textOfFixture(name: string): string {
  return Deno.readTextFileSync(kcapFixtureUrl(name));
}

Deno.test("renderEventJson renders every event as it is documented", () => {
  assertEquals(
    EVENTS.map((event) => renderEventJson(event) + "\n").join(""),
    textOfFixture("head-v2-ps4.jsonl"),
  );
});

Deno.test("Parameters and metadata are rendered by name, whatever their order", () => {
  const names = ["b", "B", "a", "ab", "\u00fc", "\ud83d\ude00", "\uff01"];
  const event = makeEvent({
    guid: PROVIDERS.file,
    hookId: 64,
    params: names.map((name) => ({ name, type: "Uint8", value: 1 })),
    meta: names.map((key) => ({ key, value: "" })),
  });
  // By their bytes in UTF-8.
  const sorted = ["B", "a", "ab", "b", "\u00fc", "\uff01", "\ud83d\ude00"];
  const { params, meta } = JSON.parse(renderEventJson(event));
  assertEquals([Object.keys(params), Object.keys(meta)], [sorted, sorted]);
  const render = compileTemplate("{{ .Params }}", { kvDelimiter: "=" });
  assertEquals(render(event), sorted.map((name) => `${name}=1`).join(", "));
});

Deno.test("renderEventJson renders all optional parts as they are documented", () => {
  assertEquals(
    renderEventJson(EVENTS[1]!, {
      threads: true,
      modules: true,
      handles: true,
      pe: true,
      envs: true,
    }) + "\n",
    textOfFixture("head-v2-ps4.all-flags.jsonl"),
  );
});

Deno.test("renderEventJson gives valid JSON for every event with its process", async () => {
  const { events } = await readKcapFile(kcapFixture("head-v2-ps4.cap"));
  for (const event of events) {
    const parsed = JSON.parse(
      renderEventJson(event, {
        threads: true,
        modules: true,
        handles: true,
        pe: true,
        envs: true,
      }),
    );
    assertEquals(Object.keys(parsed), [
      "seq",
      "pid",
      "tid",
      "cpu",
      "name",
      "category",
      "description",
      "host",
      "timestamp",
      "params",
      "meta",
      "ps",
    ]);
    assertEquals(parsed.ps.parent.name, "explorer.exe");
  }
});

function fileEvent(...params: MakeParam[]): KcapEvent {
  return makeEvent({ guid: PROVIDERS.file, hookId: 64, params });
}

Deno.test("renderEventJson escapes what JSON asks for and nothing else", () => {
  const value = '"\\\n\r\t\u0001\u007f\u2028ü<\udca0';
  const line = renderEventJson(
    fileEvent({ name: 'a"b', type: "UnicodeString", value }),
  );
  assertEquals(
    line.includes(
      '"a\\"b": "\\"\\\\\\n\\r\\t\\u0001\u007f\u2028ü<\ufffd"',
    ),
    true,
    line,
  );
  JSON.parse(line);
});

Deno.test("renderEventJson writes wide integers as texts when it is told to", () => {
  const event = fileEvent(
    { name: "a", type: "Uint64", value: 2n ** 53n },
    { name: "b", type: "Int64", value: -(2n ** 60n) },
    { name: "c", type: "Uint64", value: 2n ** 53n - 1n },
  );
  const params = (line: string) => /"params": (\{[^}]*\})/.exec(line)![1];
  assertEquals(
    params(renderEventJson(event)),
    '{"a": 9007199254740992,"b": -1152921504606846976,"c": 9007199254740991}',
  );
  assertEquals(
    params(renderEventJson(event, { bigint: "string" })),
    '{"a": "9007199254740992","b": "-1152921504606846976","c": 9007199254740991}',
  );
});

testWith(
  "compileTemplate renders an event of the real capture as it is documented",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const { events } = await readKcapFile(upstreamKcap("test.kcap"), {
      filter: ({ seq }) => seq === 0n,
    });
    assertEquals(
      events.map(compileTemplate(DEFAULT_TEMPLATE)),
      [
        "0 2022-08-15 21:56:28.3434098 +0000 UTC - 1  (5496) - RegOpenKey (kcb➜ 0, key_path➜ HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Control\\StateSeparation\\RedirectionMap\\Keys, status➜ key not found)",
      ],
    );
  },
);

Deno.test("compileTemplate knows every tag", async () => {
  const { events } = await readKcapFile(kcapFixture("head-v2-ps4.cap"));
  const file = events[1]!;
  const tags: Record<string, string> = {
    ".Seq": "2",
    ".Pid": "4096",
    ".Tid": "5000",
    ".CPU": "1",
    ".Timestamp": "2024-10-10 06:00:02.000000001 +0000 UTC",
    ".Type": "CreateFile",
    ".Category": "file",
    ".Description": "Creates or opens a file or I/O device",
    ".Host": "archrabbit",
    ".Process": "notepad.exe",
    ".Ppid": "1024",
    ".Cwd": "C:\\Users\\bunny\\",
    ".Exe": "C:\\Windows\\System32\\notepad.exe",
    ".Cmd": '"C:\\Windows\\System32\\notepad.exe" C:\\tmp\\ü.txt',
    ".Sid": "S-1-5-18",
    ".Pname": "explorer.exe",
    ".Pexe": "C:\\Windows\\explorer.exe",
    ".Pcmd": "C:\\Windows\\explorer.exe",
    ".Params.File_path": "C:\\tmp\\ü.txt",
    ".Params.share_mask": "READ|DELETE",
    ".Params.Nothing": "",
    ".Meta": "rule.name: r1",
    ".PE":
      "Number of sections: 2, Number of symbols: 10, Image base: 140000000, Entrypoint: 20110, Link time: 2018-03-03T10:11:12Z",
    ".Callstack": "",
  };
  for (const [tag, text] of Object.entries(tags)) {
    assertEquals(compileTemplate(`<{{ ${tag} }}>`)(file), `<${text}>`, tag);
    assertEquals(compileTemplate(`{{${tag}}}`)(file), text, tag);
  }
  assertEquals(
    compileTemplate("{{ .Callstack }}")(events[0]!),
    "0x7ffb5c1d0396|0xfffff8072ee1b2c4",
  );
});

Deno.test("compileTemplate takes a delimiter for parameters", () => {
  assertEquals(
    compileTemplate("{{ .Params }}", { kvDelimiter: "=" })(EVENTS[10]!),
    "exit_status=Success, name=notepad.exe, pid=4096, ppid=1024",
  );
});

Deno.test("compileTemplate colours and says N/A where there is no process", () => {
  assertEquals(
    compileTemplate("{{ .Process }} {{ .Pid }}", { colour: true })(
      fileEvent(),
    ),
    "\x1b[32mN/A\x1b[0m \x1b[33m0\x1b[0m",
  );
});

Deno.test("compileTemplate lets no control character of a capture through", () => {
  const event = fileEvent({
    name: "a",
    type: "UnicodeString",
    value: "\x1b[31m\n\u0085\u202e\udca0",
  });
  assertEquals(
    compileTemplate("{{ .Params.A }}")(event),
    "\\x1b[31m\\x0a\\x85\\u202e\ufffd",
  );
});

for (
  const [template, message] of [
    ["nothing", 'invalid template format: "nothing"'],
    ["", 'invalid template format: ""'],
    ["{{ .Seq }", 'template syntax error near field #1: "{{ .Seq }"'],
    [
      "{{ .Seq }} {{ .Pid }}}",
      'template syntax error near field #3: "{{ .Seq }} {{ .Pid }}}"',
    ],
    ["{{ .Seq }} {{ }}", "empty field found at position 2"],
    [
      "{{ .Sequence }}",
      ".Sequence is not a known field name. Maybe you meant one of the following fields: .CPU .Callstack .Category .Cmd .Cwd .Description .Exe .Host .Meta .PE .Params .Pcmd .Pexe .Pid .Pname .Ppid .Process .Seq .Sid .Tid .Timestamp .Type",
    ],
  ] as const
) {
  Deno.test(`compileTemplate refuses "${template}"`, () => {
    const error = assertThrows(() => compileTemplate(template), SyntaxError);
    assertEquals(error.message, message);
  });
}

Deno.test("renderStatistics draws the box", () => {
  assertEquals(
    renderStatistics(
      { events: 100, bytes: 33_300, processes: 0, handles: 2, clipped: 0 },
      { fileName: "events.cap", sizeBytes: 1022 },
    ),
    `┌────────────────────────────────┐
│ Capture Statistics             │
├───────────────────┬────────────┤
│ File              │ events.cap │
├───────────────────┼────────────┤
│ Events written    │ 100        │
│ Bytes written     │ 33300      │
│ Processes written │ 0          │
│ Handles written   │ 2          │
├───────────────────┼────────────┤
│ Capture size      │ 1.0 kB     │
└───────────────────┴────────────┘`,
  );
});

for (
  const [bytes, text] of [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [82_000, "82 kB"],
    [2_002_429, "2.0 MB"],
    [9_960_000, "10 MB"],
  ] as const
) {
  Deno.test(`renderStatistics shows ${bytes} bytes as ${text}`, () => {
    const box = renderStatistics(
      { events: 0, bytes: 0, processes: 0, handles: 0, clipped: 0 },
      { fileName: "x", sizeBytes: bytes },
    );
    assertEquals(box.includes(`│ Capture size      │ ${text} `), true, box);
  });
}

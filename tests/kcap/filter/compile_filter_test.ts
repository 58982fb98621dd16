import { assertEquals, assertThrows } from "@std/assert";
import { PROVIDERS } from "../../../src/kcap/event_type_table.ts";
import { compileFilter } from "../../../src/kcap/filter/compile_filter.ts";
import type { CompileFilterOptions } from "../../../src/kcap/filter/compile_filter.ts";
import { FilterError } from "../../../src/kcap/filter/filter_error.ts";
import { openKcap } from "../../../src/kcap/kcap_reader.ts";
import { makeEvent } from "../../../src/kcap/make_event.ts";
import { makeProcess } from "../../../src/kcap/_live_process.ts";
import type { MakeParam } from "../../../src/kcap/make_event.ts";
import type { KcapEvent } from "../../../src/kcap/types.ts";
import {
  kcapFixture,
  readKcapFile,
  upstreamKcap,
} from "../../support/kcap_captures.ts";
import { testWith } from "../../support/requirement.ts";
import { requireSharedData } from "../../support/shared_data.ts";

/** Delivered events of the real capture that pass. */
const REAL_COUNTS: Readonly<Record<string, number>> = {
  "evt.name = 'LoadModule'": 70,
  "evt.name = 'LoadImage'": 70,
  "evt.name iin ('loadimage', 'UNLOADIMAGE')": 172,
  "evt.category = 'module'": 172,
  "kevt.category in ('image')": 172,
  "evt.cpu = 0": 24_683,
  "evt.seq > 57000": 325,
  "ps.name = 'svchost.exe'": 37_747,
  "ps.name = 'wsl.exe'": 2540,
  "ps.name = 'svchost.exe' and evt.category = 'registry'": 12_492,
  "ps.name iin ('GO.EXE', 'runner.worker.exe')": 336,
  "ps.cmdline contains '-k'": 37_747,
  "file.path icontains 'temp'": 108,
  "file.path iendswith '.dll'": 610,
  "file.path iendswith '.exe'": 19,
  "evt.name = 'CreateFile' and file.operation = 'CREATE'": 13,
  "evt.name = 'CreateFile' and file.operation = 'OPEN'": 473,
  "net.dport = 443": 89,
  "net.dport in (80, 443)": 117,
  "net.dip = 168.63.129.16": 73,
  "net.l4.proto = 'UDP'": 20,
  "registry.path istartswith 'HKEY_LOCAL_MACHINE'": 16_132,
  "registry.path icontains 'currentversion'": 905,
  "registry.status = 'success'": 9787,
  "handle.type = 'File'": 659,
};

testWith(
  "Filters find in the real capture what is documented",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const counters = Object.keys(REAL_COUNTS).map((expression) => ({
      expression,
      test: compileFilter(expression)!.test,
      count: 0,
    }));
    await using reader = await openKcap([upstreamKcap("test.kcap")]);
    for await (const item of reader.read()) {
      if (item.type !== "event") continue;
      for (const counter of counters) if (counter.test(item)) counter.count++;
    }
    assertEquals(
      Object.fromEntries(
        counters.map(({ expression, count }) => [expression, count]),
      ),
      REAL_COUNTS,
    );
  },
);

/** Delivered events of the synthetic capture that pass. */
const COUNTS: Readonly<Record<string, number>> = {
  "ps.name = 'notepad.exe'": 10,
  "ps.parent.name = 'explorer.exe'": 10,
  "ps.username = 'bunny'": 10,
  "ps.parent.username = 'bunny'": 10,
  "dns.answers in ('a1887.dscq.akamai.net')": 1,
  "net.dip = 142.250.184.14": 1,
  "cidr_contains(net.dip, '142.250.0.0/15', '2a00::/16')": 2,
  "cidr_contains(net.sip, 'fe80::/10')": 1,
  "net.sip startswith 'fe80'": 1,
  "evt.date = '2024-10-10' and evt.time.h = 8": 1,
  "evt.time = '06:00:02'": 1,
  "evt.date.weekday = 'Thursday' and evt.date.week = 41": 10,
  "evt.date.tz = 'UTC'": 9,
  "evt.date.tz = ''": 1,
  "evt.time.ns = 1728540002000000001": 1,
  "evt.nparams = 10": 1,
  "evt.arg[share_mask] = 'READ|DELETE'": 1,
  "evt.arg[file_name] iendswith 'txt'": 1,
  "evt.arg[dport] in (80, 443)": 2,
  "kevt.arg[pid] = 4096": 6,
  "ps.sid = 'S-1-5-18'": 9,
  "ps.sid = 'S-1-5-21-1-2-3-1001'": 1,
  "ps.args in ('C:\\\\tmp\\\\ü.txt')": 10,
  "ps.sessionid = 70000": 10,
  "ps.envs[windir] = 'C:\\\\Windows'": 10,
  "ps.envs[win] = 'C:\\\\Windows'": 10,
  "ps.envs[x] = ''": 0,
  "ps.envs in ('windir:C:\\\\Windows')": 10,
  "length(ps.handles) = 3": 10,
  "ps.handle.types intersects ('File', 'Mutant')": 10,
  "ps.uuid = 4398046515200": 10,
  "ps.is_wow64": 10,
  "not ps.is_packaged": 10,
  "ps.is_protected": 10,
  "ps.ancestor[0] = 'explorer.exe'": 10,
  "ps.ancestor[1] = ''": 10,
  "ps.ancestor in ('explorer.exe')": 10,
  "ps.pid = 4096 and ps.ppid = 1024 and ps.parent.pid = 1024": 10,
  "ps.pe.nsections = 2 and ps.pe.nsymbols > 9": 10,
  "ps.pe.company startswith 'Microsoft'": 10,
  "ps.pe.resources[CompanyName] = 'Microsoft Corporation'": 10,
  "ps.pe.resources[Comp] = 'Microsoft Corporation'": 10,
  "'CompanyName:Microsoft Corporation' in ps.pe.resources": 10,
  "ps.pe.imphash = '5d3861c5c547f8a34e471ba273a732b2'": 10,
  "ps.pe.symbols in ('SelectObject')": 10,
  "ps.pe.anomalies contains 'sections'": 10,
  "ps.signature.exists and ps.signature.trusted": 10,
  "ps.signature.issuer icontains 'production pca'": 10,
  "pe.is_signed": 10,
  "pe.company startswith 'Microsoft'": 10,
  "ps.modules in ('C:\\\\Windows\\\\System32\\\\ntdll.dll')": 3,
  "thread.prio = 8 and thread.io.prio = 2 and thread.page.prio = 5": 1,
  "thread.start_address = '7ffb5c1d0396'": 1,
  "thread.entrypoint = '7ffb5c1d0396'": 1,
  "thread.ustack.base = '25d000'": 1,
  "thread.teb_address = '8f30893000'": 1,
  "thread.pid = 4096": 2,
  "thread.callstack.addresses in ('7ffb5c1d0396')": 1,
  "thread.callstack.is_unbacked": 0,
  "thread.callstack.summary = 'unbacked'": 1,
  "module.name = 'ntdll.dll' and module.size = 2064384": 1,
  "dll.name = 'ntdll.dll'": 1,
  "image.name = 'ntdll.dll'": 1,
  "module.path.stem = 'C:\\\\Windows\\\\System32\\\\ntdll'": 1,
  "module.base = '7ffb313833a3'": 1,
  "module.checksum = 2323432": 1,
  "module.signature.level = 'AUTHENTICODE'": 1,
  "module.signature.type = 'EMBEDDED'": 1,
  "module.signature.exists": 1,
  "module.signature.trusted": 0,
  "module.is_dll": 1,
  "module.is_exec": 0,
  "file.name = 'ü.txt' and file.extension = '.txt'": 1,
  "file.path.stem = 'C:\\\\tmp\\\\ü'": 1,
  "file.operation = 'OPEN' and file.type = 'File'": 1,
  "file.share_mode = 'READ|DELETE'": 1,
  "file.share.mask = 'READ|DELETE'": 1,
  "file.attributes in ('NORMAL')": 1,
  "file.object = 12456738026482168384": 1,
  "file.status = 'Success'": 1,
  "file.is_exec": 0,
  "registry.path iendswith 'bar'": 1,
  "registry.key.name = 'Foo'": 1,
  "registry.value = 'Bar'": 1,
  "registry.value.type = 'REG_BINARY'": 1,
  "registry.data = '010200ff'": 1,
  "registry.status = 'Access is denied'": 1,
  "registry.kcb = '0'": 1,
  "net.dport = 443 and net.sport = 49770": 1,
  "net.size = 0 and evt.category = 'net' and net.dport = 443": 1,
  "dns.name = 'example.org' and dns.rr = 'AAAA' and dns.rcode = 'NOERROR'": 1,
  "dns.options in ('ADDRCONFIG')": 1,
  "threadpool.timer.address = '3e8'": 1,
  "threadpool.timer.duetime = 18446744073699551616": 1,
  "threadpool.timer.is_absolute": 1,
  "threadpool.timer.period = 0 and evt.category = 'threadpool'": 1,
  "evt.is_direct_syscall": 0,
  "ps.dtb = ''": 10,
  "foreach(ps._ancestors, $p, $p.name = 'explorer.exe')": 10,
  "foreach(ps._ancestors, $p, $p.pid = 1024 and $p.sessionid = 1)": 10,
  "foreach(ps._ancestors, $p, $p.args in ('C:\\\\Windows\\\\explorer.exe'))":
    10,
  "foreach(ps._modules, $m, $m.name = 'ntdll.dll' and $m.size > 1000)": 3,
  "foreach(ps._modules, $m, $m.address = '7ffb313833a3')": 3,
  "foreach(ps._threads, $t, $t.tid = 5004)": 4,
  "foreach(ps._threads, $t, $t.user_stack_base = '25d000')": 4,
  "foreach(ps.pe._sections, $s, $s.entropy > 6.3 and $s.name = '.text')": 10,
  "foreach(thread._callstack, $f, $f.address = '7ffb5c1d0396')": 1,
  "foreach(ps.args, $a, $a iendswith '.txt')": 10,
  "foreach(ps.args, $a, not ($a = 'x'))": 10,
  "foreach(ps._modules, $m, $m.path = file.path or $m.name = ps.name, file.path, ps.name)":
    0,
  "foreach(ps._ancestors, $p, foreach(ps.args, $a, $a iendswith '.txt' and $p.name = 'explorer.exe') = true, ps.args)":
    10,
};

Deno.test("Filters find every field in the synthetic capture", async () => {
  const wrong: string[] = [];
  const { events } = await countAll(COUNTS, wrong);
  assertEquals(wrong, []);
  assertEquals(events, 10);
});

/** Asks all filters at every event, while its state is the current one. */
async function countAll(
  counts: Readonly<Record<string, number>>,
  wrong: string[],
): Promise<{ readonly events: number }> {
  const filters = Object.keys(counts).map((expression) => ({
    expression,
    filter: compileFilter(expression)!,
    count: 0,
  }));
  let events = 0;
  await using reader = await openKcap([kcapFixture("head-v2-ps4.cap")]);
  for await (const item of reader.read()) {
    if (item.type !== "event") continue;
    events++;
    for (const each of filters) if (each.filter.test(item)) each.count++;
  }
  for (const { expression, count } of filters) {
    if (count !== counts[expression]) {
      wrong.push(`${expression}: ${count}, expected ${counts[expression]}`);
    }
  }
  return { events };
}

Deno.test("compileFilter finds fields by names of earlier releases", async () => {
  for (const name of ["r200-v1wide-ps3.cap", "r1100-major1-ps2.kcap"]) {
    for (
      const expression of [
        "file.path iendswith '.txt'",
        "registry.path iendswith 'bar'",
        "module.path iendswith 'ntdll.dll'",
        "module.size = 2064384",
        "thread.start_address = '7ffb5c1d0396'",
        "file.operation = 'OPEN'",
        "file.attributes in ('NORMAL')",
        "registry.value.type = 'REG_BINARY'",
        "evt.name = 'LoadImage'",
      ]
    ) {
      const { events } = await readKcapFile(kcapFixture(name), {
        filter: compileFilter(expression)!.test,
      });
      assertEquals(events.length, 1, `${expression} in ${name}`);
    }
  }
});

Deno.test("compileFilter leaves names alone when the capture keeps them", async () => {
  const count = async (expression: string) => {
    const filter = compileFilter(expression, { legacyNames: "keep" })!;
    const { events } = await readKcapFile(kcapFixture("r200-v1wide-ps3.cap"), {
      legacyNames: "keep",
      filter: filter.test,
    });
    return events.length;
  };
  assertEquals(await count("evt.name = 'LoadImage'"), 1);
  assertEquals(await count("evt.name = 'LoadModule'"), 0);
  // State is followed all the same.
  assertEquals(await count("ps.parent.name = 'explorer.exe'"), 10);
});

function event(...params: MakeParam[]): KcapEvent {
  return makeEvent({ guid: PROVIDERS.file, hookId: 64, params });
}

function holds(
  expression: string,
  subject: KcapEvent = event(),
  options: CompileFilterOptions = {},
): boolean {
  return compileFilter(expression, options)!.test(subject);
}

Deno.test("Fields that an event does not have are their type's default", () => {
  assertEquals(holds("ps.name != 'x'"), true);
  assertEquals(holds("ps.name = ''"), true);
  assertEquals(holds("net.dport = 0"), true);
  assertEquals(holds("net.dip = 0.0.0.0"), false);
  assertEquals(holds("net.dip != 0.0.0.0"), false);
  assertEquals(holds("ps.is_wow64 = false"), true);
  assertEquals(holds("length(ps.args) = 0"), true);
  assertEquals(holds("file.name = '.'"), true);
});

for (
  const [day, week, weekday] of [
    ["2018-12-31", 1, "Monday"], // of 2019
    ["2021-01-01", 53, "Friday"], // of 2020
    ["2021-01-03", 53, "Sunday"],
    ["2021-01-04", 1, "Monday"],
    ["2024-12-29", 52, "Sunday"],
    ["2024-12-30", 1, "Monday"],
  ] as const
) {
  Deno.test(`${day} is a ${weekday} of week ${week}`, () => {
    const subject = makeEvent({
      guid: PROVIDERS.file,
      hookId: 64,
      timestamp: `${day}T23:59:59+12:00`,
    });
    assertEquals(holds(`evt.date.week = ${week}`, subject), true);
    assertEquals(holds(`evt.date.weekday = '${weekday}'`, subject), true);
  });
}

Deno.test("ps.envs and ps.pe.resources take the smallest name that begins so", async () => {
  const { events } = await readKcapFile(kcapFixture("head-v2-ps4.cap"));
  const subject = events.find(({ process }) => process?.pe !== undefined)!;
  const pairs = [
    { key: "PATHX", value: "3" },
    { key: "PATHEXT", value: "2" },
    { key: "PATH", value: "1" },
  ];
  const { process } = subject;
  const changed: KcapEvent = {
    ...subject,
    process: {
      ...process!,
      envs: pairs,
      pe: { ...process!.pe!, resources: pairs },
    },
  };
  for (const field of ["ps.envs", "ps.pe.resources"]) {
    assertEquals(holds(`${field}[PATH] = '1'`, changed), true, field);
    assertEquals(holds(`${field}[PATHE] = '2'`, changed), true, field);
    assertEquals(holds(`${field}[PAT] = '1'`, changed), true, field);
    assertEquals(holds(`${field}[PATHY] != ''`, changed), false, field);
  }
  // The system's own executable is never looked at.
  assertEquals(holds("ps.pe.nsections > 0", changed), true);
  assertEquals(holds("ps.pe.nsections > 0", { ...changed, pid: 4 }), false);
});

Deno.test("A variable of an inner foreach leaves the outer one alone", () => {
  const subject = event({
    name: "file_path",
    type: "UnicodeString",
    value: "C:\\a",
  });
  const holdsFor = (args: readonly string[]) =>
    holds(
      "foreach(ps.args, $a, not foreach(ps.args, $a, $a = 'in') and $a = 'out', ps.args)",
      {
        ...subject,
        process: {
          ...makeProcess({ pid: 1, ppid: 0 }, undefined),
          args,
        },
      },
    );
  assertEquals(holdsFor(["x", "out"]), true);
  assertEquals(holdsFor(["in", "out"]), false);
});

const FUNCTION_CASES: Readonly<Record<string, boolean>> = {
  "base(file.path) = 'ü.Txt'": true,
  "base(file.path, false) = 'ü'": true,
  "base(file.path, true) = 'ü.Txt'": true,
  "dir(file.path) = 'C:\\\\Temp'": true,
  "ext(file.path) = '.Txt'": true,
  "ext(file.path, false) = 'Txt'": true,
  "ext('noext', false) = ''": true,
  "volume(file.path) = 'C:'": true,
  "is_abs(file.path)": true,
  "is_abs('a')": false,
  "length(file.path) = 13": true,
  "lower(file.path) = 'c:\\\\temp\\\\ü.txt'": true,
  "upper(file.path) = 'C:\\\\TEMP\\\\Ü.TXT'": true,
  "concat(file.path, 1, '-', 18446744073709551615) = 'C:\\\\Temp\\\\ü.Txt1--1'":
    true,
  "count('a bc abc', 'A*') = 2": true,
  "count('a bc abc', 'A*', false) = 0": true,
  "entropy(evt.name) = 30": true,
  "indexof(file.path, 'Txt') = 11": true,
  "indexof(file.path, 'T', 'last') = 11": true,
  "indexof(file.path, 'xü', 'any') = 8": true,
  "indexof(file.path, 'tx', 'lastany') = 13": true,
  "indexof(file.path, 'zz') = 0": false,
  "ltrim(file.path, 'C:') = '\\\\Temp\\\\ü.Txt'": true,
  "rtrim(file.path, '.Txt') = 'C:\\\\Temp\\\\ü'": true,
  "rtrim(file.path, '') = file.path": true,
  "md5('') = 'd41d8cd98f00b204e9800998ecf8427e'": true,
  "md5('The quick brown fox jumps over the lazy dog') = '9e107d9d372bb6826bd81d3542a419d6'":
    true,
  "regex(file.path, '(?i)TEMP', 'x')": true,
  "regex(file.path, '^temp')": false,
  "replace(file.path, 'Temp', 'X', 'X', 'Y') = 'C:\\\\Y\\\\ü.Txt'": true,
  "split(file.path, '\\\\') in ('Temp')": true,
  "length(split('abc', '')) = 3": true,
  "'Temp' in (split(file.path, '\\\\'))": true,
  "substr(file.path, 0, 2) = 'C:'": true,
  "substr(file.path, 50) = file.path": true,
  "get_reg_value('HKLM') = 'x'": false,
  "glob('*') = 'x'": false,
  "not glob('*')": true,
  "is_minidump('x')": false,
  "undefined('x') = 'x'": true,
  "LENGTH(file.path) = 13": true,
  "lower(upper(file.path)) = 'c:\\\\temp\\\\ü.txt'": true,
  "evt.name ~= 'CREATEFILE'": true,
  "evt.name ~= 'CreateFil'": false,
  "evt.name fuzzynorm 'CrF'": true,
  "file.path ifuzzynorm 'cu.t'": true,
  "file.path fuzzynorm 'uTxt'": true,
  "evt.name ifuzzy ('zz', 'cf')": true,
};

for (const [expression, expected] of Object.entries(FUNCTION_CASES)) {
  Deno.test(`${expression} is ${expected}`, () => {
    const subject = event({
      name: "file_path",
      type: "UnicodeString",
      value: "C:\\Temp\\ü.Txt",
    });
    assertEquals(holds(expression, subject), expected);
  });
}

Deno.test("Functions look at local files only where that is allowed", () => {
  const local = {
    glob: (pattern: string) => [`${pattern}1`, `${pattern}2`],
    isMinidump: (path: string) => path === "dump",
    readLink: (path: string) => `${path}->`,
  };
  assertEquals(holds("glob('a') in ('a2')", event(), { local }), true);
  assertEquals(holds("is_minidump('dump')", event(), { local }), true);
  assertEquals(holds("symlink('a') = 'a->'", event(), { local }), true);
});

/** Comparisons of unlike things are false, and so are their opposites. */
for (
  const expression of [
    "evt.name > 'A'",
    "evt.pid = 'x'",
    "evt.pid != 'x'",
    "evt.name = ('CreateFile', 'x')",
    "evt.name contains 5",
    "evt.name and evt.pid = 0",
    "evt.pid or evt.pid = 0",
    "not (evt.name contains 5)",
    "ps.signature.after != 5",
  ]
) {
  Deno.test(`${expression} never holds`, () => {
    assertEquals(holds(expression), false);
  });
}

Deno.test("and with a side without value is false, or takes the other side", () => {
  assertEquals(holds("evt.name contains 5 and evt.pid = 0"), false);
  assertEquals(holds("evt.name contains 5 or evt.pid = 0"), true);
  assertEquals(holds("evt.pid = 0 or evt.name contains 5"), true);
  assertEquals(holds("not get_reg_value('x')"), true);
});

Deno.test("compileFilter warns of what is odd", () => {
  const warningsOf = (expression: string) =>
    compileFilter(expression)!.warnings;
  assertEquals(warningsOf("evt.name = 'x'"), []);
  assertEquals(warningsOf("mem.address = '211d13f2000'"), [
    '"mem.address = 211d13f2000" is always false: u64 does not compare with string by =',
  ]);
  assertEquals(warningsOf("net.dip = '1.2.3.4'"), [
    '"net.dip = 1.2.3.4" is always false: ip does not compare with string by =; write the address without quotes',
  ]);
  assertEquals(warningsOf("kevt.pid = 1 or kevt.pid = 2"), [
    "field kevt.pid is deprecated since 3.0.0; use evt.pid",
  ]);
  assertEquals(warningsOf("regex(ps.name, '(?=x)')"), [
    'Cannot use regular expression "(?=x)" at character 2: invalid or unsupported Perl syntax; it never matches',
  ]);
  assertEquals(warningsOf("glob('x') in ('y')"), [
    "glob looks at files of this machine, which is not allowed",
  ]);
});

Deno.test("compileFilter tells tree and fields", () => {
  const filter = compileFilter(
    "evt.name in ('a') or not (ps.pid > 1.5 and evt.name = 'b')",
  )!;
  assertEquals(
    filter.tree,
    "evt.name IN (a) OR NOT (ps.pid > 1.5e+00 AND evt.name = b)",
  );
  assertEquals(filter.fields, ["evt.name", "ps.pid"]);
});

Deno.test("compileFilter gives nothing for nothing", () => {
  assertEquals(compileFilter(" \n\t"), undefined);
});

for (
  const [expression, message] of [
    ["ps.name", "expected at least one field or operator but zero found"],
    ["1 = 1", "expected at least one field or operator but zero found"],
    ["true", "expected at least one field or operator but zero found"],
    [
      "sequence maxspan 1m by ps.pid",
      "sequences are not supported on captures",
    ],
    ["SEQUENCE", "sequences are not supported on captures"],
    ["yara('x', 'y')", "yara function is not supported"],
    ["ps.name\0 = 'x'", undefined],
    [
      "entropy() = 1",
      "LENGTH function requires 1 argument(s) but 0 argument(s) given",
    ],
    [
      "rtrim('x') = 'x'",
      "LTRIM function requires 2 argument(s) but 1 argument(s) given",
    ],
    [
      "foreach(ps._modules, $ps, $ps.name = 'x')",
      '"$ps" is a reserved bound variable name',
    ],
    [
      "foreach(ps._modules, $m, $m.nme = 'x')",
      'unrecognized property "nme" accessing bound variable $m. Allowed properties [path name address size checksum]',
    ],
    [
      "foreach(ps._modules, $m, $x.name = 'x')",
      undefined,
    ],
    [
      "foreach(ps._modules, $m, ps.name = 'x', ps.name)",
      'unused bound variable $m in predicate "ps.name = x"',
    ],
    [
      "foreach(ps._modules, $m, $m.name = ps.name)",
      'field ps.name used in predicate "$m.name = ps.name" but not captured',
    ],
    [
      "foreach(ps._modules, $m, $m.name = 'x', ps.name)",
      'one of captured field(s) (ps.name) not used in predicate "$m.name = x"',
    ],
    [
      "foreach(ps._modules, $m, 'x')",
      "argument #3 (predicate) in function FOREACH should be one of: expression",
    ],
    [
      "foreach(ps.name, $m, $m = 'x')",
      "ps.name cannot be iterated: it is no list",
    ],
  ] as const
) {
  Deno.test(`compileFilter refuses ${JSON.stringify(expression)}`, () => {
    const error = assertThrows(() => compileFilter(expression), FilterError);
    if (message !== undefined) assertEquals(error.message, message);
  });
}

import { assertEquals, assertThrows } from "@std/assert";
import { checkConfig } from "../../src/tracereplay/check_config.ts";
import {
  CONFIG_PRESETS,
  generateConfig,
} from "../../src/tracereplay/generate_config.ts";
import { importConfig } from "../../src/tracereplay/import_config.ts";
import { parseRemoteSinkConfig } from "../../src/tracereplay/sink_config.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

/** Findings in short: severity, place, architectures. */
function found(text: string, options = {}): string[] {
  return checkConfig(text, options).findings.map((finding) =>
    [finding.severity, finding.path, ...finding.architectures ?? []].join(" ")
  );
}

function session(fields: Record<string, unknown>): string {
  return JSON.stringify({
    name: "Default",
    points: [{ name: "container/start" }],
    sinks: [{ name: "null" }],
    ...fields,
  });
}

for (
  const [file, points, isValid, findings] of [
    ["pod_init.json", 10, true, [
      "hint $.trace_session.points[7].name",
      "hint $.trace_session.points[8].context_fields",
      "hint $.trace_session.sinks[0].ignore_setup_error",
    ]],
    ["falco-config.json", 54, true, [
      "warning $.trace_session.points[30].name arm64",
      "warning $.trace_session.points[31].name arm64",
      "warning $.trace_session.points[42].name arm64",
      "warning $.trace_session.points[43].name arm64",
      "warning $.trace_session.points[48].name arm64",
      "warning $.trace_session.points[49].name arm64",
      "hint $.trace_session.points[3].name",
      "hint $.trace_session.points[7].name",
      "hint $.trace_session.points[9].name",
      "hint $.trace_session.sinks[0].ignore_setup_error",
    ]],
    ["bench-remote.json", 1, true, []],
    ["bench-null.json", 1, true, []],
    ["bench-hash_cached.json", 1, false, [
      "error $.trace_session.points[0].optional_fields[0]",
    ]],
    ["bench-hash_nocache.json", 1, false, [
      "error $.trace_session.points[0].optional_fields[0]",
    ]],
  ] as const
) {
  testWith(
    `checkConfig of ${file}`,
    [requireSharedData(`tracereplay/${file}`)],
    async () => {
      const text = await Deno.readTextFile(sharedData(`tracereplay/${file}`)!);
      const report = checkConfig(text);
      assertEquals(
        [report.form, report.points, report.sinks, report.isValid],
        ["pod-init", points, 1, isValid],
      );
      assertEquals<readonly string[]>(found(text), findings);
    },
  );
}

testWith(
  "checkConfig for one architecture leaves the other alone",
  [requireSharedData("tracereplay/falco-config.json")],
  async () => {
    const text = await Deno.readTextFile(
      sharedData("tracereplay/falco-config.json")!,
    );
    const amd64 = checkConfig(text, { architectures: ["amd64"] });
    assertEquals(
      amd64.findings.map(({ severity }) => severity),
      ["hint"],
    );
  },
);

for (
  const [name, text, findings] of [
    ["nothing", "", ["error $"]],
    ["no object", "[]", ["error $"]],
    ["no session", '{"trace_session":1}', ["error $.trace_session"]],
    [
      "a key beside the session",
      '{"trace_session":{"name":"Default","points":[{"name":"container/start"}],"sinks":[{"name":"null"}]},"x":1}',
      ["error $.x"],
    ],
    [
      "keys in other cases",
      '{"Trace_Session":{"NAME":"Default","Points":[{"Name":"container/start"}],"sinks":[{"name":"null"}]}}',
      [],
    ],
    ["another name", session({ name: "x" }), ["error $.name"]],
    ["no name", session({ name: null }), ["error $.name"]],
    ["a name that is a number", session({ name: 1 }), ["error $.name"]],
    ["an unknown key", session({ pointz: [] }), ["error $.pointz"]],
    ["no points", session({ points: [] }), ["warning $.points"]],
    ["points that are no array", session({ points: {} }), [
      "error $.points",
      "warning $.points",
    ]],
    ["a point that is no object", session({ points: ["container/start"] }), [
      "error $.points[0]",
    ]],
    ["a point without a name", session({ points: [{}] }), [
      "error $.points[0].name",
    ]],
    ["an unknown point", session({ points: [{ name: "x" }] }), [
      "error $.points[0].name",
    ]],
    [
      "an unknown point that is skipped",
      session({ ignore_missing: true, points: [{ name: "x" }] }),
      ["warning $.points[0].name"],
    ],
    [
      "a point of one architecture",
      session({ points: [{ name: "syscall/fork/enter" }] }),
      ["error $.points[0].name arm64"],
    ],
    [
      "the same point twice",
      session({
        points: [{ name: "container/start" }, { name: "container/start" }],
      }),
      ["warning $.points[1].name"],
    ],
    [
      "a context field that the point lacks",
      session({
        points: [{
          name: "sentry/exit_notify_parent",
          context_fields: ["cwd", "time"],
        }],
      }),
      ["error $.points[0].context_fields[0]"],
    ],
    [
      "fields of wrong types",
      session({
        points: [{
          name: "container/start",
          context_fields: "time",
          optional_fields: [1],
        }],
      }),
      [
        "error $.points[0].context_fields",
        "error $.points[0].optional_fields[0]",
      ],
    ],
    [
      "a raw point of no system call",
      session({ points: [{ name: "syscall/sysno/400/enter" }] }),
      ["warning $.points[0].name"],
    ],
    [
      "a raw point beyond the last one",
      session({ points: [{ name: "syscall/sysno/442/enter" }] }),
      ["error $.points[0].name"],
    ],
    [
      "context fields of a raw exit that are ignored",
      session({
        points: [
          { name: "syscall/sysno/425/enter", context_fields: ["time"] },
          { name: "syscall/sysno/425/exit", context_fields: ["cwd"] },
        ],
      }),
      ["warning $.points[1].context_fields"],
    ],
    ["no sinks", session({ sinks: [] }), ["warning $.sinks"]],
    [
      "an unknown sink",
      session({ ignore_missing: true, sinks: [{ name: "rmote" }] }),
      [
        "error $.sinks[0].name",
      ],
    ],
    ["no endpoint", session({ sinks: [{ name: "remote" }] }), [
      "error $.sinks[0].config.endpoint",
    ]],
    [
      "wrong types of a sink",
      session({
        sinks: [{
          name: "remote",
          ignore_setup_error: "yes",
          config: { endpoint: 1, retries: 1.5, backoff: 2, backoff_max: "1x" },
        }],
      }),
      [
        "error $.sinks[0].ignore_setup_error",
        "error $.sinks[0].config.endpoint",
        "error $.sinks[0].config.retries",
        "error $.sinks[0].config.backoff",
        "error $.sinks[0].config.backoff_max",
      ],
    ],
    [
      "a limit below the first wait",
      session({
        sinks: [{
          name: "remote",
          config: { endpoint: "/x", backoff_max: "0s" },
        }],
      }),
      ["error $.sinks[0].config.backoff_max"],
    ],
    [
      "odd keys and endpoints",
      session({
        sinks: [{ name: "remote", config: { endpoint: "x.sock", retry: 3 } }],
      }),
      ["warning $.sinks[0].config.retry", "warning $.sinks[0].config.endpoint"],
    ],
    [
      "an endpoint that is too long",
      session({
        sinks: [{
          name: "remote",
          config: { endpoint: `/${"x".repeat(107)}` },
        }],
      }),
      ["error $.sinks[0].config.endpoint"],
    ],
    [
      "options",
      session({ options: { execve_hash_cache_capacity: -1, other: 1 } }),
      [
        "error $.options.execve_hash_cache_capacity",
        "warning $.options.other",
      ],
    ],
    [
      "an empty cache",
      session({ options: { execve_hash_cache_capacity: 0 } }),
      [],
    ],
  ] as const
) {
  Deno.test(`checkConfig finds ${name}`, () => {
    assertEquals<readonly string[]>(
      found(text).filter((line) => !line.startsWith("hint")),
      findings,
    );
  });
}

Deno.test("checkConfig suggests what was probably meant", () => {
  const suggestion = (text: string) =>
    checkConfig(text).findings[0]?.suggestion;
  assertEquals(
    suggestion(session({ points: [{ name: "syscall/opnat/exit" }] })),
    "did you mean syscall/openat/exit?",
  );
  assertEquals(
    suggestion(session({ points: [{ name: "syscall/fork/enter" }] })),
    "it exists on amd64 alone",
  );
  assertEquals(
    suggestion(session({ sinks: [{ name: "rmote" }] })),
    "did you mean remote?",
  );
  assertEquals(
    suggestion(
      session({
        points: [{ name: "container/start", optional_fields: ["fd_info"] }],
      }),
    ),
    "point sentry/execve has it",
  );
  assertEquals(
    suggestion(
      session({
        points: [{ name: "container/start", context_fields: ["containerid"] }],
      }),
    ),
    "did you mean container_id?",
  );
});

Deno.test("checkConfig knows which release has a point", () => {
  const text = session({ points: [{ name: "sentry/mmap" }] });
  assertEquals(checkConfig(text, { release: 20260713 }).isValid, false);
  assertEquals(checkConfig(text, { release: 20260714 }).isValid, true);
});

for (const { name, points } of CONFIG_PRESETS) {
  Deno.test(`generateConfig makes a valid session of preset ${name}`, () => {
    const text = JSON.stringify(
      generateConfig({ points, endpoint: "/run/events.sock" }),
    );
    const { isValid, form, findings } = checkConfig(text);
    assertEquals([isValid, form], [true, "pod-init"], JSON.stringify(findings));
  });
}

Deno.test("generateConfig gives points only the fields that they have", () => {
  assertEquals(
    generateConfig({
      points: ["sentry/exit_notify_parent", "syscall/execveat/exit"],
      contextFields: ["time", "cwd"],
      optionalFields: ["all"],
      endpoint: "/x",
      retries: 3,
      backoff: "1ms",
      backoffMax: "1s",
      ignoreSetupError: true,
      ignoreMissing: false,
      form: "session",
    }),
    {
      name: "Default",
      ignore_missing: false,
      points: [
        { name: "sentry/exit_notify_parent", context_fields: ["time"] },
        {
          name: "syscall/execveat/exit",
          optional_fields: ["fd_path", "envv"],
          context_fields: ["time", "cwd"],
        },
      ],
      sinks: [{
        name: "remote",
        config: {
          endpoint: "/x",
          retries: 3,
          backoff: "1ms",
          backoff_max: "1s",
        },
        ignore_setup_error: true,
      }],
    },
  );
});

Deno.test("generateConfig refuses points and fields that do not exist", () => {
  assertThrows(
    () => generateConfig({ points: ["syscall/opnat/exit"] }),
    RangeError,
    'nearest is "syscall/openat/exit"',
  );
  assertThrows(
    () => generateConfig({ points: ["sentry/*"], contextFields: ["tme"] }),
    RangeError,
    'no context field is called "tme"',
  );
  assertThrows(
    () => generateConfig({ points: ["sentry/*"], optionalFields: ["x"] }),
    RangeError,
    'no optional field is called "x"',
  );
});

Deno.test("importConfig keeps points and options, and sinks unless an endpoint is given", () => {
  const text = JSON.stringify({
    Trace_Session: {
      Name: "Other",
      Points: [{ name: "container/start" }],
      sinks: [{ name: "null" }],
      options: { execve_hash_cache_capacity: 1 },
    },
  });
  assertEquals(importConfig(text, { form: "session" }), {
    name: "Default",
    ignore_missing: false,
    points: [{ name: "container/start" }],
    sinks: [{ name: "null" }],
    options: { execve_hash_cache_capacity: 1 },
  });
  assertThrows(() => importConfig("[]", {}), SyntaxError, "not a JSON object");
  assertThrows(() => importConfig("{", {}), SyntaxError, "Cannot import");
});

Deno.test("parseRemoteSinkConfig has gVisor's defaults and keeps them for faulty keys", () => {
  const { config, faults } = parseRemoteSinkConfig({
    endpoint: "/x",
    backoff: "nonsense",
    backoff_max: "1h",
    unknown: 1,
  });
  assertEquals(config, {
    endpoint: "/x",
    retries: 0,
    backoffNs: 25_000n,
    backoffMaxNs: 3_600_000_000_000n,
  });
  assertEquals(faults, [{
    key: "backoff",
    message: 'time: invalid duration "nonsense"',
  }]);
});

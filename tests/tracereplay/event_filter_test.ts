import { assertEquals, assertThrows } from "@std/assert";
import { compileEventFilter } from "../../src/tracereplay/event_filter.ts";
import type { EventFilter } from "../../src/tracereplay/event_filter.ts";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";

const OPEN = decodeMessage(
  encodeMessage("Open", {
    context_data: {
      time_ns: 1000n,
      thread_id: 8,
      thread_group_id: 7,
      container_id: "abcdef",
      process_name: "cat",
    },
    exit: { errorno: 2n },
    sysno: 257n,
    pathname: "/etc/app/x.conf",
  }),
  { seq: 5 },
);
const START = decodeMessage(encodeMessage("Start", { id: "abcdef" }));
const MALFORMED = decodeMessage(new Uint8Array(2), { seq: 9 });

for (
  const [filter, expected] of [
    [{}, true],
    [{ types: ["Open"] }, true],
    [{ types: ["message_syscall_open"] }, true],
    [{ types: ["SYSCALL_OPEN"] }, true],
    [{ types: ["7"] }, true],
    [{ types: ["Close", "8"] }, false],
    [{ syscalls: ["openat"] }, true],
    [{ syscalls: ["257"] }, true],
    [{ syscalls: ["open"] }, false],
    [{ phase: "exit" }, true],
    [{ phase: "enter" }, false],
    [{ containers: ["abc"] }, true],
    [{ containers: ["bc"] }, false],
    [{ pids: [7] }, true],
    [{ pids: [8] }, false],
    [{ tids: [8] }, true],
    [{ comms: ["cat"] }, true],
    [{ comms: ["ca"] }, false],
    [{ paths: ["/etc/**"] }, true],
    [{ paths: ["/etc/*"] }, false],
    [{ paths: ["/etc/*/?.conf"] }, true],
    [{ paths: ["/etc/app/x.con"] }, false],
    [{ errnos: ["ENOENT"] }, true],
    [{ errnos: ["enoent"] }, true],
    [{ errnos: ["2"] }, true],
    [{ errnos: ["any"] }, true],
    [{ errnos: ["EPERM"] }, false],
    [{ sinceNs: 1000n }, true],
    [{ sinceNs: 1001n }, false],
    [{ untilNs: 1000n }, false],
    [{ untilNs: 1001n }, true],
    [{ fromSeq: 5, toSeq: 5 }, true],
    [{ fromSeq: 6 }, false],
    [{ toSeq: 4 }, false],
    [{ types: ["Open"], pids: [8] }, false],
    [{ types: [], pids: [] }, true],
  ] as const satisfies readonly (readonly [EventFilter, boolean])[]
) {
  Deno.test(`compileEventFilter with ${describe(filter)} gives ${expected}`, () => {
    assertEquals(compileEventFilter(filter)(OPEN), expected);
  });
}

function describe(filter: EventFilter): string {
  return JSON.stringify(
    filter,
    (_key, value) => typeof value === "bigint" ? `${value}n` : value,
  );
}

Deno.test("compileEventFilter lets no event pass that lacks what is asked for", () => {
  for (
    const filter of [
      { pids: [0] },
      { errnos: ["any"] },
      { sinceNs: 0n },
      { phase: "enter" },
      { paths: ["**"] },
    ] as const
  ) {
    assertEquals(compileEventFilter(filter)(START), false);
    assertEquals(compileEventFilter(filter)(MALFORMED), false);
  }
  assertEquals(compileEventFilter({ containers: ["abc"] })(START), true);
  assertEquals(compileEventFilter({ fromSeq: 9 })(MALFORMED), true);
});

Deno.test("compileEventFilter names raw system calls by the architecture it is told", () => {
  const raw = decodeMessage(encodeMessage("Syscall", { sysno: 1n }));
  const isWrite = compileEventFilter({ syscalls: ["write"] });
  assertEquals(isWrite(raw), false);
  assertEquals(isWrite(raw, "amd64"), true);
  assertEquals(isWrite(raw, "arm64"), false);
});

Deno.test("compileEventFilter refuses a type that does not exist", () => {
  assertThrows(
    () => compileEventFilter({ types: ["Opne"] }),
    RangeError,
    'Cannot filter by type "Opne"',
  );
});

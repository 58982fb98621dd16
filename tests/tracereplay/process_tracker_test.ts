import { assertEquals, assertThrows } from "@std/assert";
import { FormatError } from "../../src/base/errors.ts";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import { ProcessTracker } from "../../src/tracereplay/process_tracker.ts";
import { parseProcfsDump } from "../../src/tracereplay/procfs_dump.ts";
import { SyscallPairing } from "../../src/tracereplay/syscall_pairing.ts";
import type { Message } from "../../src/tracereplay/types.ts";

function exec(
  pid: number,
  start: bigint,
  payload: Message<"ExecveInfo"> = {},
) {
  return decodeMessage(encodeMessage("ExecveInfo", {
    context_data: { thread_group_id: pid, thread_group_start_time_ns: start },
    ...payload,
  }));
}

function exit(pid: number, start: bigint, tid?: number) {
  return decodeMessage(encodeMessage("TaskExit", {
    context_data: {
      thread_group_id: pid,
      thread_group_start_time_ns: start,
      ...(tid === undefined ? {} : { thread_id: tid }),
    },
  }));
}

Deno.test("ProcessTracker keeps what an exec tells and replaces it at the next", () => {
  const tracker = new ProcessTracker();
  tracker.add(decodeMessage(encodeMessage("ExecveInfo", {
    context_data: {
      thread_group_id: 7,
      thread_group_start_time_ns: 1n,
      container_id: "c",
      process_name: "sh",
      parent_thread_group_id: 1,
    },
    binary_path: "/bin/sh",
    argv: ["sh"],
    env: ["A=1"],
  })));
  assertEquals(tracker.find(7, 1n), {
    pid: 7,
    startTimeNs: 1n,
    containerId: "c",
    processName: "sh",
    parentPid: 1,
    binaryPath: "/bin/sh",
    argv: ["sh"],
    env: ["A=1"],
    pipeInput: undefined,
    pipeOutput: undefined,
  });
  tracker.add(exec(7, 1n, { binary_path: "/bin/ls" }));
  assertEquals([tracker.size, tracker.find(7, 1n)?.binaryPath], [1, "/bin/ls"]);
});

Deno.test("ProcessTracker tells processes of equal ids apart by their start", () => {
  const tracker = new ProcessTracker();
  tracker.add(exec(7, 1n));
  tracker.add(exec(7, 2n));
  assertEquals(tracker.size, 2);
  tracker.add(exit(7, 1n));
  assertEquals([tracker.find(7, 1n), tracker.find(7, 2n)?.pid], [undefined, 7]);
});

Deno.test("ProcessTracker keeps a process while only another of its threads ends", () => {
  const tracker = new ProcessTracker();
  tracker.add(exec(7, 1n));
  assertEquals(tracker.add(exit(7, 1n, 8)), undefined);
  assertEquals(tracker.size, 1);
  assertEquals(tracker.add(exit(7, 1n, 7))?.pid, 7);
  assertEquals(tracker.size, 0);
});

Deno.test("ProcessTracker links the siblings of a pipe", () => {
  const tracker = new ProcessTracker();
  tracker.add(exec(5, 1n, { argv: ["producer"] }));
  tracker.add(exec(6, 1n, {
    argv: ["filter"],
    pipe_input_proc: {
      context_data: { thread_group_id: 5, thread_group_start_time_ns: 1n },
    },
    pipe_output_proc: {
      context_data: { thread_group_id: 99, thread_group_start_time_ns: 1n },
    },
  }));
  const filter = tracker.find(6, 1n);
  assertEquals(filter?.pipeInput?.argv, ["producer"]);
  assertEquals(filter?.pipeOutput, undefined);
});

Deno.test("ProcessTracker does not grow without end, and forgets the one not used for longest", () => {
  const tracker = new ProcessTracker({ maxProcesses: 3 });
  for (const pid of [1, 2, 3]) tracker.add(exec(pid, 1n));
  tracker.find(1, 1n);
  tracker.add(exec(4, 1n));
  assertEquals(tracker.processes().map(({ pid }) => pid), [3, 1, 4]);
});

Deno.test("ProcessTracker ignores events that do not name a process", () => {
  const tracker = new ProcessTracker();
  for (
    const packet of [
      encodeMessage("ExecveInfo", {}),
      encodeMessage("TaskExit", {}),
      encodeMessage("Start", { args: [] }),
      new Uint8Array(1),
    ]
  ) assertEquals(tracker.add(decodeMessage(packet)), undefined);
  assertEquals(tracker.size, 0);
});

const DUMP = `PROCFS DUMP

{"exe":"/bin/sh","args":["sh","-c","x"],"clone_ts":1755855600001000003,"status":{"comm":"sh","pid":1,"ppid":0,"vm_size":18446744073709551615},"limits":{"RLIMIT_NOFILE":{"cur":1024,"max":18446744073709551615}}}

{"status":{"pid":2,"ppid":1}}
`;

Deno.test("parseProcfsDump keeps 64-bit numbers exact", () => {
  const [first, second] = parseProcfsDump(DUMP);
  assertEquals(first?.clone_ts, 1755855600001000003n);
  assertEquals(first?.status?.vm_size, 2n ** 64n - 1n);
  assertEquals(first?.limits?.["RLIMIT_NOFILE"], {
    cur: 1024,
    max: 2n ** 64n - 1n,
  });
  assertEquals(second?.status?.ppid, 1);
});

Deno.test("ProcessTracker takes processes that ran before", () => {
  const tracker = new ProcessTracker();
  tracker.prefill(parseProcfsDump(DUMP));
  assertEquals(tracker.find(1, 1755855600001000003n)?.argv, ["sh", "-c", "x"]);
  assertEquals(tracker.find(2, 0n)?.parentPid, 1);
});

for (const line of ["x", "[]", "1", "null"]) {
  Deno.test(`parseProcfsDump refuses the line ${line} and names it`, () => {
    const error = assertThrows(
      () => parseProcfsDump(`PROCFS DUMP\n${line}`),
      FormatError,
      "at line 2",
    );
    assertEquals(error.offset, 2);
  });
}

function call(
  time: bigint,
  tid: number,
  options: { exit?: boolean; sysno?: bigint; container?: string } = {},
) {
  const { exit = false, sysno = 3n, container = "c" } = options;
  return decodeMessage(encodeMessage("Close", {
    context_data: { time_ns: time, thread_id: tid, container_id: container },
    ...(exit ? { exit: {} } : {}),
    sysno,
  }));
}

Deno.test("SyscallPairing brings ends together with beginnings by thread, call and container", () => {
  const pairing = new SyscallPairing();
  assertEquals(pairing.add(call(100n, 1)), undefined);
  assertEquals(pairing.add(call(110n, 2)), undefined);
  assertEquals(pairing.add(call(115n, 1, { container: "d" })), undefined);
  assertEquals(pairing.add(call(120n, 1, { exit: true })), 20n);
  assertEquals(
    pairing.add(call(150n, 2, { exit: true, sysno: 4n })),
    undefined,
  );
  assertEquals(pairing.add(call(160n, 2, { exit: true })), 50n);
  assertEquals(pairing.add(call(170n, 2, { exit: true })), undefined);
});

Deno.test("SyscallPairing gives nothing for times that go back or are missing", () => {
  const pairing = new SyscallPairing();
  pairing.add(call(100n, 1));
  assertEquals(pairing.add(call(99n, 1, { exit: true })), undefined);
  const bare = decodeMessage(encodeMessage("Close", { exit: {} }));
  assertEquals(pairing.add(bare), undefined);
});

Deno.test("SyscallPairing forgets the oldest of too many unfinished calls", () => {
  const pairing = new SyscallPairing({ maxPending: 2 });
  for (const tid of [1, 2, 3]) pairing.add(call(1n, tid));
  assertEquals(pairing.add(call(9n, 1, { exit: true })), undefined);
  assertEquals(pairing.add(call(9n, 3, { exit: true })), 8n);
});

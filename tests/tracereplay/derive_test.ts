import { assertEquals } from "@std/assert";
import {
  decodeWaitStatus,
  deriveEvent,
} from "../../src/tracereplay/derive_event.ts";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import {
  decodeSockaddr,
  formatSockaddr,
} from "../../src/tracereplay/sockaddr_decoder.ts";
import type {
  Architecture,
  Message,
  PayloadName,
} from "../../src/tracereplay/types.ts";

function derive<M extends PayloadName>(
  message: M,
  payload: Message<M>,
  architecture: Architecture = "amd64",
): unknown {
  const event = decodeMessage(encodeMessage(message, payload));
  if (event.type !== "decoded") throw new Error(`it is ${event.type}`);
  return deriveEvent(event, architecture);
}

for (
  const [status, expected] of [
    [0, { code: 0 }],
    [256, { code: 1 }],
    [0xff00, { code: 255 }],
    [139, { signal: 11, name: "SIGSEGV", core_dumped: true }],
    [9, { signal: 9, name: "SIGKILL", core_dumped: false }],
    [64, { signal: 64, name: "SIG64", core_dumped: false }],
  ] as const
) {
  Deno.test(`decodeWaitStatus of ${status}`, () => {
    assertEquals<unknown>(decodeWaitStatus(status), expected);
  });
}

for (
  const [name, hex, decoded, text] of [
    [
      "a path",
      "01002f612f6200ff",
      { family: "AF_UNIX", path: "/a/b" },
      "unix:/a/b",
    ],
    [
      "a path without NUL",
      "01002f61",
      { family: "AF_UNIX", path: "/a" },
      "unix:/a",
    ],
    [
      "an abstract name with a NUL in it",
      "010000610062",
      { family: "AF_UNIX", abstract: "a\0b" },
      "unix:@a\0b",
    ],
    ["an unnamed socket", "0100", { family: "AF_UNIX" }, "unix:unnamed"],
    [
      "an address of version 4",
      "02000050c00002070000000000000000",
      { family: "AF_INET", address: "192.0.2.7", port: 80 },
      "192.0.2.7:80",
    ],
    [
      "an address of version 6 with a scope",
      "0a001f90000000000000000000000000000000000000000102000000",
      { family: "AF_INET6", address: "::1", port: 8080, scope: 2 },
      "[::1%2]:8080",
    ],
    [
      "an address of version 6 with flow information",
      "0a001f9000000005" + "fe800000000000000000000000000001",
      { family: "AF_INET6", address: "fe80::1", port: 8080, flowinfo: 5 },
      "[fe80::1]:8080",
    ],
    [
      "a netlink address",
      "100000000700000003000000",
      { family: "AF_NETLINK", pid: 7, groups: 3 },
      "netlink:7/3",
    ],
    [
      "one that is too short",
      "020000",
      { family: "AF_INET", hex: "020000" },
      "AF_INET:020000",
    ],
    [
      "an unknown family",
      "6300ff",
      { family: "AF_99", hex: "6300ff" },
      "AF_99:6300ff",
    ],
    ["one byte", "02", { family: "unknown", hex: "02" }, "unknown:02"],
    ["nothing", "", { family: "unknown", hex: "" }, "unknown:"],
  ] as const
) {
  Deno.test(`decodeSockaddr reads ${name}`, () => {
    const address = decodeSockaddr(Uint8Array.fromHex(hex));
    assertEquals<unknown>(address, decoded);
    assertEquals(formatSockaddr(address), text);
  });
}

Deno.test("deriveEvent names flags of open that differ between architectures", () => {
  const flags = 0x10000 | 0x20000;
  assertEquals(derive("Open", { flags }), {
    flags: ["O_RDONLY", "O_DIRECTORY", "O_NOFOLLOW"],
  });
  assertEquals(derive("Open", { flags }, "arm64"), {
    flags: ["O_RDONLY", "O_DIRECT", "O_LARGEFILE"],
  });
});

Deno.test("deriveEvent names flags of several bits as one and shows the rest", () => {
  assertEquals(derive("Open", { flags: 0x101000 }), {
    flags: ["O_RDONLY", "O_SYNC"],
  });
  assertEquals(derive("Open", { flags: 0x410002 }), {
    flags: ["O_RDWR", "O_TMPFILE"],
  });
  assertEquals(derive("Open", { flags: 0x40000000 }), {
    flags: ["O_RDONLY", "0x40000000"],
  });
});

Deno.test("deriveEvent turns the ports of descriptors round", () => {
  assertEquals(
    derive("ExecveInfo", {
      stdout: {
        mode: 0o140777,
        socket: {
          local: {
            family: 2,
            ip: new Uint8Array([127, 0, 0, 1]),
            port: 0xbb01,
          },
          remote: { family: 10, ip: new Uint8Array(16), port: 0x5000 },
        },
      },
      stdin: { mode: 0o010600 },
      stderr: { socket: { local: { family: 1 } } },
    }),
    {
      stdin: { mode: "010600", type: "pipe" },
      stdout: {
        mode: "0140777",
        type: "socket",
        local: "127.0.0.1:443",
        remote: "[::]:80",
      },
      stderr: { local: "AF_UNIX" },
    },
  );
});

Deno.test("deriveEvent explains limits, requests, types and signals", () => {
  assertEquals(
    derive("Prlimit", {
      resource: 7n,
      new_limit: { cur: 1024n, max: 2n ** 64n - 1n },
    }),
    {
      resource: "RLIMIT_NOFILE",
      new_limit: { cur: "1024", max: "unlimited" },
    },
  );
  assertEquals(derive("Prlimit", { resource: 99n }), { resource: "99" });
  assertEquals(derive("Ptrace", { request: 0x4206n }), {
    request: "PTRACE_SEIZE",
  });
  assertEquals(derive("Ptrace", { request: -1n }), { request: "-1" });
  assertEquals(derive("Socket", { domain: 17, type: 0x80803 }), {
    domain: "AF_PACKET",
    type: ["SOCK_RAW", "SOCK_NONBLOCK", "SOCK_CLOEXEC"],
  });
  assertEquals(derive("Clone", { flags: 0x200000000n | 0x11n }), {
    flags: ["CLONE_INTO_CGROUP", "SIGCHLD"],
  });
  assertEquals(derive("Mmap", { flags: 0x22 }), {
    prot: ["PROT_NONE"],
    flags: ["MAP_PRIVATE", "MAP_ANONYMOUS"],
  });
});

Deno.test("deriveEvent gives an unknown error as its number", () => {
  assertEquals(derive("Fork", { exit: { errorno: 9999n } }), {
    errno: "9999",
  });
});

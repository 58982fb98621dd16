import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "../../src/base/errors.ts";
import {
  errnoName,
  libcCandidates,
  openLibc,
} from "../../src/platform/libc.ts";
import {
  POLL_EVENTS,
  POLLFD_LAYOUT,
} from "../../src/platform/poll_events_table.ts";
import { UCRED_LAYOUT } from "../../src/platform/seqpacket_conn.ts";
import { SOCKET_FLAGS } from "../../src/platform/seqpacket_socket.ts";
import { encodeUnixSocketAddress } from "../../src/platform/unix_socket_address.ts";
import { runDeno } from "../support/run_deno.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { NEEDS_PEER, runPeer } from "../tracereplay/_peer.ts";

const LIBC_PATH = `/lib/${Deno.build.arch}-linux-gnu/libc.so.6`;
const NEEDS_LINUX = [requireThat(Deno.build.os === "linux", "needs Linux")];
/** Where glibc lies on Debian and its relatives. */
const NEEDS_GLIBC = [requireThat(exists(LIBC_PATH), `no ${LIBC_PATH}`)];

testWith(
  "openLibc opens the library once until it is closed",
  NEEDS_LINUX,
  () => {
    using libc = openLibc();
    assertEquals(openLibc(), libc);
    libc.close();
    libc.close();
    using again = openLibc();
    assertEquals(again === libc, false);
  },
);

testWith("Libc refuses calls after close", NEEDS_LINUX, () => {
  using libc = openLibc();
  libc.close();
  const error = assertThrows(() => libc.symbols, Error);
  assertEquals(error.message, "Cannot call the C library: library is closed");
});

testWith(
  "Libc.check names the call, the errno and its name",
  NEEDS_LINUX,
  () => {
    using libc = openLibc();
    assertEquals(libc.check(3, "socket"), 3);
    const address = encodeUnixSocketAddress("/x");
    const error = assertThrows(
      () =>
        libc.check(
          libc.symbols.bind(-1, address, address.length),
          "bind",
          'listen on "/x"',
        ),
      OsError,
      'Cannot listen on "/x": bind failed with EBADF',
    );
    assertEquals([error.syscall, error.errno, error.code], [
      "bind",
      9,
      "EBADF",
    ]);
  },
);

testWith(
  "Libc.errno stays that of the failed call in ten thousand calls",
  NEEDS_LINUX,
  () => {
    using libc = openLibc();
    const address = encodeUnixSocketAddress("/x");
    for (let round = 0; round < 10_000; round++) {
      const isBind = round % 2 === 0;
      const result = isBind
        ? libc.symbols.bind(-1, address, address.length)
        : libc.symbols.socket(-1, 1, 0);
      // Work in between, as an engine may do on its own.
      if (result >= 0 || libc.errno() !== (isBind ? 9 : 97)) {
        throw new Error(`round ${round}: ${result}, errno ${libc.errno()}`);
      }
    }
  },
);

testWith("Libc.addressOf gives where a buffer lies", NEEDS_LINUX, () => {
  using libc = openLibc();
  const bytes = new Uint8Array([1, 2, 3, 4]);
  const copy = new Uint8Array(2);
  libc.symbols.copyFrom(copy, libc.addressOf(bytes) + 1n, 2n);
  assertEquals([...copy], [2, 3]);
});

Deno.test("errnoName knows Linux and macOS", () => {
  assertEquals(errnoName(11, "linux"), "EAGAIN");
  assertEquals(errnoName(35, "darwin"), "EAGAIN");
  assertEquals(errnoName(2, "darwin"), "ENOENT");
  assertEquals(errnoName(9999, "linux"), "errno 9999");
});

Deno.test("libcCandidates names every C library by system and processor", () => {
  const linux = libcCandidates("linux", "aarch64");
  assertEquals(linux[0], "libc.so.6");
  assertEquals(linux.includes("libc.musl-aarch64.so.1"), true);
  assertEquals(linux.includes("/lib/aarch64-linux-gnu/libc.so.6"), true);
  assertEquals(libcCandidates("darwin", "aarch64")[0], "libSystem.B.dylib");
  assertEquals(libcCandidates("windows", "x86_64"), []);
});

for (
  const [name, flags, expected] of [
    [
      "without permission says which flag to add",
      [],
      "NotCapable: Cannot open the C library: FFI is not permitted, run deno with --allow-ffi",
    ],
    [
      "with permission for one path opens that path and reads errno",
      [`--allow-ffi=${LIBC_PATH}`],
      "EBADF",
    ],
  ] as const
) {
  testWith(`openLibc ${name}`, NEEDS_GLIBC, async () => {
    const script = `
      import { openLibc } from "${REPOSITORY}/src/platform/libc.ts";
      try {
        const libc = openLibc();
        libc.check(libc.symbols.close(-1), "close");
      } catch (error) {
        console.log(error.code ?? \`\${error.name}: \${error.message}\`);
      }`;
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(path, script);
      const { stdout } = await runDeno([
        "run",
        "--no-prompt",
        "--no-config",
        "--no-check",
        ...flags,
        path,
      ]);
      assertEquals(stdout.trim(), expected);
    } finally {
      await Deno.remove(path);
    }
  });
}

testWith(
  "layouts and constants are those of the C compiler",
  NEEDS_PEER,
  async () => {
    const { stdout, code } = await runPeer("sizes");
    assertEquals(code, 0);
    const facts = new Map(
      stdout.trim().split("\n").map((line) => {
        const at = line.lastIndexOf(" ");
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
    );
    assertEquals(
      Object.fromEntries(facts),
      {
        "struct pollfd": POLLFD_LAYOUT.size,
        "struct pollfd.fd": POLLFD_LAYOUT.fd,
        "struct pollfd.events": POLLFD_LAYOUT.events,
        "struct pollfd.revents": POLLFD_LAYOUT.revents,
        "struct ucred": UCRED_LAYOUT.size,
        "struct ucred.pid": UCRED_LAYOUT.pid,
        "struct ucred.uid": UCRED_LAYOUT.uid,
        "struct ucred.gid": UCRED_LAYOUT.gid,
        "struct sockaddr_un": 2 + 108,
        "struct sockaddr_un.sun_path": 2,
        "SOCK_SEQPACKET": 5,
        "SOCK_FLAGS": SOCKET_FLAGS,
        "POLLIN": POLL_EVENTS.in,
        "POLLOUT": POLL_EVENTS.out,
        "POLLERR": POLL_EVENTS.error,
        "POLLHUP": POLL_EVENTS.hangUp,
        "POLLNVAL": POLL_EVENTS.invalid,
      },
    );
  },
);

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

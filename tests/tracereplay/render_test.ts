import { assertEquals } from "@std/assert";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import {
  encodeMessage,
  encodePacket,
  typeIdOf,
} from "../../src/tracereplay/message_encoder.ts";
import { renderJson } from "../../src/tracereplay/render_json.ts";
import {
  renderPretty,
  renderTableHeading,
  renderTableRow,
} from "../../src/tracereplay/render_pretty.ts";
import { renderText } from "../../src/tracereplay/render_text.ts";
import { assertGolden } from "../support/golden.ts";
import { mutations } from "../support/mutations.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";
import { fixture, FIXTURES, packetsOf } from "./_fixtures.ts";

const ALL_TYPES = await packetsOf(fixture("all-types.trace"));
const QUIRKS = await packetsOf(fixture("quirks.trace"));
const BAD = (await Promise.all(
  ["header-short", "payload-bad-varint", "payload-invalid-utf8"].map((name) =>
    packetsOf(fixture(`bad/${name}.trace`))
  ),
)).flat();

function lines(
  packets: readonly Uint8Array[],
  render: (event: ReturnType<typeof decodeMessage>) => string,
): string {
  return packets.map((packet, index) =>
    render(decodeMessage(packet, { seq: index + 1 })) + "\n"
  ).join("");
}

Deno.test("renderText gives the lines of gVisor's example server for every type", async () => {
  assertEquals(
    lines(ALL_TYPES, renderText),
    await Deno.readTextFile(`${FIXTURES}/all-types.txt`),
  );
});

testWith(
  "renderText gives the lines of a session that gVisor recorded",
  [requireSharedData("tracereplay/client-0001")],
  async () => {
    const file = await Deno.readFile(sharedData("tracereplay/client-0001")!);
    assertEquals(
      lines(await packetsOf(file), renderText),
      await Deno.readTextFile(sharedData("tracereplay/client-0001.txt")!),
    );
  },
);

Deno.test("renderText shows what is unknown or damaged", () => {
  const close = typeIdOf("Close");
  for (
    const [packet, line] of [
      [
        encodePacket(39, Uint8Array.fromHex("0801")),
        'Invalid message type: 39 payload_hex: "0801"',
      ],
      [encodePacket(close, Uint8Array.fromHex("980605")), "E Close 99: 5"],
      [
        encodePacket(close, Uint8Array.fromHex("9a0602ff0a")),
        'E Close 99: "\\377\\n"',
      ],
      [
        encodePacket(close, Uint8Array.fromHex("9d0601000000")),
        "E Close 99: 0x00000001",
      ],
      [
        encodePacket(close, Uint8Array.fromHex("99060100000000000000")),
        "E Close 99: 0x0000000000000001",
      ],
      [
        encodePacket(close, Uint8Array.fromHex("0a03a00101")),
        "E Close context_data { 20: 1 }",
      ],
    ] as const
  ) assertEquals(renderText(decodeMessage(packet)), line);
});

Deno.test("renderText cuts strings to the length that is asked for", () => {
  const event = decodeMessage(encodeMessage("Chdir", { pathname: "/abcdef" }));
  assertEquals(
    renderText(event, { maxString: 3 }),
    'E Chdir pathname: "/ab"...',
  );
});

Deno.test("renderJson adds names, meanings and bytes where asked for", () => {
  const event = decodeMessage(encodeMessage("Open", {
    context_data: { time_ns: 1_700_000_000_000_000_001n },
    exit: { errorno: 2n },
    sysno: 257n,
    fd: -100n,
    flags: 0x80241,
  }));
  assertEquals(
    JSON.parse(renderJson(event, { architecture: "amd64", derive: true })),
    {
      seq: 1,
      type: "MESSAGE_SYSCALL_OPEN",
      type_id: 7,
      header_size: 8,
      dropped: 0,
      message: "Open",
      phase: "exit",
      payload: {
        context_data: { time_ns: "1700000000000000001" },
        exit: { errorno: "2" },
        sysno: "257",
        fd: "-100",
        flags: 524865,
      },
      syscall: "openat",
      derived: {
        time: "2023-11-14T22:13:20.000000001Z",
        errno: "ENOENT",
        fd: "AT_FDCWD",
        flags: ["O_WRONLY", "O_CREAT", "O_TRUNC", "O_CLOEXEC"],
      },
    },
  );
  const raw = JSON.parse(renderJson(event, { raw: true }));
  assertEquals(raw.raw_hex, event.raw.toHex());
});

Deno.test("renderJson writes 64-bit numbers as numbers only where that is exact", () => {
  const event = decodeMessage(
    encodeMessage("Syscall", { arg1: 2n ** 53n - 1n, arg2: 2n ** 53n }),
  );
  const { payload } = JSON.parse(renderJson(event, { numbers: "unsafe" }));
  assertEquals(payload, { arg1: 2 ** 53 - 1, arg2: "9007199254740992" });
});

Deno.test("renderJson names a system call without a name by its number", () => {
  const event = decodeMessage(encodeMessage("Syscall", { sysno: 9999n }));
  const { syscall } = JSON.parse(
    renderJson(event, { architecture: "amd64" }),
  );
  assertEquals(syscall, "sys_9999");
});

Deno.test("renderPretty renders every type, quirk and damage", async () => {
  await assertGolden(
    "tracereplay/pretty.txt",
    lines(
      [...ALL_TYPES, ...QUIRKS, ...BAD],
      (event) => renderPretty(event, { architecture: "amd64" }),
    ),
  );
});

Deno.test("renderTableRow renders every type, quirk and damage", async () => {
  await assertGolden(
    "tracereplay/table.txt",
    renderTableHeading() + "\n" +
      lines(
        [...ALL_TYPES, ...QUIRKS, ...BAD],
        (event) =>
          renderTableRow(event, { architecture: "amd64", maxString: 40 }),
      ),
  );
});

Deno.test("renderPretty lets nothing from a capture control the terminal", () => {
  const evil = "\x1b[31m\u202e\r\n\u0007";
  const event = decodeMessage(encodeMessage("ExecveInfo", {
    context_data: { process_name: evil, container_id: evil },
    binary_path: evil,
    argv: [evil],
  }));
  for (const line of [renderPretty(event), renderTableRow(event)]) {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f\x7f\u202e]/.test(line), false, line);
  }
  const open = decodeMessage(encodeMessage("Open", {
    fd_path: evil,
    pathname: evil,
  }));
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x1f\x7f\u202e]/.test(renderPretty(open)), false);
});

Deno.test("renderPretty shows how long a call took", () => {
  const event = decodeMessage(encodeMessage("Close", { exit: {}, sysno: 3n }));
  assertEquals(
    renderPretty(event, { durationNs: 1_000_002_003n }),
    "close(fd=0) = 0 <1.000002003>",
  );
});

Deno.test("no rendering throws on 10,000 damaged messages", () => {
  for (const packet of mutations([...ALL_TYPES, ...QUIRKS], 10_000, 3)) {
    const event = decodeMessage(packet);
    renderText(event);
    renderPretty(event, { architecture: "arm64" });
    renderTableRow(event);
    JSON.parse(renderJson(event, { derive: true, architecture: "amd64" }));
  }
});

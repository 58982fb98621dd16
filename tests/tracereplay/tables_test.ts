import { assertEquals } from "@std/assert";
import {
  architectureOf,
  ARCHITECTURES,
} from "../../src/tracereplay/architecture.ts";
import { decodeMessage } from "../../src/tracereplay/message_decoder.ts";
import { encodeMessage } from "../../src/tracereplay/message_encoder.ts";
import {
  fieldsOf,
  messageType,
  messageTypeName,
  messageTypes,
} from "../../src/tracereplay/message_schema.ts";
import { MESSAGE_FIELDS } from "../../src/tracereplay/message_fields_table.ts";
import { listPoints, renderPoint } from "../../src/tracereplay/points.ts";
import { SCHEMATIZED_SYSCALLS } from "../../src/tracereplay/schematized_syscall_table.ts";
import { listSyscalls, syscallName } from "../../src/tracereplay/syscalls.ts";
import type { MessageName } from "../../src/tracereplay/types.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

for (const architecture of ARCHITECTURES) {
  const points = `tracereplay/points-${architecture}.tsv`;
  testWith(
    `listPoints gives what runsc trace metadata gives on ${architecture}`,
    [requireSharedData(points)],
    async () => {
      const table = [
        "name\tid\tmessage_type\toptional_fields\tcontext_fields",
        ...listPoints(architecture).map((point) =>
          [
            point.name,
            point.id,
            point.typeName,
            point.optionalFields.join("|"),
            point.contextFields.join("|"),
          ].join("\t")
        ),
      ].join("\n") + "\n";
      assertEquals(table, await Deno.readTextFile(sharedData(points)!));
    },
  );

  const syscalls = `tracereplay/syscalls-${architecture}.tsv`;
  testWith(
    `listSyscalls gives gVisor's table of ${architecture}`,
    [requireSharedData(syscalls)],
    async () => {
      const table = [
        "sysno\tname\tin_gvisor_table\tschematized_message",
        ...listSyscalls(architecture).map((call) =>
          [call.sysno, call.name, call.isInGvisor ? 1 : 0, call.message ?? ""]
            .join("\t")
        ),
      ].join("\n") + "\n";
      assertEquals(table, await Deno.readTextFile(sharedData(syscalls)!));
    },
  );
}

interface Schema {
  readonly "message_types": Record<
    string,
    { name: string; message: string | null }
  >;
  readonly messages: Record<string, {
    fields: {
      number: number;
      name: string;
      type: string;
      repeated?: boolean;
    }[];
  }>;
}

testWith(
  "the tables of messages are those of gVisor's .proto files",
  [requireSharedData("tracereplay/schema.json")],
  async () => {
    const schema: Schema = JSON.parse(
      await Deno.readTextFile(sharedData("tracereplay/schema.json")!),
    );
    assertEquals(
      Object.keys(MESSAGE_FIELDS).sort(),
      Object.keys(schema.messages).sort(),
    );
    for (const [name, { fields }] of Object.entries(schema.messages)) {
      assertEquals(
        fieldsOf(name as MessageName).map((spec) => [
          spec.number,
          spec.name,
          spec.message ?? spec.kind,
        ]),
        fields.map((field) => [
          field.number,
          field.name,
          field.repeated ? `${field.type}[]` : field.type,
        ]),
      );
    }
    for (
      const [id, { name, message }] of Object.entries(schema.message_types)
    ) {
      assertEquals(messageTypeName(Number(id)), name);
      assertEquals(messageType(Number(id))?.message ?? null, message);
    }
    assertEquals(messageTypes().length, 38);
  },
);

Deno.test("messageTypeName numbers what is unknown", () => {
  assertEquals(messageTypeName(39), "UNKNOWN_39");
  assertEquals(messageTypeName(65_535), "UNKNOWN_65535");
});

Deno.test("renderPoint renders a point as runsc does", () => {
  const point = listPoints("amd64").find(({ name }) =>
    name === "sentry/exit_notify_parent"
  )!;
  assertEquals(
    renderPoint(point),
    "Name: sentry/exit_notify_parent, optional fields: [], context fields: [time|thread_id|task_start_time|group_id|thread_group_start_time|container_id|credentials|process_name|parent_thread_group_id]",
  );
});

Deno.test("syscallName knows what the architectures differ in", () => {
  assertEquals(syscallName("amd64", 0n), "read");
  assertEquals(syscallName("arm64", 63n), "read");
  assertEquals(syscallName("amd64", 2n ** 64n - 1n), undefined);
});

Deno.test("architectureOf decides by every call that has a message, and agrees with the table", () => {
  for (const { message, ...numbers } of SCHEMATIZED_SYSCALLS) {
    for (const architecture of ARCHITECTURES) {
      const sysno = numbers[architecture];
      if (sysno === undefined) continue;
      const packet = encodeMessage(message, { sysno: BigInt(sysno) });
      assertEquals(architectureOf(decodeMessage(packet)), architecture);
    }
  }
});

Deno.test("architectureOf decides by nothing else", () => {
  for (
    const packet of [
      encodeMessage("Syscall", { sysno: 257n }),
      encodeMessage("TaskExit", {}),
      encodeMessage("Open", { sysno: 9999n }),
      new Uint8Array(3),
    ]
  ) assertEquals(architectureOf(decodeMessage(packet)), undefined);
});

import { assertEquals } from "@std/assert";
import {
  providerGuid,
  providerNameOfGuid,
} from "../../../src/eventpipe/nettrace/provider_guid.ts";

const GUIDS: Readonly<Record<string, string>> = {
  "Microsoft-Windows-DotNETRuntime": "e13c0d23-ccbc-4e12-931b-d9cc2eee27e4",
  "Microsoft-Windows-DotNETRuntimeRundown":
    "a669021c-c450-4609-a035-5af59af4df18",
  "Microsoft-Windows-DotNETRuntimeStress":
    "cc2bcbba-16b6-4cf3-8990-d74c2e8af500",
  "Microsoft-Windows-DotNETRuntimePrivate":
    "763fd754-7086-4dfe-95eb-c01a46faf4ca",
  "System.Threading.Tasks.TplEventSource":
    "2e5dba47-a3d2-4d16-8ee0-6671ffdcd7b5",
  "Microsoft-DotNETCore-SampleProfiler": "3c530d44-97ae-513a-1e6d-783e8f8e03a9",
  "Microsoft-DotNETCore-EventPipe": "92f528a6-f5b8-5160-a7ee-b33da7739e29",
  "System.Runtime": "49592c0f-5a05-516d-aa4b-a64e02026c89",
  "System.Diagnostics.Metrics": "20752bc4-c151-50f5-f27b-df92d8af5a61",
  "TestEventSource": "f150d8fb-960c-5e38-a69d-49bae6f97289",
  "Microsoft-Diagnostics-DiagnosticSource":
    "adb401e1-5296-51f8-c125-5fda75826144",
  "Microsoft-Extensions-Logging": "3ac73b97-af73-50e9-0822-5da4367920d0",
};

for (const [name, guid] of Object.entries(GUIDS)) {
  Deno.test(`providerGuid and providerNameOfGuid know ${name}`, () => {
    assertEquals(providerGuid(name), guid);
    assertEquals(providerNameOfGuid(guid), name);
  });
}

Deno.test("providerGuid derives the GUIDs of the universal providers", () => {
  assertEquals(
    providerGuid("Universal.System"),
    "8c107b6c-79f8-5231-4de6-2a0e20a3f562",
  );
  assertEquals(
    providerGuid("universal.events"),
    "bc5e5d63-9799-5873-33d9-fba8316cef71",
  );
});

Deno.test("providerNameOfGuid knows no other GUID", () => {
  assertEquals(
    providerNameOfGuid("00000000-0000-0000-0000-000000000000"),
    undefined,
  );
});

import { formatGuid } from "../../codec/guid.ts";
import { sha1 } from "../../codec/sha1.ts";

/** Providers whose GUID is not derived from their name. */
export const FIXED_PROVIDER_GUIDS: Readonly<Record<string, string>> = {
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
};

/** Providers that a GUID of an old stream may stand for, beside those with a fixed one. */
const DERIVED_PROVIDERS = [
  "Microsoft-DotNETCore-EventPipe",
  "System.Runtime",
  "System.Diagnostics.Metrics",
  "Microsoft-Diagnostics-DiagnosticSource",
  "Microsoft-Extensions-Logging",
  "Microsoft-AspNetCore-Server-Kestrel",
  "Microsoft.AspNetCore.Hosting",
  "System.Net.Http",
  "System.Net.Sockets",
  "System.Net.NameResolution",
  "System.Net.Security",
  "TestEventSource",
];

const NAMESPACE = Uint8Array.fromHex("482c2db2c39047c887f81a15bfc130fb");

/**
 * Gives the GUID of an event provider: the fixed one of the runtime's own
 * providers, else the one that `EventSource` derives from the name.
 *
 * @param name Name of the provider.
 * @returns The GUID, lower case.
 *
 * @example A derived GUID
 * ```ts
 * import { providerGuid } from "@tracedeck/tracedeck/eventpipe";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(
 *   providerGuid("System.Runtime"),
 *   "49592c0f-5a05-516d-aa4b-a64e02026c89",
 * );
 * ```
 */
export function providerGuid(name: string): string {
  const fixed = FIXED_PROVIDER_GUIDS[name];
  if (fixed !== undefined) return fixed;
  const upper = name.toUpperCase();
  const message = new Uint8Array(NAMESPACE.length + 2 * upper.length);
  message.set(NAMESPACE);
  const view = new DataView(message.buffer);
  for (let index = 0; index < upper.length; index++) {
    // Big-endian, unlike everything else in these streams.
    view.setUint16(NAMESPACE.length + 2 * index, upper.charCodeAt(index));
  }
  const digest = sha1(message);
  digest[7] = (digest[7]! & 0x0f) | 0x50;
  return formatGuid(digest);
}

let namesByGuid: Map<string, string> | undefined;

/**
 * Finds the name of a well-known provider.
 *
 * @param guid GUID, lower case.
 * @returns The name, or `undefined`.
 */
export function providerNameOfGuid(guid: string): string | undefined {
  namesByGuid ??= new Map([
    ...Object.entries(FIXED_PROVIDER_GUIDS).map(([name, fixed]) =>
      [fixed, name] as const
    ),
    ...DERIVED_PROVIDERS.map((name) => [providerGuid(name), name] as const),
  ]);
  return namesByGuid.get(guid);
}

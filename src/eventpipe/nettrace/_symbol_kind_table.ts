import type { NettraceMetadata } from "./types.ts";

/** Events that name code, modules and processes, by provider; `undefined` for all of it. */
const SYMBOL_KINDS: Readonly<Record<string, ReadonlySet<number> | undefined>> =
  {
    // Methods, native maps, modules, assemblies, domains, runtime.
    "Microsoft-Windows-DotNETRuntime": new Set([
      141,
      142,
      143,
      144,
      151,
      152,
      153,
      154,
      155,
      156,
      157,
      159,
      187,
      190,
    ]),
    "Microsoft-Windows-DotNETRuntimeRundown": undefined,
    "Microsoft-DotNETCore-EventPipe": new Set([1]),
    "Universal.System": undefined,
  };

/**
 * @param metadata A kind of event.
 * @returns Whether stacks of other events get their names by it.
 */
export function isSymbolKind(
  metadata: Pick<NettraceMetadata, "providerName" | "eventId">,
): boolean {
  const { providerName, eventId } = metadata;
  if (!Object.hasOwn(SYMBOL_KINDS, providerName)) return false;
  return SYMBOL_KINDS[providerName]?.has(eventId) ?? true;
}

import { findParam } from "./find_param.ts";
import type { KcapEvent, KcapModule } from "./types.ts";

/** One return address of a call stack. */
export interface KcapFrame {
  readonly address: bigint;
  /** Path of the module that the address lies in; empty where unknown. */
  readonly module: string;
  /** Distance of the address from the start of its module; 0n where unknown. */
  readonly offset: bigint;
  /** Whether the address lies in no known module of a process whose modules are known. */
  readonly isUnbacked: boolean;
  /** Whether it is an address of the kernel. */
  readonly isKernel: boolean;
}

/** First address of the kernel on 64-bit Windows. */
const KERNEL_START = 0xffff_8000_0000_0000n;

/**
 * Builds the call stack of an event from the return addresses that it holds
 * and the modules of its process. Captures hold no symbols.
 *
 * @param event The event.
 * @returns Frames in the order of the file, innermost first; empty where the
 * event has none.
 */
export function callStackOf(event: KcapEvent): readonly KcapFrame[] {
  const value = findParam(event, "callstack")?.value;
  if (
    typeof value !== "object" || value instanceof Uint8Array ||
    value.kind !== "addresses"
  ) return [];
  const modules = [...event.process?.modules.values() ?? []]
    .sort((a, b) => a.base < b.base ? -1 : 1);
  return value.items.map((address): KcapFrame => {
    const isKernel = address >= KERNEL_START;
    const module = moduleAt(modules, address);
    return {
      address,
      module: module?.path ?? "",
      offset: module === undefined ? 0n : address - module.base,
      isUnbacked: module === undefined && !isKernel && modules.length > 0,
      isKernel,
    };
  });
}

/** The module that an address lies in, of modules in order of their bases. */
function moduleAt(
  modules: readonly KcapModule[],
  address: bigint,
): KcapModule | undefined {
  let from = 0;
  let to = modules.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (modules[middle]!.base <= address) from = middle + 1;
    else to = middle;
  }
  const nearest = modules[from - 1];
  return nearest !== undefined && address < nearest.base + nearest.size
    ? nearest
    : undefined;
}

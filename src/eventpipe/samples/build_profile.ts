import { ProfileBuilder } from "../../profile/profile_builder.ts";
import type { Profile } from "../../profile/types.ts";
import { CodeNames } from "../symbols/code_names.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import { METHOD_SOURCE } from "../symbols/method_table.ts";
import { moduleMapping } from "../symbols/module_mapping.ts";
import type { UnresolvedReason } from "../symbols/resolve_addresses.ts";
import type { SymbolCollector } from "../symbols/symbol_collector.ts";
import type { SampleSource } from "./sample_source.ts";
import type { TracedThreads } from "./traced_threads.ts";

/** What {@linkcode buildProfile} puts together. */
export interface ProfileParts {
  /** Where the samples come from; finished. */
  readonly source: SampleSource;
  readonly symbols: SymbolCollector;
  readonly threads: TracedThreads;
  /** Name of the traced program, empty where unknown. */
  readonly processName: string;
  /** Whether samples keep their time. */
  readonly isTimed: boolean;
}

/** A profile, and what its frames lack. */
export interface BuiltProfile {
  readonly profile: Profile;
  /** Distinct addresses without a method, by reason. */
  readonly unresolved: ReadonlyMap<UnresolvedReason, number>;
  /** Distinct addresses. */
  readonly addressCount: number;
}

/** Addresses from here on are the kernel's, on the 64-bit systems that trace it. */
const KERNEL_START_HIGH = 0xffff_8000;

/**
 * Gives raw samples names.
 *
 * @param parts Samples, stacks, threads.
 * @param options How frames are named.
 * @returns The profile and what could not be named.
 */
export function buildProfile(
  parts: ProfileParts,
  options: FrameNameOptions = {},
): BuiltProfile {
  const { source, symbols, threads } = parts;
  const { valueTypes, defaultValueType } = source;
  const builder = new ProfileBuilder({
    valueTypes,
    defaultValueType,
    timed: parts.isTimed,
  });
  const { facts } = builder;
  facts.periodType = source.periodType;
  facts.period = source.period;

  const frames = new FrameMaker(builder, symbols, options);
  const { stacks } = symbols;
  const stackOf = new Int32Array(stacks.length).fill(-1);
  const threadOf = new Int32Array(threads.length).fill(-1);
  const labelsOf = source.samples.labelSets.map(() => -1);
  const toStack = (node: number): number => {
    if (node < 0) return -1;
    // Callers have smaller numbers, so one walk up and one down does it.
    const path: number[] = [];
    let at = node;
    while (at >= 0 && stackOf[at] === -1) {
      path.push(at);
      at = stacks.prefix(at);
    }
    for (const each of path.reverse()) {
      const prefix = stacks.prefix(each);
      stackOf[each] = builder.internStack(
        prefix < 0 ? -1 : stackOf[prefix]!,
        frames.frameOf(stacks.address(each)),
      );
    }
    return stackOf[node]!;
  };
  const rounded = new Float64Array(valueTypes.length);
  const startNs = Number.isFinite(source.samples.firstNs)
    ? source.samples.firstNs
    : 0;
  const sampleOptions = { timeNs: 0, labels: 0 };
  source.samples.forEach(({ node, thread, labels, timeNs }, values) => {
    if (threadOf[thread] === -1) {
      const { processId, threadId, name } = threads.get(thread);
      threadOf[thread] = builder.internThread({
        pid: processId,
        tid: threadId,
        name,
        processName: parts.processName,
      });
    }
    if (labelsOf[labels] === -1) {
      labelsOf[labels] = builder.internLabels(
        source.samples.labelSets[labels]!,
      );
    }
    // Weights of sampled allocations are no integers; profiles hold integers.
    for (let at = 0; at < rounded.length; at++) {
      rounded[at] = Math.round(values[at]!);
    }
    sampleOptions.timeNs = timeNs - startNs;
    sampleOptions.labels = labelsOf[labels]!;
    builder.addSample(
      toStack(node),
      threadOf[thread]!,
      rounded,
      sampleOptions,
    );
  });
  facts.durationNs = Math.max(source.samples.lastNs - startNs, 0) || 0;
  facts.comments = source.remarks();
  return {
    profile: builder.build(),
    unresolved: frames.unresolved,
    addressCount: frames.addressCount,
  };
}

/** Makes frames of addresses when a sample needs them. */
class FrameMaker {
  readonly unresolved = new Map<UnresolvedReason, number>();
  addressCount = 0;
  readonly #builder: ProfileBuilder;
  readonly #symbols: SymbolCollector;
  readonly #names: CodeNames;
  readonly #frames: Int32Array;
  readonly #mappings = new Map<number, number>();
  readonly #functions = new Map<number, number>();

  constructor(
    builder: ProfileBuilder,
    symbols: SymbolCollector,
    options: FrameNameOptions,
  ) {
    this.#builder = builder;
    this.#symbols = symbols;
    this.#names = new CodeNames(symbols, options);
    this.#frames = new Int32Array(symbols.addresses.length).fill(-1);
  }

  frameOf(address: number): number {
    const known = this.#frames[address]!;
    if (known !== -1) return known;
    return this.#frames[address] = this.#make(address);
  }

  #make(address: number): number {
    this.addressCount++;
    const { addresses } = this.#symbols;
    const { resolved } = this.#names;
    const method = resolved.method[address]!;
    const module = resolved.module[address]!;
    const mapping = this.#mappingOf(module);
    const isKernel = addresses.high(address) >= KERNEL_START_HIGH;
    if (method >= 0) {
      const isNative =
        this.#symbols.methods.source(method) === METHOD_SOURCE.symbol &&
        module >= 0;
      return this.#builder.internFrame({
        function: this.#functionOf(method, module),
        ...mapping,
        kind: isKernel ? "kernel" : isNative ? "native" : "dotnet",
      });
    }
    const reason = resolved.reasonOf(address);
    this.unresolved.set(reason, (this.unresolved.get(reason) ?? 0) + 1);
    return this.#builder.internFrame({
      ...mapping,
      address: addresses.value(address),
      kind: isKernel ? "kernel" : "native",
    });
  }

  #functionOf(method: number, module: number): number {
    let index = this.#functions.get(method);
    if (index === undefined) {
      index = this.#builder.internFunction(
        this.#names.ofMethod(method, module),
      );
      this.#functions.set(method, index);
    }
    return index;
  }

  #mappingOf(module: number): { mapping?: number } {
    if (module < 0) return {};
    let index = this.#mappings.get(module);
    if (index === undefined) {
      const described = this.#symbols.modules.get(module);
      if (described === undefined || described.path === "") return {};
      index = this.#builder.internMapping(moduleMapping(described));
      this.#mappings.set(module, index);
    }
    return { mapping: index };
  }
}

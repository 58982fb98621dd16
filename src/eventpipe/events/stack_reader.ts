import type { EventCollector, EventHandler } from "../event_collector.ts";
import type { NettraceEvent } from "../nettrace/types.ts";
import { CodeNames } from "../symbols/code_names.ts";
import type { FrameNameOptions } from "../symbols/name_method.ts";
import type { SymbolCollector } from "../symbols/symbol_collector.ts";

/**
 * Gives events their stacks by name.
 *
 * It looks at the stacks of all events, wanted or not: so two passes over the
 * same stream give stacks and addresses the same numbers, and names found by a
 * first pass serve a second one.
 */
export class StackReader implements EventCollector {
  /** Takes what the trace says about code; must see the stream behind this reader. */
  readonly symbols: SymbolCollector;
  readonly #names: CodeNames | undefined;
  readonly #options: FrameNameOptions;
  readonly #stacks = new Map<number, readonly string[]>();
  #namesSoFar: CodeNames | undefined;
  #known = -1;

  /**
   * @param symbols Takes what the trace says about code.
   * @param names Names that a first pass found; without them names are those known so far.
   * @param options How to name without a first pass.
   */
  constructor(
    symbols: SymbolCollector,
    names?: CodeNames,
    options: FrameNameOptions = {},
  ) {
    this.symbols = symbols;
    this.#names = names;
    this.#options = options;
  }

  /** Notes the stacks of all events. */
  handlerOf(): EventHandler {
    return (event) => {
      this.symbols.stacks.nodeOf(event, this.symbols.spaces.of(event));
    };
  }

  /** @param event An event that this reader saw. @returns Its frames by name, leaf first; `undefined` without a stack. */
  stackOf(event: NettraceEvent): readonly string[] | undefined {
    const { stacks, spaces } = this.symbols;
    const node = stacks.nodeOf(event, spaces.of(event));
    if (node < 0) return undefined;
    const names = this.#names ?? this.#current();
    let frames = this.#stacks.get(node);
    if (frames === undefined) {
      const made: string[] = [];
      for (let at = node; at >= 0; at = stacks.prefix(at)) {
        made.push(names.ofAddress(stacks.address(at)));
      }
      frames = made;
      this.#stacks.set(node, frames);
    }
    return frames;
  }

  /** Names known so far; made anew when there are more methods or addresses. */
  #current(): CodeNames {
    const { methods, addresses } = this.symbols;
    const known = methods.length + addresses.length;
    if (this.#namesSoFar === undefined || known !== this.#known) {
      this.#namesSoFar = new CodeNames(this.symbols, this.#options);
      this.#stacks.clear();
      this.#known = known;
    }
    return this.#namesSoFar;
  }
}

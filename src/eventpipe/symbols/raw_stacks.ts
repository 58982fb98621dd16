import { LimitError } from "../../base/errors.ts";
import { TupleTable } from "../../profile/tuple_table.ts";
import type { NettraceEvent } from "../nettrace/types.ts";
import type { AddressIndex } from "./address_table.ts";

const MAX_STACKS = 16 * 1024 * 1024;
/** Most bytes of inline stacks that are remembered to recognise equal ones. */
const MAX_INLINE_BYTES = 32 * 1024 * 1024;

interface InlineStack {
  readonly bytes: Uint8Array;
  readonly space: number;
  readonly node: number;
}

/**
 * Call stacks as a forest of addresses: a node is one address on top of its
 * caller's node. Stack ids of a stream are void after every sequence point, so
 * stacks are told apart by what they hold.
 */
export class RawStacks {
  readonly #addresses: AddressIndex;
  readonly #nodes = new TupleTable(2);
  /** Nodes by stack id and space, until the next sequence point. */
  readonly #byId = new Map<number, number>();
  readonly #inline = new Map<number, InlineStack>();
  #inlineBytes = 0;

  /** @param addresses Gives addresses their index. */
  constructor(addresses: AddressIndex) {
    this.#addresses = addresses;
  }

  /** Nodes so far. */
  get length(): number {
    return this.#nodes.length;
  }

  /** @param node A node. @returns Node of its caller, always smaller; -1 at the root. */
  prefix(node: number): number {
    return this.#nodes.at(node, 0);
  }

  /** @param node A node. @returns Index of its address. */
  address(node: number): number {
    return this.#nodes.at(node, 1);
  }

  /** Forgets stack ids; call it at every sequence point. */
  clearIds(): void {
    this.#byId.clear();
  }

  /** Forgets what equal stacks were found to be; call it when addresses got a new meaning. */
  forget(): void {
    this.#byId.clear();
    this.#inline.clear();
    this.#inlineBytes = 0;
  }

  /**
   * @param event An event.
   * @param space Which process its addresses belong to.
   * @returns Node of its leaf, -1 when it has no stack.
   * @throws {LimitError} When there are too many different stacks.
   */
  nodeOf(event: NettraceEvent, space = 0): number {
    const { stackId } = event;
    if (stackId === 0) return -1;
    if (stackId === -1) return this.#inlineNode(event, space);
    const key = space * 2 ** 32 + stackId;
    let node = this.#byId.get(key);
    if (node === undefined) {
      const { bytes, pointerSize } = event.stack;
      node = this.#intern(bytes, pointerSize, space);
      this.#byId.set(key, node);
    }
    return node;
  }

  #inlineNode(event: NettraceEvent, space: number): number {
    const { bytes, pointerSize } = event.stack;
    if (bytes.length === 0) return -1;
    let hash = bytes.length ^ space;
    for (let at = 0; at < bytes.length; at++) {
      hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    }
    const known = this.#inline.get(hash);
    if (known !== undefined && known.space === space) {
      if (areEqual(known.bytes, bytes)) return known.node;
    }
    const node = this.#intern(bytes, pointerSize, space);
    if (this.#inlineBytes + bytes.length > MAX_INLINE_BYTES) {
      this.#inline.clear();
      this.#inlineBytes = 0;
    }
    this.#inlineBytes += bytes.length;
    this.#inline.set(hash, { bytes: bytes.slice(), space, node });
    return node;
  }

  #intern(bytes: Uint8Array, pointerSize: 4 | 8, space: number): number {
    let node = -1;
    const last = Math.floor(bytes.length / pointerSize) - 1;
    for (let index = last; index >= 0; index--) {
      const at = index * pointerSize;
      const low = u32(bytes, at);
      const high = pointerSize === 8 ? u32(bytes, at + 4) : 0;
      node = this.#nodes.intern2(
        node,
        this.#addresses.intern(space, index === 0, low, high),
      );
    }
    if (this.#nodes.length > MAX_STACKS) {
      throw new LimitError(
        `Cannot keep stacks: there are more than ${MAX_STACKS} different ones`,
        { limit: "maxStacks", value: this.#nodes.length, offset: 0 },
      );
    }
    return node;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) |
    (bytes[at + 3]! << 24)) >>> 0;
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}

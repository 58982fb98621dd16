/**
 * Tells whether two values are deeply equal: same shape, same content, and the
 * same prototype (a null prototype counts as `Object.prototype`).
 *
 * `0` equals `-0` and `NaN` equals `NaN`; functions are equal only to
 * themselves; a property that is `undefined` differs from one that is missing.
 *
 * @param a One value.
 * @param b The other value.
 * @returns Whether they are equal.
 * @throws {TypeError} When weak collections would have to be compared.
 */
export function equal(a: unknown, b: unknown): boolean {
  return new Comparison().same(a, b);
}

type Collection = Map<unknown, unknown> | Set<unknown>;

/** Types whose text says everything about them. */
const TEXTUAL = [RegExp, URL, URLSearchParams, Intl.Locale] as const;

class Comparison {
  /** Pairs under comparison, so that cycles end. */
  readonly #open = new Map<object, object>();

  same(a: unknown, b: unknown): boolean {
    if (a === b || Object.is(a, b)) return true;
    if (!isObject(a) || !isObject(b)) return false;
    if (!haveSamePrototype(a, b)) return false;
    if (a instanceof Date) {
      return Object.is(a.getTime(), (b as Date).getTime());
    }
    if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
      return haveSameElements(
        a as unknown as ArrayLike<unknown>,
        b as unknown as ArrayLike<unknown>,
      );
    }
    if (a instanceof ArrayBuffer || a instanceof SharedArrayBuffer) {
      return haveSameElements(
        new Uint8Array(a),
        new Uint8Array(b as ArrayBuffer),
      );
    }
    if (a instanceof WeakMap || a instanceof WeakSet) {
      throw new TypeError(
        `Cannot compare ${
          a instanceof WeakMap ? "WeakMap" : "WeakSet"
        } instances`,
      );
    }
    if (a instanceof WeakRef) {
      return this.same(a.deref(), (b as WeakRef<WeakKey>).deref());
    }
    if (this.#open.get(a) === b) return true;
    if (Object.keys(a).length !== Object.keys(b).length) return false;
    this.#open.set(a, b);
    if (a instanceof Map || a instanceof Set) {
      return this.#haveSameMembers(a, b as Collection);
    }
    if (TEXTUAL.some((type) => a instanceof type)) {
      return String(a) === String(b);
    }
    return this.#haveSameProperties(a, b);
  }

  #haveSameMembers(a: Collection, b: Collection): boolean {
    if (a.size !== b.size) return false;
    const rest = [...b.entries()];
    for (const [key, value] of a.entries()) {
      const at = b.has(key)
        ? rest.findIndex(([other]) => key === other || Object.is(key, other))
        : rest.findIndex(([other]) => isObject(key) && this.same(key, other));
      const found = rest[at];
      if (found === undefined) return false;
      if (a instanceof Map && !this.same(value, found[1])) return false;
      // Swapped with the last and cut off: members match in any order.
      rest[at] = rest.at(-1) ?? found;
      rest.pop();
    }
    return true;
  }

  #haveSameProperties(a: object, b: object): boolean {
    for (const key of new Set([...propertiesOf(a), ...propertiesOf(b)])) {
      if (!(key in a) || !(key in b)) return false;
      if (!this.same(Reflect.get(a, key), Reflect.get(b, key))) return false;
    }
    return true;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function haveSamePrototype(a: object, b: object): boolean {
  return plainIfNone(a) === plainIfNone(b);
}

function plainIfNone(value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype;
}

function haveSameElements(
  a: ArrayLike<unknown>,
  b: ArrayLike<unknown>,
): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

/** Own properties, and those of the classes between it and the built-in roots. */
function propertiesOf(value: object): (string | symbol)[] {
  const keys: (string | symbol)[] = [];
  for (
    let at: object | null = value;
    at !== null && at !== Object.prototype && at !== Array.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    keys.push(...Reflect.ownKeys(at));
  }
  return keys;
}

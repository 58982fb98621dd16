import { assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "../support/mutations.ts";
import { LruCache } from "../../src/tracehandler/lru_cache.ts";

Deno.test("LruCache refuses a capacity that is no integer above 0", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(
      () => new LruCache(capacity),
      RangeError,
      "capacity must be positive",
    );
  }
});

Deno.test("LruCache.add says whether another entry had to go", () => {
  const cache = new LruCache<string, number>(2);
  assertEquals(cache.add("a", 1), false);
  assertEquals(cache.add("b", 2), false);
  assertEquals(cache.add("a", 3), false, "replaced and made the newest");
  assertEquals(cache.keys(), ["b", "a"]);
  assertEquals(cache.add("c", 4), true);
  assertEquals(cache.keys(), ["a", "c"]);
  assertEquals([cache.get("a"), cache.get("b")], [3, undefined]);
});

Deno.test("LruCache.peek and contains leave the age as it is", () => {
  const cache = new LruCache<string, number>(2);
  cache.add("a", 1);
  cache.add("b", 2);
  assertEquals([cache.peek("a"), cache.contains("a")], [1, true]);
  cache.add("c", 3);
  assertEquals(cache.keys(), ["b", "c"]);
});

Deno.test("LruCache.remove tells whether there was such an entry", () => {
  const cache = new LruCache<string, number>(3);
  cache.add("a", 1);
  cache.add("b", 2);
  cache.add("c", 3);
  assertEquals([cache.remove("b"), cache.remove("b")], [true, false]);
  assertEquals([cache.keys(), cache.size], [["a", "c"], 2]);
});

Deno.test("LruCache forgets what expired, at the very moment", () => {
  let now = 100;
  const cache = new LruCache<string, number>(4, {
    lifetimeMs: 10,
    now: () => now,
  });
  cache.add("a", 1);
  cache.add("b", 2);
  now = 109;
  assertEquals(cache.get("a"), 1);
  now = 110;
  assertEquals(cache.size, 2, "keeps its place until it is met");
  assertEquals([cache.contains("a"), cache.peek("a")], [false, undefined]);
  assertEquals([cache.get("a"), cache.size], [undefined, 1]);
  assertEquals(cache.purgeExpired(), 1);
  assertEquals(cache.size, 0);
});

Deno.test("LruCache.getAndRefresh revives what expired", () => {
  let now = 0;
  const cache = new LruCache<string, number>(4, {
    lifetimeMs: 10,
    now: () => now,
  });
  cache.add("a", 1);
  cache.add("b", 2);
  now = 50;
  assertEquals(cache.getAndRefresh("a", 20), 1);
  now = 69;
  assertEquals([cache.get("a"), cache.get("b")], [1, undefined]);
  assertEquals(cache.getAndRefresh("x", 20), undefined);
  assertEquals(cache.getAndRefresh("a", 0), 1);
  now = 1e9;
  assertEquals(cache.get("a"), 1);
});

Deno.test("LruCache does what a map in order of insertion does", () => {
  const random = seededRandom(7);
  const cache = new LruCache<number, number>(50);
  const model = new Map<number, number>();
  for (let step = 0; step < 20_000; step++) {
    const key = random(90);
    switch (random(4)) {
      case 0:
        assertEquals(cache.remove(key), model.delete(key));
        break;
      case 1:
      case 2: {
        model.delete(key);
        if (model.size === 50) model.delete(model.keys().next().value!);
        model.set(key, step);
        cache.add(key, step);
        break;
      }
      default: {
        const value = model.get(key);
        if (value !== undefined) {
          model.delete(key);
          model.set(key, value);
        }
        assertEquals(cache.get(key), value);
      }
    }
    if (step % 997 === 0) assertEquals(cache.keys(), [...model.keys()]);
  }
  assertEquals(cache.size, model.size);
});

import { assertEquals } from "@std/assert";
import { DecodeStats } from "../../src/base/decode_stats.ts";

Deno.test("DecodeStats sums amounts and keeps the first place", () => {
  const stats = new DecodeStats();
  stats.count("x_skipped", "data_loss", { offset: 64, detail: "type is 9" });
  stats.count("x_skipped", "data_loss", {
    amount: 4,
    offset: 99,
    detail: "type is 3",
  });
  assertEquals(stats.entries(), [{
    name: "x_skipped",
    severity: "data_loss",
    count: 5,
    firstOffset: 64,
    firstDetail: "type is 9",
  }]);
  assertEquals([stats.get("x_skipped"), stats.get("other")], [5, 0]);
});

Deno.test("DecodeStats tells loss from remarks", () => {
  const stats = new DecodeStats();
  stats.count("a", "info");
  stats.count("b", "notice");
  stats.count("c", "data_loss", { amount: 0 });
  assertEquals(stats.hasLoss, false);
  stats.count("d", "error");
  assertEquals(stats.hasLoss, true);
});

Deno.test("DecodeStats.merge adds the counts of another and leaves it alone", () => {
  const one = new DecodeStats();
  one.count("a", "notice", { offset: 1 });
  const other = new DecodeStats();
  other.count("a", "notice", { amount: 2, offset: 5 });
  other.count("b", "error", { offset: 9 });
  one.merge(other);
  assertEquals(
    one.entries().map((
      { name, count, firstOffset },
    ) => [name, count, firstOffset]),
    [
      ["a", 3, 1],
      ["b", 1, 9],
    ],
  );
  assertEquals(other.get("a"), 2);
});

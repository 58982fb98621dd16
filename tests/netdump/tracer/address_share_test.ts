import { assertEquals } from "@std/assert";
import { addressShareMs } from "../../../src/netdump/tracer/address_share.ts";

Deno.test("addressShareMs shares what is left, but two seconds at least", () => {
  assertEquals(addressShareMs(Infinity, 3), 0);
  assertEquals(addressShareMs(30_000, 3), 10_000);
  assertEquals(addressShareMs(5000, 4), 2000);
  assertEquals(addressShareMs(1500, 4), 1500);
  assertEquals(addressShareMs(-5, 1), 1);
});

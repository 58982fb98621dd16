import { assert, assertEquals } from "@std/assert";
import { TlsWatcher } from "../../../src/netdump/tracer/_tls_watcher.ts";

/** A handshake message: type and length of 24 bits in front. */
function message(type: number, body: readonly number[]): number[] {
  return [type, 0, body.length >> 8, body.length & 0xff, ...body];
}

function record(type: number, content: readonly number[]): number[] {
  return [type, 3, 3, content.length >> 8, content.length & 0xff, ...content];
}

/** Version, random, a session id of three bytes, then the cipher suite. */
const HELLO = message(2, [
  3,
  3,
  ...new Array(32).fill(7),
  3,
  1,
  2,
  3,
  0xc0,
  0x2f,
  0,
]);
const CERTIFICATES = message(11, [0, 0, 11, 0, 0, 3, 1, 2, 3, 0, 0, 2, 4, 5]);

function watch(bytes: readonly number[], chunk = bytes.length): TlsWatcher {
  const watcher = new TlsWatcher();
  for (let at = 0; at < bytes.length; at += chunk) {
    watcher.push(new Uint8Array(bytes.slice(at, at + chunk)));
  }
  return watcher;
}

Deno.test("TlsWatcher reads cipher suite and certificates, however they are cut", () => {
  const all = [...HELLO, ...CERTIFICATES];
  const flights = [
    record(22, all),
    [...record(22, HELLO), ...record(22, CERTIFICATES)],
    // A message may begin in one record and end in another.
    [...record(22, all.slice(0, 50)), ...record(22, all.slice(50))],
  ];
  for (const flight of flights) {
    for (const chunk of [1, 7, flight.length]) {
      const watcher = watch(flight, chunk);
      assertEquals(watcher.cipherSuite, 0xc02f);
      assertEquals(watcher.certificates.map((der) => [...der]), [
        [1, 2, 3],
        [4, 5],
      ]);
      assertEquals(watcher.size, flight.length);
      assertEquals([watcher.alert, watcher.foreign], [undefined, undefined]);
    }
  }
});

Deno.test("TlsWatcher takes nothing for a certificate that is encrypted", () => {
  const flight = [...record(22, HELLO), ...record(20, [1])];
  assertEquals(
    watch([...flight, ...record(22, CERTIFICATES)]).certificates,
    [],
  );
  assertEquals(watch(record(23, CERTIFICATES)).certificates, []);
});

Deno.test("TlsWatcher tells alerts and what is no TLS", () => {
  assertEquals(watch(record(21, [2, 40])).alert, "handshake failure");
  assertEquals(watch(record(21, [2, 200])).alert, "alert(200)");
  const text = (value: string) => [...new TextEncoder().encode(value)];
  assertEquals(watch(text("HTTP/1.1 400")).foreign, "http");
  assertEquals(watch(text("SSH-2.0")).foreign, "other");
  assertEquals(watch([]).foreign, undefined);
});

Deno.test("TlsWatcher never fails on mutated bytes, and keeps no more than it looks at", () => {
  const flight = [
    ...record(22, [...HELLO, ...CERTIFICATES]),
    ...record(21, [2, 40]),
  ];
  let seed = 12345;
  const random = (below: number) => {
    seed = Math.imul(seed, 1103515245) + 12345 & 0x7fff_ffff;
    return seed % below;
  };
  for (let round = 0; round < 10_000; round++) {
    const bytes = flight.slice(0, random(flight.length) + 1);
    for (let changes = random(4); changes > 0; changes--) {
      bytes[random(bytes.length)] = random(256);
    }
    const watcher = watch(bytes, random(bytes.length) + 1);
    const total = watcher.certificates.reduce(
      (sum, { length }) => sum + length,
      0,
    );
    assert(total <= bytes.length);
    assert(watcher.cipherSuite >= 0 && watcher.cipherSuite <= 0xffff);
    assert(typeof watcher.alert !== "number" && watcher.foreign !== null);
  }
  const large = new TlsWatcher();
  for (let count = 0; count < 10; count++) large.push(new Uint8Array(65_536));
  assertEquals([large.size, large.isFull], [262_144, true]);
});

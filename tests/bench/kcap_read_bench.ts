/**
 * Reading of a real capture of 73,084 records (2 MB packed, 21 MB unpacked)
 * against `zstd -d` of the same file, process start included on its side. Goals:
 * everything unpacked and decoded in at most four times its time, and a filter
 * of ten terms at most 30 % on top of reading with processes.
 *
 * What profiles (`deno run --cpu-prof`) showed, and what came of it:
 *
 * - First, two thirds of the time was strings: 800,000 of them, 7,700 different
 *   ones. Comparing the bytes with a known string, eight at a time, costs a
 *   quarter of making one; so there is a table of fixed size. Registry paths
 *   differ neither at their ends nor in their middles: a hash of both sent one
 *   text in ten to a place that another had, so it looks before the end as well,
 *   and a text has four places.
 * - Comparing was still a sixth, with floats in order to make no objects; 64-bit
 *   integers make none either where they are only compared, and take two thirds.
 * - Type, name, category, description and host are the same for all events of a
 *   type: one comparison of a run of bytes replaces five lookups. Names of
 *   parameters come in a rotated order, in which trying the one that followed
 *   last time took two attempts; first and last bytes as a hash take one.
 * - A reader object, a view or a bound function per record cost as much as the
 *   fields in it: one cursor moves over one buffer that is used again and again.
 * - Timestamps share their second: only fractions are computed and decoded, and
 *   added in halves of 32 bits.
 * - Maps with 64-bit keys take half a microsecond per entry: following all open
 *   handles costs as much as all processes, so who does not show them leaves it.
 * - An asynchronous iterator costs 0.2 µs per event, `forEach` nothing.
 * - In filters, texts repeat as much as everywhere: results of operators that
 *   fold case or search are remembered by text.
 * - What is left is spread: objects for events and parameters with their
 *   garbage (a sixth), 64-bit integers, and the decompression itself, which is a
 *   third of the whole. `node:zlib` unpacks on the main thread, so asking for the
 *   next piece early gains nothing.
 */
import { zstdDecompressSync } from "node:zlib";
import { compileFilter } from "../../src/kcap/filter/compile_filter.ts";
import { KcapDecoder } from "../../src/kcap/kcap_decoder.ts";
import { openKcap } from "../../src/kcap/kcap_reader.ts";
import type { OpenKcapOptions } from "../../src/kcap/kcap_reader.ts";
import { readZstd } from "../../src/container/zstd.ts";
import { streamOf } from "../support/byte_stream.ts";
import { findPeer } from "../support/peers.ts";
import { sharedData } from "../support/shared_data.ts";

const path = sharedData("kcap/upstream/test.kcap");
const zstd = findPeer("zstd");

/** Ten terms that look at header, process, parameters and parent. */
const TEN_TERMS = compileFilter(
  `evt.cpu < 64 and evt.pid != 1 and (
    (evt.category = 'registry' and registry.path icontains 'currentversion' and registry.status = 'success')
    or (ps.name iin ('svchost.exe', 'go.exe') and file.path iendswith '.dll')
    or (net.dport in (80, 443) and ps.cmdline contains '-k')
    or ps.parent.name = 'bash.exe')`,
)!.test;

if (path === undefined) {
  // deno-lint-ignore no-console
  console.log("skipped: no shared data kcap/upstream/test.kcap");
} else {
  const file = Deno.readFileSync(path);
  const stream = zstdDecompressSync(file);
  const rounds = {
    group: "kcap 2 MB, 73,084 records",
    // Until the runtime has compiled what it will.
    warmup: 10,
    n: 30,
  };

  if (zstd === undefined) {
    // deno-lint-ignore no-console
    console.log("no baseline: zstd is not on PATH");
  } else {
    Deno.bench({ name: "zstd -d", ...rounds, baseline: true }, async () => {
      const { success } = await new Deno.Command(zstd, {
        args: ["-d", "-q", "-c", path],
        stdout: "null",
      }).output();
      if (!success) throw new Error("zstd failed");
    });
  }

  Deno.bench({
    name: "decode only, 20.0 MiB in pieces of 128 KiB",
    ...rounds,
  }, () => {
    const decoder = new KcapDecoder();
    let sum = 0;
    for (let at = 0; at < stream.length; at += 128 * 1024) {
      decoder.push(stream.subarray(at, at + 128 * 1024));
      sum += countParams(decoder);
    }
    if (sum !== 305_649) throw new Error(`${sum} parameters`);
  });

  Deno.bench({ name: "unpack and decode everything", ...rounds }, async () => {
    const decoder = new KcapDecoder();
    for await (const chunk of readZstd(streamOf(file))) {
      decoder.push(chunk);
      countParams(decoder);
    }
    if (decoder.offset !== stream.length) throw new Error("bytes are missing");
  });

  Deno.bench(
    { name: "with the processes of all events", ...rounds },
    async () => {
      await readAll(file, {});
    },
  );

  Deno.bench(
    {
      name: "with processes and a filter of ten terms",
      ...rounds,
    },
    async () => {
      await readAll(file, {
        filter: TEN_TERMS,
      });
    },
  );
}

function countParams(decoder: KcapDecoder): number {
  let sum = 0;
  for (let item = decoder.next(); item; item = decoder.next()) {
    if (item.type === "event") sum += item.params.length;
  }
  return sum;
}

async function readAll(
  file: Uint8Array,
  options: OpenKcapOptions,
): Promise<void> {
  await using reader = await openKcap([file], {
    tracksHandles: false,
    ...options,
  });
  await reader.forEach((item) => {
    if (item.type === "fault") throw new Error(item.message);
  });
  const { events, droppedByFilter, stateEvents } = reader.counters;
  if (events + droppedByFilter + stateEvents !== 73_084) {
    throw new Error("events are missing");
  }
}

/**
 * Writes and reads a capture of as many events as the first argument says,
 * nothing of which is kept, and prints how many came through. Started with
 * little memory: what grows with the length of a capture ends it.
 */
import { PROVIDERS } from "../../src/kcap/event_type_table.ts";
import { compileFilter } from "../../src/kcap/filter/compile_filter.ts";
import { openKcap } from "../../src/kcap/kcap_reader.ts";
import { makeEvent } from "../../src/kcap/make_event.ts";
import { renderEventJson } from "../../src/kcap/render_json.ts";
import { rewriteKcap } from "../../src/kcap/rewrite_kcap.ts";
import type { KcapEvent } from "../../src/kcap/types.ts";
import { writeKcap } from "../../src/kcap/write_kcap.ts";

const PROCESSES = 50;

/** Processes that come and go, handles that open and close, files of ever new names. */
function* events(count: number): Generator<KcapEvent> {
  for (let index = 0; index < count; index++) {
    const pid = 4 + index % PROCESSES;
    const common = {
      seq: BigInt(index),
      pid,
      tid: index % 7,
      host: "made-up",
      timestamp: `2024-10-10T08:00:${String(index % 60).padStart(2, "0")}.${
        String(index % 9_999_999).padStart(7, "0")
      }Z`,
    };
    const object = {
      name: "handle_object",
      type: "Address",
      value: BigInt(index >> 1),
    } as const;
    switch (index % 4) {
      case 0:
        yield makeEvent({
          ...common,
          guid: PROVIDERS.handle,
          hookId: 32,
          params: [object],
        });
        break;
      case 1:
        yield makeEvent({
          ...common,
          guid: PROVIDERS.handle,
          hookId: 33,
          params: [object],
        });
        break;
      case 2:
        yield makeEvent({
          ...common,
          guid: PROVIDERS.process,
          hookId: index % 200 < 100 ? 1 : 2,
          params: [
            { name: "pid", type: "PID", value: index & 0xffff },
            { name: "ppid", type: "PID", value: pid },
            { name: "name", type: "AnsiString", value: `p${index}.exe` },
          ],
        });
        break;
      default:
        yield makeEvent({
          ...common,
          guid: PROVIDERS.file,
          hookId: 64,
          params: [{
            name: "file_path",
            type: "UnicodeString",
            value: `C:\\made\\up\\${index}.txt`,
          }],
        });
    }
  }
}

const count = Number(Deno.args[0]);
await using first = await openKcap(writeKcap(events(count)), {
  includeState: true,
});
const filter = compileFilter("file.path iendswith '3.txt'")!;
await using second = await openKcap(rewriteKcap([first]), {
  filter: filter.test,
});
let passed = 0;
let length = 0;
for await (const item of second.read()) {
  if (item.type !== "event") continue;
  passed++;
  length += renderEventJson(item).length;
}
// deno-lint-ignore no-console
console.log(
  JSON.stringify({
    read: passed + second.counters.droppedByFilter,
    passed,
    hasText: length > 0,
  }),
);

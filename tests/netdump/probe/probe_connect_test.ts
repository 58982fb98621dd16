import { assertEquals } from "@std/assert";
import { openLibc } from "../../../src/platform/libc.ts";
import { probeConnect } from "../../../src/netdump/probe/probe_connect.ts";

// It stays open for the whole process, which is no leak of one test.
if (Deno.build.os === "linux") openLibc();

Deno.test("probeConnect tells who answers, who refuses and what was given up", async () => {
  const { signal } = new AbortController();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const target = { name: "a.test", address: "127.0.0.1", port };
  const { durationMs: _, ...good } = await probeConnect(target, signal);
  assertEquals(good, {
    probe: "connect",
    target: "127.0.0.1",
    outcome: "ok",
    phase: "tcp",
    cause: "",
    hint: "",
    details: { name: "a.test", port, family: 4 },
  });
  listener.close();
  const refused = await probeConnect(target, signal);
  assertEquals([refused.outcome, refused.cause], ["fail", "refused"]);
  const skipped = await probeConnect(target, AbortSignal.abort());
  assertEquals([skipped.outcome, skipped.cause], ["skipped", "interrupted"]);
});

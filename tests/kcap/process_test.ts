import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, REPOSITORY } from "../support/file_url.ts";
import { kcapFixtureUrl } from "../support/kcap_captures.ts";
import { runDeno } from "../support/run_deno.ts";
import { testWith } from "../support/requirement.ts";
import { requireSharedData, sharedData } from "../support/shared_data.ts";

const HEAD = fromFileUrl(kcapFixtureUrl("head-v2-ps4.cap"));

/** Where JSR does not answer, its packages have stand-ins. */
const IMPORT_MAP = Deno.env.get("TRACEDECK_STD") === "jsr"
  ? []
  : [`--import-map=${REPOSITORY}/tests/offline/import_map.json`];
const RUN = ["run", "-A", "--quiet", "--no-lock", ...IMPORT_MAP];

Deno.test("tracedeck kcap replay prints events as a process of its own", async () => {
  const { code, stdout, stderr } = await runDeno([
    ...RUN,
    `${REPOSITORY}/cli.ts`,
    "kcap",
    "replay",
    "net.dport = 443",
    "-k",
    HEAD,
    "--format",
    "json",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout).params.dip, "142.250.184.14");
});

testWith(
  "tracedeck kcap replay --count prints how many events of the real capture pass",
  [requireSharedData("kcap/upstream/test.kcap")],
  async () => {
    const { code, stdout } = await runDeno([
      ...RUN,
      `${REPOSITORY}/cli.ts`,
      "kcap",
      "replay",
      "-k",
      sharedData("kcap/upstream/test.kcap")!,
      "--count",
      "ps.name = 'svchost.exe' and evt.category = 'registry'",
    ]);
    assertEquals([code, stdout], [0, "12492\n"]);
  },
);

Deno.test("tracedeck kcap replay ends with 3 for a damaged capture and 2 for a bad filter", async () => {
  const run = (...args: string[]) =>
    runDeno([...RUN, `${REPOSITORY}/cli.ts`, "kcap", "replay", ...args]);
  const damaged = await run(
    "-k",
    fromFileUrl(kcapFixtureUrl("bad-cut-in-body.cap")),
    "--count",
  );
  assertEquals([damaged.code, damaged.stdout], [3, "3\n"]);
  assertStringIncludes(damaged.stderr, "capture is truncated");
  const wrong = await run("-k", HEAD, "ps.name =");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "error: bad filter:\nps.name =\n╭");
});

Deno.test("tracedeck kcap replay ends quietly when its reader has gone", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...RUN,
      `${REPOSITORY}/cli.ts`,
      "kcap",
      "replay",
      "-k",
      HEAD,
      "--format",
      "json",
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  const { code } = await child.status;
  assertEquals([code, stderr], [0, ""]);
});

Deno.test("Captures of any length are read and rewritten in constant memory", async () => {
  const { code, stdout, stderr } = await runDeno([
    "run",
    "--quiet",
    "--no-lock",
    ...IMPORT_MAP,
    // A tenth of what the events would take.
    "--v8-flags=--max-old-space-size=40",
    `${REPOSITORY}/tests/kcap/_long_capture.ts`,
    "200000",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), {
    read: 200_000,
    passed: 10_000,
    hasText: true,
  });
});

Deno.test("A writer that nobody closes does not keep its process alive", async () => {
  const script = `
    import { createKcap } from "${new URL(
    "../../src/kcap/mod.ts",
    import.meta.url,
  )}";
    await createKcap(new WritableStream(), { flushPeriodMs: 10 });
    console.log("done");
    // Does not keep the process alive either, but ends one that lives on.
    Deno.unrefTimer(setTimeout(() => Deno.exit(1), 5000));
  `;
  const { code, stdout } = await runDeno([...RUN, "-"], { stdin: script });
  assertEquals([code, stdout], [0, "done\n"]);
});

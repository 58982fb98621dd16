// What people open: a recorded trace, converted by the command line, in the
// programs that it is converted for.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { requireChromium, startChromium } from "../support/chromium.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { runMain } from "../support/memory_host.ts";
import { OWN_CAPTURES } from "../support/nettrace_captures.ts";
import { requirePeers } from "../support/peers.ts";
import { runGoPprof } from "../support/pprof_peer.ts";
import { testWith } from "../support/requirement.ts";
import { openSpeedscope } from "../support/speedscope.ts";

const TRACE = `${REPOSITORY}/tests/fixtures/nettrace/${OWN_CAPTURES.workload}`;

async function convert(...args: string[]): Promise<Uint8Array> {
  const { code, stdoutBytes, stderr } = await runMain([
    ...["convert", TRACE, "--quiet"],
    ...args,
  ]);
  assertEquals(code, 0, stderr);
  return stdoutBytes;
}

testWith(
  "speedscope opens a converted trace and shows its threads and functions",
  [requireChromium(), requirePeers("npm")],
  async () => {
    await using browser = await startChromium();
    // The first thread is the main one, whose work is known.
    for (
      const args of [
        ["--to", "speedscope"],
        ["--to", "speedscope", "--method", "traceevent"],
        ["--to", "chromium", "--tid", "12710"],
      ]
    ) {
      const told = args.join(" ");
      await using page = await openSpeedscope(browser, await convert(...args));
      assertEquals(page.page.errors, [], told);
      const [first = "the only one"] = await page.profiles();
      assertMatch(first, /^(Workload|Thread) \(12710\)|the only one/, told);
      const functions = await page.functions();
      const inner = functions.find(({ name }) =>
        name.includes("CpuWork.Inner(")
      );
      assertEquals(inner?.total.replace(/ \(.*/, ""), "466.28ms", told);
    }
  },
);

testWith("a browser draws the flame graph of a trace", [
  requireChromium(),
], async () => {
  const picture = await convert("--to", "flamegraph");
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () =>
      new Response(picture as BodyInit, {
        headers: { "content-type": "image/svg+xml" },
      }),
  );
  await using browser = await startChromium();
  await using page = await browser.open(
    `http://127.0.0.1:${server.addr.port}/`,
  );
  const boxes = await page.waitFor(
    `document.readyState === "complete" && document.querySelectorAll("g.b").length`,
  );
  assert(Number(boxes) > 100, String(boxes));
  // A click on a box makes it as wide as the picture.
  const width = await page.evaluate(`(() => {
    const box = [...document.querySelectorAll("g.b")]
      .find((each) => each.textContent.includes("CpuWork.Outer("));
    box.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    return box.querySelector("rect").getAttribute("width");
  })()`);
  assertEquals(Math.round(Number(width)), 1180);
  assertEquals(page.errors, []);
});

testWith("go tool pprof reads a converted trace", [
  requirePeers("go"),
], async () => {
  const path = await Deno.makeTempFile({ suffix: ".pb.gz" });
  try {
    await Deno.writeFile(path, await convert("--to", "pprof"));
    const top = await runGoPprof(path, "-top", "-nodecount=5");
    assertMatch(top, /^Type: wall$/m);
    assertMatch(
      top,
      /^ 6122\.91ms 52\.05% .* System\.Threading\.WaitHandle\.WaitOneNoCheck\(/m,
    );
  } finally {
    await Deno.remove(path);
  }
});

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TextLineStream } from "../../src/deps/streams.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import {
  runDeno,
  type RunDenoOptions,
  type RunDenoResult,
} from "../support/run_deno.ts";

const WITH_STD = join(REPOSITORY, "tests", "offline", "with_std.ts");

const HAS_SIGNALS = requireThat(
  Deno.build.os !== "windows",
  "Windows has no SIGTERM",
);

/** A folder with one script in it, removed at the end of the test. */
async function makeScript(
  source: string,
  name = "script.ts",
): Promise<AsyncDisposable & { path: string }> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, name);
  await Deno.writeTextFile(path, source);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** A server that gives one answer to everything, in place of JSR. */
function startAnswering(
  answer: () => Response,
): AsyncDisposable & { url: string; count: () => number } {
  let requests = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => {
      requests++;
      return answer();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    count: () => requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Runs it as a first run, whatever decided for the tests themselves. */
function runWithStd(
  args: readonly string[],
  { env = {}, ...options }: RunDenoOptions = {},
): Promise<RunDenoResult> {
  return runDeno(["run", "-A", WITH_STD, ...args], {
    ...options,
    env: { TRACEDECK_STD: "offline", ...env },
  });
}

const PRINT_SOURCE = [
  'import { parseArgs } from "jsr:@std/cli@^1.0/parse-args";',
  'console.log(Deno.env.get("TRACEDECK_STD"), typeof parseArgs);',
].join("\n");

Deno.test("with_std takes the stand-ins where nothing answers", async () => {
  await using script = await makeScript(PRINT_SOURCE);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  listener.close();
  const { stdout, stderr } = await runWithStd(["run", "-A", script.path], {
    env: { TRACEDECK_STD: "", JSR_URL: url },
  });
  assertEquals(stdout, "offline function\n", stderr);
});

Deno.test("with_std takes no login page for JSR", async () => {
  await using script = await makeScript(PRINT_SOURCE);
  await using portal = startAnswering(() =>
    new Response("<html>Log in</html>")
  );
  const { stdout, stderr } = await runWithStd(["run", "-A", script.path], {
    env: { TRACEDECK_STD: "", JSR_URL: portal.url },
  });
  assertEquals(stdout, "offline function\n", stderr);
  assertEquals(portal.count(), 1);
});

Deno.test("with_std does not ask where it is told", async () => {
  await using script = await makeScript(PRINT_SOURCE);
  await using server = startAnswering(() => Response.json({ versions: {} }));
  const { stdout } = await runWithStd(["run", "-A", script.path], {
    env: { TRACEDECK_STD: "offline", JSR_URL: server.url },
  });
  assertEquals(stdout, "offline function\n");
  assertEquals(server.count(), 0);
});

Deno.test("with_std lets nobody wait for a JSR that is not there", async () => {
  await using script = await makeScript(`
    const connecting = Deno.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(Deno.env.get("JSR_URL")).port),
    });
    console.log(await connecting.catch((error) => error.name));
  `);
  const { stdout } = await runWithStd(["run", "-A", "--no-check", script.path]);
  assertEquals(stdout, "ConnectionRefused\n");
});

Deno.test("with_std refuses an unknown choice", async () => {
  const { code, stderr } = await runWithStd(["--version"], {
    env: { TRACEDECK_STD: "moon" },
  });
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'error: Cannot choose packages: TRACEDECK_STD is "moon", known are "jsr" and "offline"\n',
  );
});

Deno.test("with_std forwards arguments, input, output and exit code", async () => {
  await using script = await makeScript(`
    console.log(JSON.stringify(Deno.args));
    console.log(await new Response(Deno.stdin.readable).text());
    console.error("beside");
    Deno.exit(7);
  `);
  const args = ["--x", "a b", "--", "-", "*"];
  const result = await runWithStd(["run", "-A", script.path, ...args], {
    stdin: "input",
  });
  assertEquals(result, {
    code: 7,
    stdout: `${JSON.stringify(args)}\ninput\n`,
    stderr: "beside\n",
  });
});

Deno.test("with_std leaves subcommands without import map as they are", async () => {
  const { code, stdout } = await runWithStd(["eval", "-p", "1 + 1"]);
  assertEquals([code, stdout], [0, "2\n"]);
});

testWith(
  "with_std forwards signals and lets the child decide",
  [HAS_SIGNALS],
  async () => {
    await using script = await makeScript(`
    for (const signal of ["SIGINT", "SIGTERM"]) {
      Deno.addSignalListener(signal, () => {
        console.log(signal);
        if (signal === "SIGTERM") Deno.exit(5);
      });
    }
    console.log("ready");
    setTimeout(() => Deno.exit(9), 60_000);
  `);
    await using child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", WITH_STD, "run", "-A", script.path],
      env: { TRACEDECK_STD: "offline" },
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = child.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
    assertEquals((await lines.read()).value, "ready");
    child.kill("SIGINT");
    assertEquals((await lines.read()).value, "SIGINT");
    child.kill("SIGTERM");
    assertEquals((await lines.read()).value, "SIGTERM");
    assertEquals((await lines.read()).done, true);
    assertEquals((await child.status).code, 5);
  },
);

function makeSkippingTest(): Promise<AsyncDisposable & { path: string }> {
  const support = (name: string): string =>
    JSON.stringify(
      pathToFileURL(join(REPOSITORY, "tests", "support", name)).href,
    );
  return makeScript(
    `
    import { testWith } from ${support("requirement.ts")};
    import { requirePeers } from ${support("peers.ts")};
    import { requireSharedData } from ${support("shared_data.ts")};
    testWith("needs a peer", [requirePeers("no-such-program")], () => {});
    testWith("needs data", [requireSharedData("no/such/file")], () => {});
    testWith("needs nothing", [], () => {});
  `,
    "skip_test.ts",
  );
}

Deno.test("with_std tells at the end which tests were skipped and why", async () => {
  await using script = await makeSkippingTest();
  const { code, stdout, stderr } = await runWithStd(
    ["test", "-A", script.path],
    {
      env: {
        TRACEDECK_REQUIRE_PEERS: "",
        TRACEDECK_REQUIRE_SHARED: "",
        TRACEDECK_SKIPS: "",
      },
    },
  );
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /1 passed \| 0 failed \| 2 ignored/);
  assertStringIncludes(
    stderr,
    "2 tests skipped:\n" +
      "  needs a peer: no no-such-program on PATH\n" +
      "  needs data: no shared data no/such/file\n",
  );
});

Deno.test("testWith fails what is skipped elsewhere where it is required", async () => {
  await using script = await makeSkippingTest();
  const { code, stdout } = await runWithStd(["test", "-A", script.path], {
    env: {
      TRACEDECK_REQUIRE_PEERS: "1",
      TRACEDECK_REQUIRE_SHARED: "1",
      TRACEDECK_SKIPS: "",
    },
  });
  assertEquals(code, 1);
  assertMatch(stdout, /1 passed \| 2 failed/);
  assertStringIncludes(
    stdout,
    "Cannot run this test: no no-such-program on PATH",
  );
});

import { assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, REPOSITORY } from "../support/file_url.ts";
import { requireThat, testWith } from "../support/requirement.ts";
import { runDeno } from "../support/run_deno.ts";
import { fixture, FIXTURES } from "./_fixtures.ts";
import {
  NEEDS_PEER,
  NEEDS_SOCKETS,
  peerPath,
  runPeer,
  temporaryFolder,
} from "./_peer.ts";

const CLI = `${REPOSITORY}/cli.ts`;
const MAP = fromFileUrl(
  new URL("../offline/import_map.json", import.meta.url),
);
const RUN = [
  "run",
  "--no-lock",
  "--no-prompt",
  ...(Deno.env.get("TRACEDECK_STD") === "jsr" ? [] : ["--import-map", MAP]),
];
const ALL_TYPES = `${FIXTURES}/all-types.trace`;

/** The command line as a process of its own. */
class TracereplayProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: Promise<void>;
  readonly #errors: Promise<string>;
  readonly #waiting = new Set<() => void>();
  stdout = "";

  constructor(args: readonly string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...RUN, "-A", CLI, "tracereplay", ...args],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#output = this.#read();
    this.#errors = new Response(this.#child.stderr).text();
  }

  async until(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = () => {
      if (this.stdout.includes(text)) resolve();
    };
    this.#waiting.add(check);
    check();
    await Promise.race([
      promise,
      this.#output.then(() => {
        if (!this.stdout.includes(text)) throw new Error("it has ended");
      }),
    ]);
    this.#waiting.delete(check);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    const { code } = await this.#child.status;
    await this.#output;
    return { code, stdout: this.stdout, stderr: await this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.end();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      this.stdout += decoder.decode(bytes, { stream: true });
      for (const check of this.#waiting) check();
    }
  }
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  testWith(
    `save as a process finishes its files on ${signal} and removes the socket`,
    NEEDS_PEER,
    async () => {
      await using folder = await temporaryFolder();
      const endpoint = `${folder.path}/s.sock`;
      await using save = new TracereplayProcess([
        "save",
        "--endpoint",
        endpoint,
        "--out",
        `${folder.path}/out`,
      ]);
      await save.until("Press ctrl-C to stop...");
      await runPeer("send", endpoint, ALL_TYPES);
      // This client stays: it is finished by the server.
      const peer = new Deno.Command(await peerPath(), {
        args: ["behave", endpoint, "slow"],
        stdin: "null",
        stderr: "null",
      }).spawn();
      await save.until("client-0002");
      save.kill(signal);
      const { code, stdout, stderr } = await save.end();
      await peer.status;
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "Ctrl-C pressed, stopping.\n");
      assertEquals(stdout.match(/Closing client/g)?.length, 2);
      assertEquals(
        await Deno.readFile(`${folder.path}/out/client-0001`),
        fixture("all-types.trace"),
      );
      const again = await runDeno([
        ...RUN,
        "-A",
        CLI,
        "tracereplay",
        "decode",
        `${folder.path}/out/client-0002`,
      ]);
      assertEquals(again.code, 0);
      assertEquals(
        (await Array.fromAsync(Deno.readDir(folder.path))).map(({ name }) =>
          name
        ),
        ["out"],
      );
    },
  );
}

testWith("a second Ctrl-C ends a process at once", NEEDS_SOCKETS, async () => {
  await using folder = await temporaryFolder();
  await using serve = new TracereplayProcess([
    "serve",
    "--endpoint",
    `${folder.path}/s.sock`,
  ]);
  await serve.until("Socket address");
  serve.kill("SIGINT");
  serve.kill("SIGINT");
  const { code } = await serve.end();
  assertEquals(code === 0 || code === 130, true, `${code}`);
});

testWith(
  "replay as a process ends with 130 on Ctrl-C",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const endpoint = `${folder.path}/s.sock`;
    await using save = new TracereplayProcess([
      "save",
      "--endpoint",
      endpoint,
      "--out",
      folder.path,
    ]);
    await save.until("Press ctrl-C to stop...");
    await using replay = new TracereplayProcess([
      "replay",
      "--endpoint",
      endpoint,
      "--in",
      ALL_TYPES,
      "--rate=0.01",
    ]);
    await save.until("New client connected");
    replay.kill("SIGINT");
    assertEquals((await replay.end()).code, 130);
    await save.until("Closing client");
  },
);

testWith("sessions go from process to process through a pipe", [
  ...NEEDS_SOCKETS,
  requireThat(Deno.build.os !== "windows", "needs a shell"),
], async () => {
  await using folder = await temporaryFolder();
  const endpoint = `${folder.path}/s.sock`;
  const program = [Deno.execPath(), ...RUN, "-A", CLI, "tracereplay"].join(" ");
  const shell = new Deno.Command("sh", {
    args: [
      "-c",
      `${program} save --endpoint ${endpoint} --to - --max-messages 73 --max-total-size 3845 | ${program} decode -`,
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const stdout = new Response(shell.stdout).text();
  while (!await exists(endpoint)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const replay = await runDeno([
    ...RUN,
    "-A",
    CLI,
    "tracereplay",
    "replay",
    "--endpoint",
    endpoint,
    "--in",
    ALL_TYPES,
  ]);
  assertEquals(replay.code, 0, replay.stderr);
  assertEquals((await shell.status).code, 0);
  assertEquals(
    await stdout,
    await Deno.readTextFile(`${FIXTURES}/all-types.txt`),
  );
});

testWith(
  "save without the permission for FFI says which flag to add",
  NEEDS_SOCKETS,
  async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runDeno([
      ...RUN,
      "--allow-read",
      "--allow-write",
      "--allow-env",
      CLI,
      "tracereplay",
      "save",
      "--endpoint",
      `${folder.path}/s.sock`,
      "--out",
      folder.path,
    ]);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, "run deno with --allow-ffi");
  },
);

Deno.test("decode needs no permission but to read", async () => {
  const { code, stdout, stderr } = await runDeno([
    ...RUN,
    `--allow-read=${FIXTURES}`,
    "--deny-ffi",
    "--deny-net",
    "--deny-write",
    CLI,
    "tracereplay",
    "decode",
    ALL_TYPES,
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, await Deno.readTextFile(`${FIXTURES}/all-types.txt`));
});

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

import {
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  defaultServerAddress,
  findPorts,
  listPorts,
  resolvePort,
  searchPorts,
} from "../../../src/eventpipe/ipc/default_port.ts";
import { DiagnosticClient } from "../../../src/eventpipe/ipc/diagnostic_client.ts";
import { DiagnosticServerDouble } from "../../../src/eventpipe/ipc/server_double.ts";
import { ServerNotAvailableError } from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import {
  pipeNameOf,
  pipePath,
  pipePorts,
} from "../../../src/eventpipe/ipc/pipe_ports.ts";
import { publishedProcesses } from "../../../src/eventpipe/ipc/published_processes.ts";
import type { ProcessTable } from "../../../src/platform/running_process.ts";

const IS_UNIX = Deno.build.os !== "windows";

interface FakeProcess {
  readonly tmpdir?: string | null;
  readonly pids?: readonly number[];
  readonly key?: string;
  readonly root?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
}

function fakeTable(
  processes: Readonly<Record<number, FakeProcess>>,
): ProcessTable {
  const of = (pid: number) => processes[pid] ?? {};
  return {
    list: () => Object.keys(processes).map(Number),
    exists: (pid) => pid in processes,
    environmentVariable: (pid, name) =>
      name === "TMPDIR" ? of(pid).tmpdir : of(pid).environment?.[name] ?? null,
    namespacePids: (pid) => [...of(pid).pids ?? []],
    startTicks: (pid) => of(pid).key,
    rootPath: (pid) => of(pid).root ?? "/nowhere",
    executable: () => "/usr/bin/dotnet",
    commandLine: () => ["dotnet", "a.dll"],
    uid: (pid) => of(pid).uid,
    workingFolder: (pid) => of(pid).cwd,
  };
}

/** A folder with sockets made in this order, one second after the other. */
async function folderWith(...names: readonly string[]) {
  const path = await Deno.makeTempDir();
  const listeners = names.map((name, at) => {
    const file = `${path}/${name}`;
    const listener = Deno.listen({ transport: "unix", path: file });
    Deno.utimeSync(file, 1_700_000_000 + at, 1_700_000_000 + at);
    return listener;
  });
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.close();
      await Deno.remove(path, { recursive: true });
    },
  };
}

function names(folder: string, candidates: readonly { path: string }[]) {
  return candidates.map(({ path }) => path.slice(folder.length + 1));
}

Deno.test({
  name: "findPorts takes the socket whose key fits, and no other process's",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith(
      "dotnet-diagnostic-1-500-socket",
      "dotnet-diagnostic-1-900-socket",
      "dotnet-diagnostic-1168-500-socket",
      "dotnet-diagnostic-1-500-socket.old",
    );
    await Deno.writeTextFile(
      `${folder.path}/dotnet-diagnostic-1-501-socket`,
      "",
    );
    const tmpdir = folder.path;
    const keyed = findPorts(1, {
      processes: fakeTable({ 1: { tmpdir, key: "500" } }),
    });
    assertEquals(names(tmpdir, keyed.candidates), [
      "dotnet-diagnostic-1-500-socket",
    ]);
    const blind = findPorts(1, { processes: fakeTable({ 1: { tmpdir } }) });
    assertEquals(names(tmpdir, blind.candidates), [
      "dotnet-diagnostic-1-900-socket",
      "dotnet-diagnostic-1-500-socket",
    ]);
    const reused = findPorts(1, {
      processes: fakeTable({ 1: { tmpdir, key: "7" } }),
    });
    assertEquals(reused.candidates, []);
  },
});

Deno.test({
  name: "findPorts orders by time, not by name, and prefers a newer router",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith(
      "dotnet-diagnostic-5-9-socket",
      "dotnet-diagnostic-5-10-socket",
      "dotnet-diagnostic-dsrouter-5-1-socket",
    );
    const { candidates } = findPorts(5, {
      processes: fakeTable({ 5: { tmpdir: folder.path } }),
    });
    assertEquals(names(folder.path, candidates), [
      "dotnet-diagnostic-dsrouter-5-1-socket",
      "dotnet-diagnostic-5-10-socket",
      "dotnet-diagnostic-5-9-socket",
    ]);
  },
});

Deno.test({
  name: "findPorts looks into other namespaces of processes and of files",
  ignore: !IS_UNIX,
  async fn() {
    await using outside = await folderWith("dotnet-diagnostic-1-1-socket");
    await using root = await folderWith();
    await Deno.mkdir(`${root.path}/tmp`);
    const path = `${root.path}/tmp/dotnet-diagnostic-1-77-socket`;
    using _inner = Deno.listen({ transport: "unix", path });
    const inContainer = fakeTable({
      4000: { tmpdir: null, pids: [4000, 1], key: "77", root: root.path },
    });
    const found = findPorts(4000, {
      processes: inContainer,
      tempFolder: outside.path,
    });
    assertEquals([found.candidates[0]?.path, found.innerPid], [path, 1]);
    assertEquals(
      publishedProcesses({ processes: inContainer, tempFolder: outside.path })
        .processes.map(({ pid, innerPid }) => [pid, innerPid]),
      [[4000, 1]],
    );
    const otherFiles = fakeTable({
      1: { tmpdir: "/tmp/none-of-it/", key: "77", root: root.path },
    });
    await Deno.mkdir(`${root.path}/tmp/none-of-it`);
    const sibling = `${root.path}/tmp/none-of-it/dotnet-diagnostic-1-77-socket`;
    using _sibling = Deno.listen({ transport: "unix", path: sibling });
    assertEquals(
      findPorts(1, { processes: otherFiles }).candidates[0]?.path,
      sibling,
    );
  },
});

Deno.test({
  name: "findPorts trusts sockets of the process's user and of root alone",
  ignore: !IS_UNIX || Deno.uid() === null,
  async fn() {
    await using folder = await folderWith("dotnet-diagnostic-5-1-socket");
    const own = Deno.uid()!;
    const found = (uid: number) =>
      findPorts(5, {
        processes: fakeTable({ 5: { tmpdir: folder.path, key: "1", uid } }),
      }).candidates.length;
    assertEquals(found(own), 1);
    // Root may lay out sockets for others; everybody else poses as the process.
    assertEquals(found(own + 12345), own === 0 ? 1 : 0);
    if (own !== 0) return;
    await Deno.chown(`${folder.path}/dotnet-diagnostic-5-1-socket`, 4321, null);
    assertEquals([found(4321), found(1234), found(0)], [1, 0, 0]);
  },
});

Deno.test({
  name:
    "findPorts takes no socket of our folder for a process of another namespace",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith("dotnet-diagnostic-1-77-socket");
    // Both have the same folder, process id and start, and it is another process.
    const processes = fakeTable({
      4000: { tmpdir: folder.path, pids: [4000, 1], key: "77", root: "/none" },
    });
    const found = findPorts(4000, { processes });
    assertEquals(found.candidates, []);
    assertEquals(found.folders, [`/none${folder.path}`]);
  },
});

Deno.test({
  name: "processConnector goes on behind stale sockets",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith();
    const stale = `${folder.path}/dotnet-diagnostic-5-1-socket`;
    const live = `${folder.path}/dotnet-diagnostic-5-2-socket`;
    const processes = fakeTable({ 5: { tmpdir: folder.path } });
    await using _server = await DiagnosticServerDouble.listen(live);
    const dead = await DiagnosticServerDouble.listen(stale);
    await dead.kill();
    await Deno.utime(live, 1_700_000_000, 1_700_000_000);
    await Deno.utime(stale, 1_700_000_001, 1_700_000_001);
    const client = DiagnosticClient.forPid(5, { processes });
    assertEquals((await client.processInfo()).clrVersion, "10.0.0");
    await Deno.remove(live);
    const second = await DiagnosticServerDouble.listen(live);
    await second.kill();
    await assertRejects(
      () => DiagnosticClient.forPid(5, { processes }).processInfo(),
      ServerNotAvailableError,
      "nobody listens on the 2 sockets",
    );
  },
});

Deno.test("searchPorts says what lets it look into a container, and only then", () => {
  const closed = (folder: string) => ({
    ports: [],
    problem: `${folder}: permission is denied`,
  });
  const problemOf = (process: FakeProcess) =>
    searchPorts(5, { processes: fakeTable({ 5: process }) }, closed).problem;
  assertEquals(
    problemOf({ tmpdir: "/a", root: "/inside", pids: [5, 1] }),
    "/inside/a: permission is denied; a process in a container needs CAP_SYS_PTRACE to be looked into",
  );
  assertEquals(
    problemOf({ tmpdir: "/a/b", pids: [5] }),
    "/a/b: permission is denied",
  );
});

Deno.test({
  name: "searchPorts lists a folder once, however it is reached",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith();
    const listed: string[] = [];
    // As a process sees the same folder through its own root.
    const processes = fakeTable({ 5: { tmpdir: folder.path, root: "/." } });
    const found = searchPorts(5, { processes }, (path) => {
      listed.push(path);
      return listPorts(path);
    });
    assertEquals(listed, [folder.path]);
    assertEquals(found.folders, [folder.path]);
  },
});

Deno.test({
  name:
    "publishedProcesses leaves the program out of its arguments where it is named by its path",
  ignore: !IS_UNIX,
  async fn() {
    await using folder = await folderWith("dotnet-diagnostic-5-1-socket");
    const table = fakeTable({ 5: { tmpdir: folder.path, key: "1" } });
    const argsOf = (...commandLine: string[]) =>
      publishedProcesses({
        processes: { ...table, commandLine: () => commandLine },
        tempFolder: folder.path,
      }).processes[0]?.args;
    assertEquals(argsOf("dotnet", "a.dll"), ["dotnet", "a.dll"]);
    assertEquals(argsOf("/usr/bin/dotnet", "a.dll"), ["a.dll"]);
  },
});

Deno.test("pipePorts finds processes and prefers their routers", () => {
  const names = [
    "dotnet-diagnostic-dsrouter-70",
    "dotnet-diagnostic-70",
    "dotnet-diagnostic-8",
    "dotnet-diagnostic-8x",
    "mojo.8",
  ];
  assertEquals(pipePorts(names).map(({ pid, name }) => [pid, name]), [
    [8, "dotnet-diagnostic-8"],
    [70, "dotnet-diagnostic-dsrouter-70"],
  ]);
  assertEquals(pipeNameOf(70, names), "dotnet-diagnostic-dsrouter-70");
  assertEquals(pipeNameOf(9, names), "dotnet-diagnostic-9");
  assertEquals(
    pipePath("dotnet-diagnostic-9"),
    "\\\\.\\pipe\\dotnet-diagnostic-9",
  );
});

Deno.test({
  name: "findPorts follows TMPDIR in all its forms",
  ignore: !IS_UNIX,
  fn() {
    const folders = (process: FakeProcess) =>
      findPorts(9, {
        processes: fakeTable({ 9: process }),
        tempFolder: "/own",
      });
    assertEquals(folders({ tmpdir: "/a/b/" }).folders[0], "/a/b");
    assertEquals(folders({ tmpdir: "" }).folders[0], "/tmp");
    assertEquals(folders({ tmpdir: null }).folders[0], "/tmp");
    assertEquals(
      folders({ tmpdir: "rel", cwd: "/srv" }).folders[0],
      "/srv/rel",
    );
    const guessed = folders({});
    assertEquals([guessed.folders.slice(0, 2), guessed.isCertain], [[
      "/own",
      "/tmp",
    ], false]);
  },
});

Deno.test({
  name: "resolvePort explains what is in the way",
  ignore: !IS_UNIX,
  fn() {
    const long = `/x/${"y".repeat(90)}`;
    const processes = fakeTable({
      9: { tmpdir: long, environment: { DOTNET_EnableDiagnostics: "0" } },
    });
    const error = assertThrows(
      () => resolvePort(9, { processes }),
      ServerNotAvailableError,
    );
    for (
      const text of [
        "process 9",
        long,
        "as its TMPDIR says",
        "107 bytes",
        "DOTNET_EnableDiagnostics=0",
      ]
    ) {
      assertStringIncludes(error.message, text);
    }
    assertThrows(
      () => resolvePort(8, { processes }),
      ServerNotAvailableError,
      "is not running",
    );
    assertEquals(defaultServerAddress(9, { processes }), "");
  },
});

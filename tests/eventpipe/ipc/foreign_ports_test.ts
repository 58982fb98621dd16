// What differs on systems that the tests do not run on, as far as it is told by
// names and folders alone.
import { assertEquals } from "@std/assert";
import {
  findPorts,
  maxPortPathBytes,
  ownTempFolder,
} from "../../../src/eventpipe/ipc/default_port.ts";
import type { ProcessTable } from "../../../src/platform/running_process.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

/** What systems without /proc tell: whether a process runs. */
const BLIND: ProcessTable = {
  list: () => [],
  exists: () => true,
  environmentVariable: () => undefined,
  namespacePids: () => [],
  startTicks: () => undefined,
  rootPath: () => "/nowhere",
  executable: () => undefined,
  commandLine: () => undefined,
  uid: () => undefined,
  workingFolder: () => undefined,
};

const UNIX = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];

testWith(
  "findPorts finds sandboxed programs in their group's container",
  UNIX,
  async () => {
    const home = await Deno.makeTempDir();
    const containers = `${home}/Library/Group Containers`;
    const group = `${containers}/ABC123.example`;
    await Deno.mkdir(group, { recursive: true });
    await Deno.mkdir(`${containers}/other`);
    const path = `${group}/dotnet-diagnostic-70-1700000000-socket`;
    {
      using _port = Deno.listen({ transport: "unix", path });
      const search = findPorts(70, {
        processes: BLIND,
        tempFolder: home,
        groupContainers: containers,
      });
      assertEquals(search.candidates.map((each) => [each.path, each.key]), [
        [path, "1700000000"],
      ]);
      assertEquals(search.isCertain, false);
      assertEquals(search.folders.slice(0, 2), [home, "/tmp"]);
      assertEquals(
        findPorts(71, {
          processes: BLIND,
          tempFolder: home,
          groupContainers: `${home}/none`,
        }).candidates,
        [],
      );
    }
    await Deno.remove(home, { recursive: true });
  },
);

Deno.test("maxPortPathBytes is what the system's addresses hold", () => {
  assertEquals(maxPortPathBytes("linux"), 107);
  assertEquals(maxPortPathBytes("darwin"), 103);
  assertEquals(maxPortPathBytes("freebsd"), 103);
});

testWith("ownTempFolder is TMPDIR, without its slash, or /tmp", UNIX, () => {
  const before = Deno.env.get("TMPDIR");
  try {
    Deno.env.set("TMPDIR", "/var/folders/x0/abc/T/");
    assertEquals(ownTempFolder(), "/var/folders/x0/abc/T");
    Deno.env.set("TMPDIR", "/");
    assertEquals(ownTempFolder(), "/");
    Deno.env.set("TMPDIR", "");
    assertEquals(ownTempFolder(), "/tmp");
    Deno.env.delete("TMPDIR");
    assertEquals(ownTempFolder(), "/tmp");
  } finally {
    if (before !== undefined) Deno.env.set("TMPDIR", before);
  }
});

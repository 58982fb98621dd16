import { assertEquals, assertThrows } from "@std/assert";
import { openLibc } from "../../src/platform/libc.ts";
import { openNetworkNamespace } from "../../src/platform/network_namespace.ts";
import { readProcText } from "../../src/platform/proc_file.ts";
import { runTool } from "../../src/platform/run_tool.ts";
import { requireLab } from "../netdump/lab/lab.ts";
import { mustRun } from "../netdump/lab/run_tool.ts";
import { testWith } from "../support/requirement.ts";

const NEEDS = await requireLab();
if (NEEDS.every(({ missing }) => missing === undefined)) openLibc();

testWith(
  "openNetworkNamespace lets files, sockets and programs belong elsewhere",
  NEEDS,
  async () => {
    const name = `tdns${Deno.pid}`;
    await mustRun("ip", "netns", "add", name);
    try {
      await mustRun(
        ..."ip -n NAME link add name v0 type veth peer name v1".replace(
          "NAME",
          name,
        ).split(" "),
      );
      const links = () =>
        readProcText("/proc/thread-self/net/dev")!.split("\n").slice(2).map((
          line,
        ) => line.split(":")[0]!.trim()).filter((link) => /^v\d$/.test(link))
          .sort();
      const before = links();
      using namespace = openNetworkNamespace(name);
      assertEquals(namespace.name, name);
      assertEquals(namespace.within(links), ["v0", "v1"]);
      const { stdout } = await runTool("ip", ["-o", "link", "show", "v0"], {
        within: (start) => namespace.within(start),
      });
      assertEquals(new TextDecoder().decode(stdout).includes("v0"), true);
      assertEquals(links(), before);
      assertThrows(
        () =>
          namespace.within(() => {
            throw new Error("broke");
          }),
        Error,
        "broke",
      );
      assertEquals(links(), before);
    } finally {
      await mustRun("ip", "netns", "del", name);
    }
  },
);

testWith("openNetworkNamespace takes the number of a process", NEEDS, () => {
  using namespace = openNetworkNamespace(String(Deno.pid));
  assertEquals(namespace.path, `/proc/${Deno.pid}/ns/net`);
  assertEquals(namespace.within(() => 5), 5);
});

testWith(
  "openNetworkNamespace refuses what is no namespace",
  NEEDS,
  async () => {
    for (const target of ["none-of-that-name", "", "..", "a/b"]) {
      assertThrows(() => openNetworkNamespace(target), Deno.errors.NotFound);
    }
    const file = await Deno.makeTempFile();
    try {
      using namespace = openNetworkNamespace(file);
      assertThrows(() => namespace.within(() => 1), Error, "EINVAL");
    } finally {
      await Deno.remove(file);
    }
  },
);

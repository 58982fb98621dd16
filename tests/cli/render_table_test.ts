import { assertEquals } from "@std/assert";
import { renderTable } from "../../src/cli/commands/eventpipe/render_table.ts";

Deno.test("renderTable aligns, escapes, and cuts the beginning of long cells", () => {
  const columns = [
    { title: "PID", right: true },
    { title: "PATH", maxColumns: 8 },
    { title: "ARGUMENTS" },
  ];
  const lines = renderTable(columns, [
    ["7", "/usr/share/dotnet", "a\nb"],
    ["1234", "/bin/x", ""],
  ]);
  assertEquals(lines, [
    " PID  PATH      ARGUMENTS",
    "   7  …/dotnet  a\\nb",
    "1234  /bin/x",
  ]);
});

import { assertEquals } from "@std/assert";
import { parseJitSymbolName } from "../../../src/eventpipe/symbols/jit_symbol_name.ts";

Deno.test("parseJitSymbolName finds module, method and tier", () => {
  assertEquals(
    parseJitSymbolName(
      "instance void [System.Net.Sockets] System.Net.Sockets.SocketAsyncEngine::EventLoop()[QuickJitted]",
    ),
    {
      module: "System.Net.Sockets",
      method: "System.Net.Sockets.SocketAsyncEngine::EventLoop()",
      tier: "QuickJitted",
    },
  );
});

Deno.test("parseJitSymbolName passes over modules of return and argument types", () => {
  assertEquals(
    parseJitSymbolName(
      "valuetype [A.B]A.B.Error [C.D] C.D.Pal::Shut(class [E]E.Handle,bool[])[OptimizedTier1]",
    ),
    {
      module: "C.D",
      method: "C.D.Pal::Shut(class [E]E.Handle,bool[])",
      tier: "OptimizedTier1",
    },
  );
});

Deno.test("parseJitSymbolName leaves other names alone", () => {
  for (
    const name of [
      "",
      "memcpy",
      "void App.Program::Main()",
      "void [App] App.Program::Main()",
      "void App App.Program::Main()[Tier0]",
      "[App] App.Program::Main()[Tier0]",
      "void [] App.Program::Main()[Tier0]",
      "void [App] [Tier0]",
      "void [App] x[]",
      "a [".repeat(1000),
      `${"a [b] ".repeat(1000)}]`,
    ]
  ) assertEquals(parseJitSymbolName(name), undefined, name.slice(0, 50));
});

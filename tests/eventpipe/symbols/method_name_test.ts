import { assertEquals } from "@std/assert";
import {
  formatMethod,
  methodTier,
  moduleName,
  readMethodTexts,
} from "../../../src/eventpipe/symbols/method_name.ts";
import { encodeUtf16le } from "../../../src/codec/utf16.ts";

Deno.test("readMethodTexts splits namespace, name and signature", () => {
  const bytes = encodeUtf16le("App.Program\0Main\0void  (class String[])\0xx");
  assertEquals(readMethodTexts(bytes), {
    namespace: "App.Program",
    name: "Main",
    signature: "void  (class String[])",
  });
});

Deno.test("readMethodTexts gives empty texts for what is missing", () => {
  assertEquals(readMethodTexts(encodeUtf16le("App\0Ma")), {
    namespace: "App",
    name: "Ma",
    signature: "",
  });
  assertEquals(readMethodTexts(new Uint8Array(1)), {
    namespace: "",
    name: "",
    signature: "",
  });
});

Deno.test("formatMethod shows the arguments of the signature", () => {
  const texts = { namespace: "A.B", name: "C", signature: "void  (int32)" };
  assertEquals(formatMethod(texts), "A.B.C(int32)");
  assertEquals(formatMethod({ ...texts, signature: "void" }), "A.B.C");
  assertEquals(formatMethod({ ...texts, namespace: "" }), "C(int32)");
});

Deno.test("formatMethod leaves out type arguments when instantiations are merged", () => {
  const texts = {
    namespace: "System.List`1[System.Tuple`2[System.Int32,A[]]]",
    name: "Add[System.__Canon]",
    signature: "void (!0[])",
  };
  assertEquals(
    formatMethod(texts, { mergeGenerics: true }),
    "System.List`1.Add(!0[])",
  );
  assertEquals(
    formatMethod({ ...texts, name: "odd]" }, { mergeGenerics: true }),
    "System.List`1.odd](!0[])",
  );
});

Deno.test("moduleName drops folders and .dll or .exe, nothing else", () => {
  assertEquals(
    moduleName("/usr/lib/System.Private.CoreLib.dll"),
    "System.Private.CoreLib",
  );
  assertEquals(moduleName("C:\\app\\App.EXE"), "App");
  assertEquals(moduleName("/lib/libc.so.6"), "libc.so.6");
  assertEquals(moduleName(""), "");
});

Deno.test("methodTier names tiers and precompiled code", () => {
  assertEquals(methodTier(8 | (3 << 7)), "QuickJitted");
  assertEquals(methodTier(8 | (7 << 7)), "OptimizedTier1Instrumented");
  assertEquals(methodTier(8), "");
  assertEquals(methodTier(0), "PreCompiled");
});

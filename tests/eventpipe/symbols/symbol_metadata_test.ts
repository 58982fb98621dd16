import { assertEquals } from "@std/assert";
import { parseSymbolMetadata } from "../../../src/eventpipe/symbols/symbol_metadata.ts";

Deno.test("parseSymbolMetadata reads PE metadata", () => {
  assertEquals(
    parseSymbolMetadata(JSON.stringify({
      type: "PE",
      name: "/src/App.pdb",
      signature: "00112233445566778899AABBCCDDEEFF",
      age: 1,
      perfmap_name: "App.r2rmap",
      text_offset: "0x1000",
    })),
    {
      type: "PE",
      name: "/src/App.pdb",
      signature: "00112233-4455-6677-8899-aabbccddeeff",
      age: 1,
      perfmapName: "App.r2rmap",
      textOffset: 4096,
    },
  );
});

Deno.test("parseSymbolMetadata reads ELF metadata with numbers in three forms", () => {
  for (const value of [4096, "4096", "0x1000"]) {
    assertEquals(
      parseSymbolMetadata(
        JSON.stringify({ type: "ELF", build_id: "abc", p_vaddr: value }),
      ),
      {
        type: "ELF",
        buildId: "abc",
        debugLink: "",
        virtualAddress: 4096n,
        fileOffset: 0n,
      },
    );
  }
});

Deno.test("parseSymbolMetadata ignores everything else", () => {
  for (const text of ["", "{", "null", "7", '{"type":"MachO"}', "[]"]) {
    assertEquals(parseSymbolMetadata(text), undefined);
  }
  assertEquals(
    parseSymbolMetadata('{"type":"PE","signature":"no guid","age":"x"}'),
    {
      type: "PE",
      name: "",
      signature: "",
      age: 0,
      perfmapName: "",
      textOffset: 0,
    },
  );
});

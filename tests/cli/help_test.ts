import { assertEquals, assertStringIncludes } from "@std/assert";
import type { OptionSpec } from "../../src/formats/option_spec.ts";
import { renderCommandHelp } from "../../src/cli/help.ts";

function helpOf(option: Omit<OptionSpec, "name" | "help">): string {
  return renderCommandHelp({
    name: "c",
    summary: "",
    positionals: [],
    options: [{ name: "o", help: "text", ...option } as OptionSpec],
    details: "",
    examples: [],
    load: () => Promise.reject(new Error("Cannot load: it is not run")),
  }, undefined);
}

Deno.test("renderCommandHelp shows defaults as they would be typed", () => {
  const cases = [
    [{ type: "duration", default: 10e9 }, "(default 10s)"],
    [{ type: "duration", default: 1.5e9 }, "(default 1500ms)"],
    [{ type: "duration", default: 120e9 }, "(default 2m)"],
    [{ type: "duration", default: 0 }, "(default 0)"],
    [{ type: "size", default: 64 * 2 ** 20 }, "(default 64MiB)"],
    [{ type: "size", default: 1518 }, "(default 1518)"],
    [{ type: "number", default: 3600e9 }, "(default 3600000000000)"],
    [{ type: "string", default: "x" }, "(default x)"],
  ] as const;
  for (const [option, text] of cases) {
    assertStringIncludes(helpOf(option), `text ${text}`);
  }
  assertEquals(helpOf({ type: "size" }).includes("default"), false);
});

import { assertEquals } from "@std/assert";
import { findNeighbours } from "../../src/profile/function_neighbours.ts";
import { foldedProfile } from "../support/folded_profile.ts";

Deno.test("findNeighbours tells who calls a function and whom it calls", () => {
  const profile = foldedProfile({
    "main;a;x": 3,
    "main;b;x": 4,
    "main;b;x;y": 5,
    "x": 1,
    "main": 9,
  });
  assertEquals(findNeighbours(profile, (name) => name === "x"), {
    inclusive: 13,
    callers: [{ name: "b", value: 9 }, { name: "a", value: 3 }, {
      name: "",
      value: 1,
    }],
    callees: [{ name: "", value: 8 }, { name: "y", value: 5 }],
  });
});

Deno.test("findNeighbours takes the outermost call for callers and the innermost for callees", () => {
  const profile = foldedProfile({ "m;x;n;x;y": 2 });
  assertEquals(findNeighbours(profile, (name) => name === "x"), {
    inclusive: 2,
    callers: [{ name: "m", value: 2 }],
    callees: [{ name: "y", value: 2 }],
  });
});

Deno.test("findNeighbours of an unknown function is empty", () => {
  assertEquals(findNeighbours(foldedProfile({ a: 1 }), () => false), {
    inclusive: 0,
    callers: [],
    callees: [],
  });
});

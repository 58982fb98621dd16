import { assertEquals, assertRejects } from "@std/assert";
import { requireChromium, startChromium } from "./chromium.ts";
import { requirePeers } from "./peers.ts";
import { testWith } from "./requirement.ts";
import { openSpeedscope } from "./speedscope.ts";

const REQUIREMENTS = [requireChromium(), requirePeers("npm")];

const PROFILE = JSON.stringify({
  "$schema": "https://www.speedscope.app/file-format-schema.json",
  shared: { frames: [{ name: "main" }, { name: "Half<T>(int)" }] },
  profiles: [
    {
      type: "sampled",
      name: "Thread 1",
      unit: "milliseconds",
      startValue: 0,
      endValue: 8,
      samples: [[0, 1], [0]],
      weights: [6, 2],
    },
    {
      type: "evented",
      name: "Thread 2",
      unit: "milliseconds",
      startValue: 0,
      endValue: 5,
      events: [
        { type: "O", frame: 0, at: 0 },
        { type: "C", frame: 0, at: 5 },
      ],
    },
  ],
});

testWith(
  "openSpeedscope shows functions and profiles",
  REQUIREMENTS,
  async () => {
    await using browser = await startChromium();
    await using speedscope = await openSpeedscope(browser, PROFILE);
    assertEquals(await speedscope.profiles(), ["Thread 1", "Thread 2"]);
    assertEquals(await speedscope.functions(), [
      { total: "6.00ms (75%)", self: "6.00ms (75%)", name: "Half<T>(int)" },
      { total: "8.00ms (100%)", self: "2.00ms (25%)", name: "main" },
    ]);
    assertEquals(speedscope.page.errors, []);
  },
);

testWith(
  "openSpeedscope refuses what speedscope refuses",
  REQUIREMENTS,
  async () => {
    await using browser = await startChromium();
    await assertRejects(
      () => openSpeedscope(browser, "{}"),
      Error,
      "Unrecognized format",
    );
    const unordered = PROFILE.replace(
      `{"type":"C","frame":0,"at":5}`,
      `{"type":"C","frame":1,"at":5}`,
    );
    await assertRejects(() => openSpeedscope(browser, unordered), Error);
  },
);

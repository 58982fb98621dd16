import { assertEquals, assertThrows } from "@std/assert";
import {
  counterFilter,
  parseCounterList,
  planCounters,
} from "../../../src/eventpipe/ipc/counter_request.ts";

Deno.test("parseCounterList splits at commas outside of brackets", () => {
  assertEquals(parseCounterList("A,B[x, y],EventCounters\\C"), [
    { provider: "A", counters: [], eventCountersOnly: false },
    { provider: "B", counters: ["x", "y"], eventCountersOnly: false },
    { provider: "C", counters: [], eventCountersOnly: true },
  ]);
});

Deno.test("parseCounterList unites choices of one provider", () => {
  const counters = (text: string) =>
    parseCounterList(text).map(({ counters }) => counters);
  assertEquals(counters("A[x],a[y,x]"), [["x", "y"]]);
  // An empty list is all, whichever comes first.
  assertEquals(counters("A[x],A"), [[]]);
  assertEquals(counters("A,A[x]"), [[]]);
});

Deno.test("parseCounterList refuses other forms", () => {
  for (
    const text of ["A[x", "A]x", "A[x]y", "A[x][y]", "A[[x]]", "", "A,", "[x]"]
  ) {
    assertThrows(() => parseCounterList(text), SyntaxError, "Cannot read");
  }
  assertThrows(
    () => parseCounterList("A,EventCounters\\a"),
    SyntaxError,
    "with and without the prefix",
  );
});

Deno.test("planCounters asks for both kinds as dotnet-counters does", () => {
  const { providers, rundownKeyword, bufferSizeMb } = planCounters(
    parseCounterList("A[x,y],B,EventCounters\\C"),
    { intervalSec: 3, sessionId: "SHARED", clientId: "me", maxTimeSeries: 7 },
  );
  assertEquals([rundownKeyword, bufferSizeMb], [0n, undefined]);
  const interval = "EventCounterIntervalSec=3";
  assertEquals(
    providers.map((each) => [
      each.name,
      each.keywords,
      each.level,
      each.arguments,
    ]),
    [
      ["A", 0n, 4, interval],
      ["B", 0n, 4, interval],
      ["C", 0n, 4, interval],
      [
        "System.Diagnostics.Metrics",
        2n,
        4,
        "SessionId=SHARED;Metrics=A\\x,A\\y,B;RefreshInterval=3;MaxTimeSeries=7;MaxHistograms=10;ClientId=me",
      ],
    ],
  );
});

Deno.test("planCounters asks for no metrics when event counters alone are meant", () => {
  const { providers } = planCounters(parseCounterList("EventCounters\\C"), {
    intervalSec: 1,
    sessionId: "s",
    clientId: "c",
  });
  assertEquals(providers.map(({ name }) => name), ["C"]);
});

Deno.test("counterFilter lets through what was asked for", () => {
  const isWanted = counterFilter(parseCounterList("A[x],B"));
  assertEquals(
    [
      isWanted("a", "x"),
      isWanted("A", "y"),
      isWanted("B", "any"),
      isWanted("C", "x"),
    ],
    [true, false, true, false],
  );
});

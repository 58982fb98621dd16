import { assertRejects } from "@std/assert";
import { ServerNotAvailableError } from "../../../src/eventpipe/ipc/diagnostic_error.ts";
import { launchTarget } from "../../../src/eventpipe/ipc/launched_target.ts";
import { requireThat, testWith } from "../../support/requirement.ts";

const NEEDS = [
  requireThat(Deno.build.os !== "windows", "needs Unix sockets"),
];

testWith(
  "launchTarget says that a program ended before it had a runtime",
  NEEDS,
  async () => {
    const script = "Deno.exit(7)";
    await assertRejects(
      () => launchTarget([Deno.execPath(), "eval", script]),
      ServerNotAvailableError,
      "ended with exit code 7 and started no .NET runtime",
    );
  },
);

testWith(
  "launchTarget ends a program that has no runtime in time",
  NEEDS,
  async () => {
    // It is ended before this rejects, or this would never do so.
    const script = "setInterval(() => {}, 1000)";
    await assertRejects(
      () => launchTarget([Deno.execPath(), "eval", script], { timeoutMs: 500 }),
      ServerNotAvailableError,
      "within 0.5 s",
    );
  },
);

testWith(
  "launchTarget says that there is no such program, and does without a folder for temporary files",
  NEEDS,
  async () => {
    const before = Deno.env.get("TMPDIR");
    try {
      for (const folder of ["/no/such/folder", `/tmp/${"x".repeat(200)}`]) {
        Deno.env.set("TMPDIR", folder);
        await assertRejects(
          () => launchTarget(["/no/such/program"]),
          Error,
          "Cannot start /no/such/program: there is no such program",
        );
      }
    } finally {
      if (before === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", before);
    }
  },
);

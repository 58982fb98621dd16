/**
 * The command line program: `deno run -A cli.ts --help`.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";
import { processHost } from "./src/cli/process_host.ts";
import { listenForInterruption } from "./src/cli/signals.ts";

if (import.meta.main) {
  const host = processHost();
  const encoder = new TextEncoder();
  using interruption = listenForInterruption(() =>
    host.writeStderr(
      encoder.encode("\nfinishing; press Ctrl-C again to leave at once\n"),
    )
  );
  Deno.exitCode = await main(Deno.args, host, interruption.signal);
  // What nobody waits for any more would keep the process alive: a read of a
  // pipe, or a connection that was given up but that the runtime cannot cancel.
  Deno.exit();
}

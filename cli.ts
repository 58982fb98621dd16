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
  // A read of a pipe that nobody writes to would keep the process alive.
  if (interruption.signal.aborted) Deno.exit();
}

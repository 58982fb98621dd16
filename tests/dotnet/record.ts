/**
 * Makes the recordings in `tests/fixtures/nettrace` again, all or the named ones,
 * with the runtime's own recorder:
 *
 *     deno run -A tests/offline/with_std.ts run -A tests/dotnet/record.ts [NAME…]
 *
 * Every run gives other bytes, so the figures in the README beside them and in
 * the tests that read them change too.
 *
 * @module
 */

// deno-lint-ignore-file no-console -- a program for developers

import { buildWorkload } from "../support/dotnet.ts";
import { REPOSITORY } from "../support/file_url.ts";
import { findPeer } from "../support/peers.ts";

/** One recording. */
interface Recording {
  /** Its file name. */
  readonly name: string;
  /** Arguments of the workload program. */
  readonly args: readonly string[];
  /** Providers as `name:keywords:level[:arguments]`. */
  readonly providers: readonly string[];
  /** Whether the runtime lists all methods and modules at the end. */
  readonly rundown: boolean;
}

/** A recording names the paths of all modules, so they are the same everywhere. */
const NEUTRAL_FOLDER = "/tmp/workload";

const OWN_EVENTS: readonly string[] = [
  "Tracedeck-Workload:0xFFFFFFFF:5",
  "Tracedeck-Workload-Shaped:0xFFFFFFFF:5",
];

const METRICS_ARGUMENTS = "SessionId=SHARED;Metrics=Tracedeck.Workload;" +
  "RefreshInterval=0.5;MaxTimeSeries=1000;MaxHistograms=10;ClientId=fixture";

const RECORDINGS: readonly Recording[] = [
  {
    name: "workload.nettrace",
    args: ["all", "6", "--seconds", "1.3"],
    providers: [
      "Microsoft-DotNETCore-SampleProfiler:0xF00000000000:4",
      // GC, loader, contention, exceptions, threads, type names of the heap
      "Microsoft-Windows-DotNETRuntime:0x8001C009:5",
      ...OWN_EVENTS,
      "Tracedeck-Workload-Counters:0:4:EventCounterIntervalSec=0.5",
      "System.Runtime:0:4:EventCounterIntervalSec=0.5",
      `System.Diagnostics.Metrics:0x2:4:${METRICS_ARGUMENTS}`,
    ],
    rundown: true,
  },
  {
    name: "jit.nettrace",
    args: ["cpu", "--seconds", "0.3"],
    providers: [
      "Microsoft-DotNETCore-SampleProfiler:0xF00000000000:4",
      // loader, just-in-time compiler
      "Microsoft-Windows-DotNETRuntime:0x18:5",
    ],
    rundown: false,
  },
  {
    name: "events.nettrace",
    args: ["events", "50", "2"],
    // Without the task provider there are no activity ids.
    providers: [...OWN_EVENTS, "System.Threading.Tasks.TplEventSource:0x80:4"],
    rundown: false,
  },
];

async function record(dotnet: string, recording: Recording): Promise<string> {
  const output = `${NEUTRAL_FOLDER}/${recording.name}`;
  const environment: [string, string][] = [
    ["PATH", "/usr/bin:/bin"],
    ["LANG", "C"],
    ["DOTNET_EnableEventPipe", "1"],
    ["DOTNET_EventPipeOutputPath", output],
    ["DOTNET_EventPipeConfig", recording.providers.join(",")],
    ["DOTNET_EventPipeRundown", recording.rundown ? "1" : "0"],
  ];
  const child = new Deno.Command(dotnet, {
    args: ["Workload.dll", ...recording.args],
    cwd: NEUTRAL_FOLDER,
    clearEnv: true,
    env: Object.fromEntries(environment),
    stdin: "null",
    stderr: "inherit",
  });
  const { success, code, stdout } = await child.output();
  if (!success) {
    throw new Error(
      `Cannot record ${recording.name}: exit code of the workload is ${code}`,
    );
  }
  refuseTraces(recording.name, await Deno.readFile(output));
  const target = `${REPOSITORY}/tests/fixtures/nettrace/${recording.name}`;
  await Deno.copyFile(output, target);
  return new TextDecoder().decode(stdout).trim();
}

/** Refuses a recording that tells on which machine it was made. */
function refuseTraces(name: string, bytes: Uint8Array): void {
  const texts = [
    new TextDecoder("latin1").decode(bytes),
    new TextDecoder("utf-16le").decode(bytes),
    new TextDecoder("utf-16le").decode(bytes.subarray(1)),
  ];
  const secrets = [REPOSITORY, Deno.env.get("HOME") ?? "", Deno.hostname()];
  for (const secret of secrets) {
    if (secret.length > 1 && texts.some((text) => text.includes(secret))) {
      throw new Error(`Cannot keep ${name}: "${secret}" is in it`);
    }
  }
}

if (import.meta.main) {
  const dotnet = findPeer("dotnet");
  if (dotnet === undefined) {
    throw new Error("Cannot record: no dotnet on PATH");
  }
  const built = (await buildWorkload()).replace(/\/[^/]*$/, "");
  await Deno.mkdir(NEUTRAL_FOLDER);
  try {
    for await (const entry of Deno.readDir(built)) {
      await Deno.copyFile(
        `${built}/${entry.name}`,
        `${NEUTRAL_FOLDER}/${entry.name}`,
      );
    }
    for (const recording of RECORDINGS) {
      if (Deno.args.length > 0 && !Deno.args.includes(recording.name)) continue;
      console.log(`${recording.name}: ${await record(dotnet, recording)}`);
    }
  } finally {
    await Deno.remove(NEUTRAL_FOLDER, { recursive: true });
  }
}

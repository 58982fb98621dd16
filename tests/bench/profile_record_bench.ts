/**
 * Sampling a busy machine, `tracedeck profile record` beside `perf record` on
 * the same load: a program on every processor, with known shares. Time of the
 * recorders does not tell them apart, so their use of the processor does, as
 * the shell counts it (`times`), and what they lost. perf writes addresses
 * only; names, which tracedeck's profile has, are made by `perf script`, so
 * there is a ratio against both. The benchmark fails where samples are lost
 * that perf does not lose, or at 10,000 samples a second any.
 *
 * tracedeck is `TRACEDECK_BINARY` if set, else the sources. With
 * `TRACEDECK_BENCH=short` a recording takes one second.
 */
import { REPOSITORY } from "../support/file_url.ts";
import { findPeer } from "../support/peers.ts";
import { compileSpin } from "../support/spin_program.ts";

const IS_SHORT = Deno.env.get("TRACEDECK_BENCH") === "short";
const BINARY = Deno.env.get("TRACEDECK_BINARY");
const SECONDS = IS_SHORT ? 1 : 10;
const RUNS = IS_SHORT ? 1 : 3;
/** More than the samples of the load, that none of 10,000 a second is missing. */
const MANY_SAMPLES = 10_500;

const TRACEDECK = BINARY === undefined
  ? [
    ...[Deno.execPath(), "run", "-A", "--no-check", "--import-map"],
    ...[`${REPOSITORY}/tests/offline/import_map.json`, `${REPOSITORY}/cli.ts`],
  ]
  : [BINARY];

/** What a recorder used and got. */
interface Outcome {
  readonly cpuSeconds: number;
  readonly samples: number;
  readonly lost: number;
}

const outcomes = new Map<string, Outcome[]>();

const folder = await Deno.makeTempDir({ prefix: "tracedeck-bench-" });

/** Runs a program; the shell tells what it and its children used. */
async function run(
  command: readonly string[],
): Promise<{ text: string; cpuSeconds: number }> {
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", '"$@" >&2; times', "sh", ...command],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  const times = decoder.decode(stdout).trim().split("\n").at(-1)!;
  let cpuSeconds = 0;
  for (const [, minutes, seconds] of times.matchAll(/(\d+)m([\d.]+)s/g)) {
    cpuSeconds += Number(minutes) * 60 + Number(seconds);
  }
  return { text: decoder.decode(stderr), cpuSeconds };
}

async function recordByPerf(frequency: number): Promise<Outcome> {
  const { text, cpuSeconds } = await run([
    ...["perf", "record", "-a", "-e", "cpu-clock", "-F", `${frequency}`, "-g"],
    ...["-o", `${folder}/perf.data`, "--", "sleep", `${SECONDS}`],
  ]);
  return {
    cpuSeconds,
    samples: Number(/\((\d+) samples\)/.exec(text)?.[1] ?? 0),
    lost: Number(/lost (\d+)/i.exec(text)?.[1] ?? 0),
  };
}

/** Names for what was recorded last. */
async function scriptByPerf(recorded: Outcome): Promise<Outcome> {
  const { cpuSeconds } = await run([
    ...["sh", "-c", 'perf script -i "$1" >/dev/null 2>&1', "sh"],
    `${folder}/perf.data`,
  ]);
  return { ...recorded, cpuSeconds: recorded.cpuSeconds + cpuSeconds };
}

async function recordByTracedeck(frequency: number): Promise<Outcome> {
  const { text, cpuSeconds } = await run([
    ...[...TRACEDECK, "profile", "record", "-a", "-F", `${frequency}`],
    ...["-d", `${SECONDS}s`, "-o", `${folder}/tracedeck.pb.gz`],
  ]);
  const [, samples, lost] = /(\d+) samples of .*, (\d+) lost/.exec(text) ?? [];
  if (samples === undefined) throw new Error(`Cannot benchmark: ${text}`);
  return { cpuSeconds, samples: Number(samples), lost: Number(lost) };
}

function note(name: string, outcome: Outcome): Outcome {
  outcomes.set(name, [...outcomes.get(name) ?? [], outcome]);
  return outcome;
}

function mean(name: string, of: (outcome: Outcome) => number): number {
  const all = outcomes.get(name) ?? [];
  return all.reduce((sum, outcome) => sum + of(outcome), 0) / all.length;
}

/** The ratios; seconds would tell of this machine only. */
function summarize(): void {
  for (const group of ["999 Hz", "10,000 samples/s"]) {
    const own = `tracedeck, ${group}`;
    if (!outcomes.has(own)) continue;
    for (const peer of ["perf record", "perf record + perf script"]) {
      const ratio = mean(own, ({ cpuSeconds }) => cpuSeconds) /
        mean(`${peer}, ${group}`, ({ cpuSeconds }) => cpuSeconds);
      say(`${group}: ${ratio.toFixed(2)} times the processor time of ${peer}`);
    }
    const share = mean(own, ({ samples }) => samples) /
      mean(`perf record, ${group}`, ({ samples }) => samples);
    say(
      `${group}: ${share.toFixed(2)} times the samples of perf record, lost ${
        mean(own, ({ lost }) => lost)
      } against ${mean(`perf record, ${group}`, ({ lost }) => lost)}`,
    );
  }
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

const missing = ["perf", "gcc", "sh"].filter((name) => !findPeer(name));
if (Deno.build.os !== "linux" || Deno.uid() !== 0 || missing.length > 0) {
  say(
    `profile record is not measured: needs root and ${
      missing.join(", ") || "Linux"
    }`,
  );
} else {
  const spin = await compileSpin(folder);
  const load = Array.from(
    { length: navigator.hardwareConcurrency },
    () => new Deno.Command(spin, { args: ["100000"], stdin: "null" }).spawn(),
  );
  globalThis.addEventListener("unload", () => {
    for (const each of load) each.kill("SIGKILL");
    Deno.removeSync(folder, { recursive: true });
    summarize();
  });
  for (
    const [group, frequency] of [
      ["999 Hz", 999],
      [
        "10,000 samples/s",
        Math.ceil(MANY_SAMPLES / navigator.hardwareConcurrency),
      ],
    ] as const
  ) {
    const options = { group, n: RUNS, warmup: 0 };
    Deno.bench(
      `perf record, ${group}`,
      { ...options, baseline: true },
      async () => {
        const recorded = note(
          `perf record, ${group}`,
          await recordByPerf(frequency),
        );
        note(
          `perf record + perf script, ${group}`,
          await scriptByPerf(recorded),
        );
      },
    );
    Deno.bench(`tracedeck, ${group}`, options, async () => {
      const { lost } = note(
        `tracedeck, ${group}`,
        await recordByTracedeck(frequency),
      );
      const allowed = group === "999 Hz"
        ? Math.max(
          ...outcomes.get(`perf record, ${group}`)!.map((each) => each.lost),
        )
        : 0;
      if (lost > allowed) {
        throw new Error(`Cannot keep up: ${lost} samples are lost`);
      }
    });
  }
}

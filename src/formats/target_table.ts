import { OTLP_LAYOUT_OPTION } from "./otlp/otlp_entry.ts";
import type { TargetEntry } from "./types.ts";

/** Everything that `convert --to` can write. */
export const TARGETS: readonly TargetEntry[] = [
  {
    name: "pprof",
    title: "pprof profile",
    extensions: [".pb.gz", ".pprof"],
    binary: true,
    options: [],
    load: async () => {
      const { writePprof } = await import("../profile/write_pprof.ts");
      return {
        writeProfile: (profile, { stats, signal }) =>
          writePprof(profile, { stats, signal }),
      };
    },
  },
  {
    name: "speedscope",
    title: "speedscope profile",
    extensions: [".speedscope.json"],
    binary: false,
    options: [],
    load: async () => {
      const { writeSpeedscope } = await import(
        "../profile/write_speedscope.ts"
      );
      return {
        timed: true,
        writeProfile: (profile, { outputName }) =>
          writeSpeedscope(profile, { name: outputName }),
      };
    },
  },
  {
    name: "chromium",
    title: "Chromium trace JSON",
    extensions: [".chromium.json", ".trace.json"],
    binary: false,
    options: [],
    load: async () => {
      const { writeChromiumProfile } = await import(
        "../profile/write_chromium_profile.ts"
      );
      const { writeChromiumEvents } = await import(
        "../timeline/chromium_writer.ts"
      );
      return {
        timed: true,
        writeProfile: (profile) => writeChromiumProfile(profile),
        writeEvents: (events) => writeChromiumEvents(events),
      };
    },
  },
  {
    name: "folded",
    title: "folded stacks",
    extensions: [".folded"],
    binary: false,
    options: [],
    load: async () => {
      const { writeFolded } = await import("../profile/write_folded.ts");
      return {
        threadless: true,
        writeProfile: (profile) => writeFolded(profile),
      };
    },
  },
  {
    name: "otlp",
    title: "OTLP profiles",
    extensions: [".otlp", ".otlp.pb"],
    binary: true,
    options: [OTLP_LAYOUT_OPTION],
    load: async () => (await import("./otlp/otlp_target.ts")).otlpWriter,
  },
  {
    name: "otlp-json",
    title: "OTLP profiles (JSON)",
    extensions: [".otlp.json"],
    binary: false,
    options: [],
    load: async () => (await import("./otlp/otlp_target.ts")).otlpJsonWriter,
  },
  {
    name: "flamegraph",
    title: "flame graph as SVG picture",
    extensions: [".svg"],
    binary: false,
    options: [],
    load: async () => {
      const { buildCallTree } = await import("../profile/call_tree.ts");
      const { writeFlameGraphSvg } = await import(
        "../profile/flame_graph_svg.ts"
      );
      return {
        threadless: true,
        async *writeProfile(profile, { outputName }) {
          const { type, unit } = profile.valueTypes[profile.defaultValueType]!;
          yield* writeFlameGraphSvg(buildCallTree(profile), {
            title: `${outputName ?? "Flame graph"}: ${type}`,
            unit,
          });
        },
      };
    },
  },
  {
    name: "kcap",
    title: "Fibratus capture",
    extensions: [".cap", ".kcap"],
    binary: true,
    options: [],
  },
  {
    name: "jsonl",
    title: "JSON lines",
    extensions: [".jsonl", ".ndjson"],
    binary: false,
    options: [],
    load: async () => {
      const { writeJsonLines } = await import(
        "../timeline/json_lines_writer.ts"
      );
      return { writeEvents: (events) => writeJsonLines(events) };
    },
  },
  {
    name: "csv",
    title: "CSV",
    extensions: [".csv"],
    binary: false,
    options: [],
    load: async () => {
      const { writeCsvEvents } = await import("../timeline/csv_writer.ts");
      return { writeEvents: (events) => writeCsvEvents(events) };
    },
  },
  {
    name: "parquet",
    title: "Parquet",
    extensions: [".parquet"],
    binary: true,
    options: [],
    load: async () => {
      const { writeParquet } = await import("../timeline/parquet_writer.ts");
      return { writeEvents: (events) => writeParquet(events) };
    },
  },
  {
    name: "nettrace",
    title: ".NET event trace (nettrace)",
    extensions: [".nettrace"],
    binary: true,
    options: [
      {
        name: "nettrace-version",
        type: "string",
        choices: ["4", "6"],
        help:
          "version to write: 4 is what all tools read, 6 holds several processes",
      },
    ],
  },
  {
    name: "gcdump",
    title: ".NET heap dump (gcdump)",
    extensions: [".gcdump"],
    binary: true,
    options: [],
  },
  {
    name: "counters-csv",
    title: "counters as dotnet-counters writes them, CSV",
    extensions: [".counters.csv"],
    binary: false,
    options: [],
  },
  {
    name: "counters-json",
    title: "counters as dotnet-counters writes them, JSON",
    extensions: [".counters.json"],
    binary: false,
    options: [],
  },
  {
    name: "pcap",
    title: "packet capture (pcap)",
    extensions: [".pcap"],
    binary: true,
    options: [],
  },
  {
    name: "har",
    title: "HTTP archive (HAR)",
    extensions: [".har"],
    binary: false,
    options: [],
  },
  {
    name: "network-trace",
    title: "network trace",
    extensions: [".nettrace.json"],
    binary: false,
    options: [
      {
        name: "trace-form",
        type: "string",
        choices: ["plain", "export", "sink"],
        default: "export",
        help: "form of the network trace: plain, export or sink",
      },
    ],
  },
  {
    name: "tracereplay",
    title: "gVisor trace session",
    extensions: [".trace", ".gvtrace"],
    binary: true,
    options: [],
  },
];

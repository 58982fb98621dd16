import type { OptionSpec, OptionValues } from "../../../formats/option_spec.ts";
import { architectureOf } from "../../../tracereplay/architecture.ts";
import { ProcessView } from "../../../tracereplay/process_view.ts";
import type { ProcfsProcess } from "../../../tracereplay/procfs_dump.ts";
import { toJsonObject } from "../../../tracereplay/render_json.ts";
import {
  renderPretty,
  renderTableHeading,
  renderTableRow,
} from "../../../tracereplay/render_pretty.ts";
import { renderText } from "../../../tracereplay/render_text.ts";
import { SyscallPairing } from "../../../tracereplay/syscall_pairing.ts";
import type { Architecture, TraceEvent } from "../../../tracereplay/types.ts";
import { ARCH_OPTION } from "./trace_options.ts";

/** How events are printed. */
export type EventForm = "text" | "json" | "pretty" | "table";

/** The forms in which events are printed. */
export const EVENT_FORMS: readonly EventForm[] = [
  "text",
  "json",
  "pretty",
  "table",
];

/** Options of the commands that print events. */
export const PRINT_OPTIONS: readonly OptionSpec[] = [
  ARCH_OPTION,
  {
    name: "derive",
    type: "boolean",
    help: "json: add what numbers mean: flags, errors, addresses, durations",
  },
  {
    name: "processes",
    type: "boolean",
    help:
      "json: add what is known of the process; needs group_id and thread_group_start_time",
  },
  {
    name: "procfs",
    type: "string",
    valueName: "FILE",
    help: "output of runsc trace procfs: processes that ran before the session",
  },
  {
    name: "numbers",
    type: "string",
    choices: ["exact", "unsafe"],
    default: "exact",
    help:
      "json: 64-bit integers as strings, or as numbers where those hold them",
  },
  {
    name: "raw",
    type: "boolean",
    help: "json: add raw_hex, the whole message",
  },
  {
    name: "max-string",
    type: "number",
    min: 0,
    valueName: "BYTES",
    help: "text, pretty, table: show this much of a string",
  },
];

/** What an {@linkcode EventPrinter} is told beside the options. */
export interface EventPrinterOptions {
  /** How events are printed. */
  readonly form: EventForm;
  /** Architecture that is known before the first event. */
  readonly architecture?: Architecture | undefined;
  /** Processes that ran before the session began. */
  readonly processes?: readonly ProcfsProcess[] | undefined;
  /** Keys that go in front of every JSON object, for example the file. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Renders the events of one file or connection. The architecture is that of
 * the options, or found out: from the first event that decides it on.
 */
export class EventPrinter {
  readonly #form: EventForm;
  readonly #extra: Readonly<Record<string, unknown>> | undefined;
  readonly #values: OptionValues;
  readonly #pairing = new SyscallPairing();
  readonly #processes: ProcessView | undefined;
  #architecture: Architecture | undefined;

  /**
   * @param values Values of {@linkcode PRINT_OPTIONS}.
   * @param options Form, and what is known beside.
   */
  constructor(values: OptionValues, options: EventPrinterOptions) {
    const { form, architecture, processes, extra } = options;
    this.#form = form;
    this.#extra = extra;
    this.#values = values;
    this.#architecture = chosenArchitecture(values) ?? architecture;
    this.#processes = values["processes"] === true
      ? new ProcessView(processes)
      : undefined;
  }

  /** Architecture that is known so far. */
  get architecture(): Architecture | undefined {
    return this.#architecture;
  }

  /** @returns The line above all events, if the form has one. */
  heading(): string | undefined {
    return this.#form === "table" ? renderTableHeading() : undefined;
  }

  /**
   * Looks at an event that may not be printed, but says something of others.
   *
   * @param event The next event, in order.
   * @returns A function that renders it as one line.
   */
  add(event: TraceEvent): () => string {
    this.#architecture ??= architectureOf(event);
    const durationNs = this.#form === "text"
      ? undefined
      : this.#pairing.add(event);
    const process = this.#processes?.add(event);
    return () => this.#render(event, durationNs, process);
  }

  #render(
    event: TraceEvent,
    durationNs: bigint | undefined,
    process: Record<string, unknown> | undefined,
  ): string {
    const architecture = this.#architecture;
    const maxString = this.#values["max-string"] as number | undefined;
    switch (this.#form) {
      case "text":
        return renderText(event, { maxString });
      case "pretty":
        return renderPretty(event, { architecture, durationNs, maxString });
      case "table":
        return renderTableRow(event, { architecture, durationNs, maxString });
      case "json": {
        const object = toJsonObject(event, {
          architecture,
          derive: this.#values["derive"] === true,
          numbers: this.#values["numbers"] as "exact" | "unsafe",
          raw: this.#values["raw"] === true,
        });
        if (process !== undefined) object["process"] = process;
        const derived = object["derived"];
        if (derived !== undefined && durationNs !== undefined) {
          object["derived"] = { ...derived, "duration_ns": `${durationNs}` };
        }
        return JSON.stringify({ ...this.#extra, ...object });
      }
    }
  }
}

/**
 * Reads `--arch`.
 *
 * @param values Values of the options.
 * @returns The architecture, `undefined` for `auto`.
 */
export function chosenArchitecture(
  values: OptionValues,
): Architecture | undefined {
  const chosen = values["arch"];
  return chosen === "auto" ? undefined : chosen as Architecture | undefined;
}

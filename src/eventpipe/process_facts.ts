import type { EventCollector, EventHandler } from "./event_collector.ts";
import { EventPayload } from "./event_payload.ts";
import type { NettraceEvent, NettraceMetadata } from "./nettrace/types.ts";
import { PROVIDER_NAME } from "./provider_name_table.ts";

/** What a trace says about the traced process and its runtime. */
export class ProcessFacts implements EventCollector {
  /** Command line, empty where unknown. */
  commandLine = "";
  /** Operating system, empty where unknown. */
  operatingSystem = "";
  /** Processor architecture, empty where unknown. */
  architecture = "";
  /** Version of the runtime, empty where unknown. */
  runtimeVersion = "";
  /** `.NET Framework` or `.NET`, empty where unknown. */
  runtimeName = "";
  /** Path of the runtime's library, empty where unknown. */
  runtimePath = "";
  readonly #payload = new EventPayload();

  handlerOf(metadata: NettraceMetadata): EventHandler | undefined {
    const { providerName, eventId } = metadata;
    switch (providerName) {
      case PROVIDER_NAME.eventPipe:
        return eventId === 1
          ? (event) => this.#onProcessInfo(event)
          : undefined;
      case PROVIDER_NAME.runtime:
      case PROVIDER_NAME.rundown:
        return eventId === 187 ? (event) => this.#onRuntime(event) : undefined;
      default:
        return undefined;
    }
  }

  /** Name of the traced program, from its command line; empty where unknown. */
  get programName(): string {
    const match = /^(?:"([^"]*)"|(\S*))(?:\s+(?:"([^"]*)"|(\S+)))?/.exec(
      this.commandLine,
    );
    const program = baseName(match?.[1] ?? match?.[2] ?? "");
    const argument = match?.[3] ?? match?.[4] ?? "";
    // `dotnet App.dll` runs App.
    return /^dotnet(?:\.exe)?$/i.test(program) && /\.dll$/i.test(argument)
      ? baseName(argument)
      : program;
  }

  #onProcessInfo(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    this.commandLine = payload.utf16z();
    if (event.version < 1) return;
    this.operatingSystem = payload.utf16z();
    this.architecture = payload.utf16z();
  }

  #onRuntime(event: NettraceEvent): void {
    const payload = this.#payload.start(event);
    payload.skip(2);
    const sku = payload.u16();
    payload.skip(8);
    const version = [
      payload.u16(),
      payload.u16(),
      payload.u16(),
      payload.u16(),
    ];
    payload.skip(5);
    const commandLine = payload.utf16z();
    payload.skip(16);
    const path = payload.utf16z();
    if (payload.isShort) return;
    if (version.some((part) => part !== 0)) {
      this.runtimeVersion = version.join(".");
    }
    this.runtimeName = sku === 1 ? ".NET Framework" : ".NET";
    this.runtimePath = path;
    if (this.commandLine === "") this.commandLine = commandLine;
  }
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/s, "").replace(/\.(?:dll|exe)$/i, "");
}

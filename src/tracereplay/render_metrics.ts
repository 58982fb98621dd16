import type { SavedClient } from "./save_server.ts";

/** Counts of clients that have ended. */
export interface EndedClients {
  readonly clients: number;
  readonly messages: number;
  readonly bytes: number;
  readonly dropped: number;
}

/** Where {@linkcode renderMetrics} finds its counts. */
export interface MetricsSource {
  /** @returns The clients that are being saved. */
  readonly clients: () => readonly SavedClient[];
  /** Sums over the clients that have ended; `clients` counts all that ever were. */
  readonly ended: EndedClients;
}

/**
 * Renders counts in the text format of Prometheus: totals, and one series per
 * client that is connected.
 *
 * @param source The counts.
 * @returns Whole lines.
 */
export function renderMetrics(source: MetricsSource): string {
  const clients = source.clients();
  const { ended } = source;
  const sum = (of: (client: SavedClient) => number) =>
    clients.reduce((total, client) => total + of(client), 0);
  return [
    ...metric("clients_total", "counter", "Clients so far.", [
      ["", ended.clients],
    ]),
    ...metric("clients", "gauge", "Clients connected.", [["", clients.length]]),
    ...metric("messages_total", "counter", "Messages stored or forwarded.", [
      ["", ended.messages + sum(({ messages }) => messages)],
    ]),
    ...metric("bytes_total", "counter", "Bytes of these messages.", [
      ["", ended.bytes + sum(({ bytes }) => bytes)],
    ]),
    ...metric("dropped_total", "counter", "Events that sandboxes dropped.", [
      ["", ended.dropped + sum(({ dropped }) => dropped)],
    ]),
    ...metric("client_messages", "gauge", "Messages of a client.", [
      ...clients.map((client) => [label(client), client.messages] as const),
    ]),
    ...metric("client_bytes", "gauge", "Bytes of messages of a client.", [
      ...clients.map((client) => [label(client), client.bytes] as const),
    ]),
    ...metric("client_dropped", "gauge", "Events that a client dropped.", [
      ...clients.map((client) => [label(client), client.dropped] as const),
    ]),
  ].join("\n") + "\n";
}

function metric(
  name: string,
  type: "counter" | "gauge",
  help: string,
  series: readonly (readonly [labels: string, value: number])[],
): string[] {
  const full = `tracedeck_tracereplay_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...series.map(([labels, value]) => `${full}${labels} ${value}`),
  ];
}

function label(client: SavedClient): string {
  return `{client="${client.number}"}`;
}

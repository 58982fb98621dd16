import { NETWORK_TRACE_FORMS } from "../../../netdump/nettrace_encoder.ts";
import type { OptionSpec } from "../../../formats/option_spec.ts";
import type { Command } from "../../command.ts";
import { JSON_OPTION, OUTPUT_OPTION } from "../../common_options.ts";

const REQUEST_OPTIONS: readonly OptionSpec[] = [
  {
    name: "method",
    short: "X",
    type: "string",
    valueName: "METHOD",
    help: "method of the request; GET, or POST with --data",
  },
  {
    name: "header",
    short: "H",
    type: "list",
    valueName: "NAME: VALUE",
    help: "field of the header",
  },
  {
    name: "data",
    type: "string",
    valueName: "TEXT",
    help: "body of the request; @FILE takes that of a file",
  },
  {
    name: "repeat",
    type: "number",
    min: 1,
    max: 10_000,
    default: 1,
    valueName: "N",
    help: "make the request so often with one client",
  },
  {
    name: "redirects",
    type: "number",
    min: 0,
    max: 100,
    default: 10,
    valueName: "N",
    help: "redirects to follow",
  },
  {
    name: "max-body",
    type: "size",
    valueName: "SIZE",
    help: "give up when the body is larger; it is never kept",
  },
];

const NETWORK_OPTIONS: readonly OptionSpec[] = [
  {
    name: "interface",
    short: "i",
    type: "string",
    valueName: "IF",
    help: "send from the address of this interface",
    conflicts: ["source"],
  },
  {
    name: "source",
    type: "string",
    valueName: "ADDRESS",
    help: "send from this address",
  },
  {
    name: "nameserver",
    type: "list",
    valueName: "ADDRESS[:PORT]",
    help:
      "ask this name server instead of the system's; several are asked in order",
  },
  {
    name: "skip-nameserver",
    type: "list",
    valueName: "ADDRESS",
    help: "do not ask this name server",
  },
  {
    name: "proxy",
    type: "string",
    valueName: "URL",
    help: "go through this proxy: http, https or socks5",
  },
  {
    name: "http2",
    type: "boolean",
    help: "offer HTTP/2",
  },
  {
    name: "keep-alive",
    type: "boolean",
    default: true,
    help: "use a connection for several requests",
  },
  {
    name: "compression",
    type: "boolean",
    default: true,
    help: "ask for gzip and take it off",
  },
];

const TLS_OPTIONS: readonly OptionSpec[] = [
  {
    name: "ca",
    type: "list",
    valueName: "FILE",
    help: "trust the certificates of this file instead of the system's",
  },
  {
    name: "proxy-ca",
    type: "list",
    valueName: "FILE",
    help: "trust these for the proxy",
  },
  {
    name: "cert",
    type: "string",
    valueName: "FILE",
    help: "client certificate",
  },
  {
    name: "key",
    type: "string",
    valueName: "FILE",
    help: "key of the client certificate",
  },
  {
    name: "server-name",
    type: "string",
    valueName: "NAME",
    help: "ask for this name and check it instead of the URL's",
  },
  {
    name: "tls-min",
    type: "string",
    choices: ["1.2", "1.3"],
    default: "1.2",
    help: "lowest version of TLS",
  },
  {
    name: "insecure",
    type: "boolean",
    help: "accept any certificate",
  },
];

const TIME_OPTIONS: readonly OptionSpec[] = [
  {
    name: "timeout",
    type: "duration",
    valueName: "TIME",
    help: "for the whole request",
  },
  {
    name: "connect-timeout",
    type: "duration",
    valueName: "TIME",
    help: "for name lookup and connection",
  },
  {
    name: "tls-timeout",
    type: "duration",
    valueName: "TIME",
    help: "for a TLS handshake",
  },
  {
    name: "response-timeout",
    type: "duration",
    valueName: "TIME",
    help: "from the request to the header of the response",
  },
];

const TRACE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "headers",
    type: "string",
    choices: ["none", "names", "lengths", "values"],
    default: "lengths",
    help: "what of headers is recorded",
  },
  {
    name: "secrets",
    type: "boolean",
    help:
      "with --headers values: record logins and cookies too, which are REDACTED without",
  },
  {
    name: "sockets",
    type: "boolean",
    default: true,
    help: "record the calls on sockets",
  },
  {
    name: "conntrack",
    type: "boolean",
    help: "ask connection tracking of the kernel; needs root",
  },
  {
    name: "redact-urls",
    type: "boolean",
    help: "leave the queries of URLs out",
  },
  {
    name: "ids",
    type: "string",
    choices: ["counter", "uuid"],
    default: "counter",
    help: "kind of the trace ids",
  },
  {
    name: "description",
    type: "string",
    valueName: "TEXT",
    help: "description in the trace; method and URL without",
  },
  {
    name: "batch",
    type: "number",
    min: 1,
    valueName: "N",
    help:
      "take records to disk in batches of N, for very long traces; form is sink",
  },
];

const CAPTURE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "pcap",
    type: "list",
    valueName: "IF",
    help: "capture the packets of the request on this interface; needs root",
  },
  {
    name: "pcap-directory",
    type: "string",
    valueName: "DIR",
    default: ".",
    help: "where to write IF.pcap",
  },
  {
    name: "pcap-snaplen",
    type: "size",
    default: 1518,
    min: 64,
    max: 262_144,
    valueName: "SIZE",
    help: "bytes kept of a packet",
  },
  {
    name: "pcap-limit",
    type: "size",
    default: 1024 * 1024,
    min: 1,
    valueName: "SIZE",
    help: "bytes of packets kept per interface",
  },
  {
    name: "pcap-arp",
    type: "boolean",
    default: true,
    help: "with all ARP",
  },
  {
    name: "pcap-icmp",
    type: "boolean",
    default: true,
    help: "with all ICMP and ICMPv6",
  },
  {
    name: "pcap-payload",
    type: "boolean",
    default: true,
    help: "with TCP segments that carry payload",
  },
];

const OUTPUT_OPTIONS: readonly OptionSpec[] = [
  {
    ...OUTPUT_OPTION,
    help: "write the network trace as JSON to this file; - is standard output",
  },
  {
    ...JSON_OPTION,
    help: "the network trace on standard output instead of the waterfall",
  },
  {
    name: "form",
    type: "string",
    choices: NETWORK_TRACE_FORMS,
    help: "form of the JSON; export without, which EVE's tools read",
  },
  {
    name: "har",
    type: "string",
    valueName: "FILE",
    help: "write an HTTP archive as well",
  },
];

/** `tracedeck netdump trace`. */
export const traceCommand: Command = {
  name: "trace",
  summary: "make a request and show where its time went, step by step",
  positionals: [{ name: "URL", required: true }],
  options: [
    ...OUTPUT_OPTIONS,
    ...REQUEST_OPTIONS,
    ...NETWORK_OPTIONS,
    ...TLS_OPTIONS,
    ...TIME_OPTIONS,
    ...TRACE_OPTIONS,
    ...CAPTURE_OPTIONS,
  ],
  details:
    "Shows every DNS message, connection attempt, TLS handshake with its certificates, and each hop of redirects.\nExit code 1 means that the request failed or was answered with an error; files are written all the same, readable for their owner only.\nCredentials in URLs are never recorded; values of headers are with --headers values.\nBuilt with Deno before 2.9 it shows the server's own certificate only, unless TLS is 1.2.",
  examples: [
    ["netdump trace https://controller.example.net/", "a waterfall"],
    [
      "netdump trace https://example.net/ -o trace.json --har trace.har",
      "files for later and for other tools",
    ],
    [
      "netdump trace https://example.net/ --pcap eth0 --conntrack",
      "with its packets in ./eth0.pcap",
    ],
    [
      "netdump trace https://example.net/ --nameserver 192.0.2.53 --http2",
      "another name server, HTTP/2",
    ],
  ],
  load: () => import("./trace.ts"),
};

/**
 * Kinds of findings in the order in which faults should be looked at: what
 * comes first can be the cause of what comes later.
 */
export const FINDING_IDS = [
  "archive-damaged",
  "archive-mismatch",
  "archive-layout",
  "interface-down",
  "address-duplicate",
  "no-address",
  "no-default-route",
  "route-discards",
  "rule-empty-table",
  "conntrack-full",
  "packet-loss",
  "gateway-silent",
  "neighbour-incomplete",
  "captive-portal",
  "clock-wrong",
  "dns-no-server",
  "dns-silent",
  "dns-failure",
  "dns-search-suffix",
  "dns-no-such-name",
  "dns-answers-differ",
  "dns-server-silent",
  "proxy-unreachable",
  "proxy-refused",
  "mtu-black-hole",
  "tcp-unreachable",
  "tcp-refused",
  "tcp-unanswered",
  "tls-not-yet-valid",
  "tls-expired",
  "tls-unknown-authority",
  "tls-wrong-name",
  "tls-failed",
  "tls-stalled",
  "http-stalled",
  "http-error",
  "request-failed",
  "ipv6-broken",
  "ntp-silent",
  "clock-unsynchronized",
  "slow-first-byte",
  "retransmissions",
  "interface-errors",
  "port-error",
  "nat",
] as const;

/** What a finding is. */
export type FindingId = typeof FINDING_IDS[number];

/** What {@linkcode FINDING_TABLE} says of a kind of finding. */
export interface FindingKind {
  /** What to do about it. */
  readonly hint: string;
  /** Kinds that follow from it. */
  readonly explains?: readonly FindingId[] | undefined;
}

/** Kinds that any fault of the network's lower layers brings about. */
const ALL_ABOVE_ROUTES: readonly FindingId[] = [
  "gateway-silent",
  "neighbour-incomplete",
  "packet-loss",
  "dns-silent",
  "dns-server-silent",
  "dns-failure",
  "dns-no-server",
  "proxy-unreachable",
  "tcp-unreachable",
  "tcp-unanswered",
  "mtu-black-hole",
  "ntp-silent",
  "tls-stalled",
  "http-stalled",
  "retransmissions",
  "ipv6-broken",
  "request-failed",
];

const ALL_ABOVE_LOSS: readonly FindingId[] = [
  "dns-silent",
  "dns-failure",
  "dns-server-silent",
  "proxy-unreachable",
  "tcp-unanswered",
  "mtu-black-hole",
  "ntp-silent",
  "tls-stalled",
  "http-stalled",
  "slow-first-byte",
  "retransmissions",
  "ipv6-broken",
  "gateway-silent",
  "neighbour-incomplete",
  "request-failed",
];

/** What is to be done about each kind, and what follows from it. */
export const FINDING_TABLE: Readonly<Record<FindingId, FindingKind>> = {
  "archive-damaged": {
    hint: "fetch the archive again; what follows is about what is left of it",
  },
  "archive-mismatch": {
    hint: "somebody or something changed the archive after it was published",
  },
  "archive-layout": { hint: "check by hand what the archive is" },
  "interface-down": {
    hint: "switch the interface on, or look at cable, switch port or modem",
    explains: [
      "no-address",
      "no-default-route",
      "rule-empty-table",
      ...ALL_ABOVE_ROUTES,
    ],
  },
  "address-duplicate": {
    hint: "find the other device that has this address",
    explains: ALL_ABOVE_ROUTES,
  },
  "no-address": {
    hint: "look at the DHCP client and server, or configure an address",
    explains: ["no-default-route", "rule-empty-table", ...ALL_ABOVE_ROUTES],
  },
  "no-default-route": {
    hint: "look at the lease's routers, or configure a default route",
    explains: ALL_ABOVE_ROUTES,
  },
  "route-discards": {
    hint: "remove the route or rule that discards packets",
    explains: ALL_ABOVE_ROUTES,
  },
  "rule-empty-table": {
    hint: "fill the table, or remove the rule that points to it",
  },
  "conntrack-full": {
    hint:
      "raise net.netfilter.nf_conntrack_max, or find out who makes so many connections",
    explains: ALL_ABOVE_ROUTES,
  },
  "packet-loss": {
    hint: "look at radio signal, cable, duplex and load of the link",
    explains: ALL_ABOVE_LOSS,
  },
  "gateway-silent": {
    hint: "look at the router and at the network between it and the device",
    explains: ALL_ABOVE_ROUTES.filter((id) =>
      id !== "gateway-silent" && id !== "packet-loss"
    ),
  },
  "neighbour-incomplete": {
    hint: "the device does not answer on this link: is it on, is it the VLAN?",
    explains: [
      "tcp-unanswered",
      "tcp-unreachable",
      "dns-silent",
      "dns-server-silent",
      "proxy-unreachable",
      "request-failed",
    ],
  },
  "captive-portal": {
    hint: "log in to the network's portal with a browser",
    explains: ["tls-unknown-authority", "tls-wrong-name", "request-failed"],
  },
  "clock-wrong": {
    hint: "set the clock; look at the time service and the clock's battery",
    explains: ["tls-expired", "tls-not-yet-valid", "clock-unsynchronized"],
  },
  "dns-no-server": {
    hint: "look at /etc/resolv.conf and at the lease's name servers",
    explains: ["dns-silent", "dns-server-silent", "request-failed"],
  },
  "dns-silent": {
    hint:
      "look at the name servers and at what filters UDP and TCP port 53 on the way",
    explains: ["dns-server-silent", "request-failed", "ntp-silent"],
  },
  "dns-failure": {
    hint: "ask the operator of the name server; try another one",
    explains: ["request-failed"],
  },
  "dns-search-suffix": {
    hint:
      "correct the search list, or write the whole name with a dot at the end",
    explains: ["dns-no-such-name", "request-failed"],
  },
  "dns-no-such-name": {
    hint: "check the name, and whether this name server may know it",
    explains: ["request-failed"],
  },
  "dns-answers-differ": {
    hint: "find out which server is right; one may be of another network",
  },
  "dns-server-silent": {
    hint: "remove the name server that does not answer: it delays every lookup",
    explains: [],
  },
  "proxy-unreachable": {
    hint: "check the proxy's address and that it runs",
    explains: ["request-failed"],
  },
  "proxy-refused": {
    hint: "ask the proxy's operator to allow the target, or set credentials",
    explains: ["request-failed"],
  },
  "mtu-black-hole": {
    hint:
      'let ICMP "packet too big" pass, or lower the MTU of the interface or clamp the MSS',
    explains: [
      "tls-stalled",
      "http-stalled",
      "retransmissions",
      "request-failed",
      "slow-first-byte",
    ],
  },
  "tcp-unreachable": {
    hint:
      "a router on the way says that it knows no way: look at routing there",
    explains: ["request-failed"],
  },
  "tcp-refused": {
    hint: "the host is there, the service is not: does it run, is it the port?",
    explains: ["request-failed"],
  },
  "tcp-unanswered": {
    hint: "a firewall on the way, or at the target, drops the packets",
    explains: ["request-failed"],
  },
  "tls-not-yet-valid": {
    hint: "check the device's clock against the certificate's dates",
    explains: ["request-failed"],
  },
  "tls-expired": {
    hint: "renew the certificate; check the device's clock as well",
    explains: ["request-failed"],
  },
  "tls-unknown-authority": {
    hint:
      "a proxy may intercept TLS: install its authority, or have the target exempted",
    explains: ["request-failed"],
  },
  "tls-wrong-name": {
    hint: "the name leads to another server, or the certificate lacks the name",
    explains: ["request-failed"],
  },
  "tls-failed": {
    hint: "compare versions, ciphers and client certificates of both sides",
    explains: ["request-failed"],
  },
  "tls-stalled": {
    hint: "something on the way swallows TLS: a firewall, or packets too large",
    explains: ["request-failed"],
  },
  "http-stalled": {
    hint: "the server took the request and does not answer: look at the server",
    explains: ["request-failed"],
  },
  "http-error": { hint: "the network is fine: look at the server" },
  "request-failed": { hint: "look at the request's trace" },
  "ipv6-broken": {
    hint:
      "repair IPv6 towards the target, or do not announce it: every connection is delayed",
  },
  "ntp-silent": {
    hint: "look at what filters UDP port 123, or name another time server",
  },
  "clock-unsynchronized": { hint: "start a time service" },
  "slow-first-byte": { hint: "look at the server's load" },
  "retransmissions": { hint: "packets get lost on the way: look at the link" },
  "interface-errors": { hint: "look at cable, duplex and driver" },
  "port-error": { hint: "look at the port's configuration" },
  "nat": { hint: "addresses that the target sees are not the device's" },
};

/**
 * Network diagnostics archives: gathering and publishing them, reading those of
 * EVE and our own, finding out what was wrong, taking secrets out; and the
 * network tracer.
 *
 * @example What was wrong, by a dump
 * ```ts
 * import {
 *   checkNetdump,
 *   loadNetdump,
 *   NetDumper,
 * } from "@tracedeck/tracedeck/netdump";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const dumper = new NetDumper({ directory, maxDumpsPerTopic: 10 });
 * const path = await dumper.publish("example-fail", [{
 *   requestName: "ping",
 *   netTrace: new TextEncoder().encode(JSON.stringify({
 *     traceBeginAt: "2026-11-20T23:34:32Z",
 *     dials: [{ traceID: "1", dstAddress: "example.net:443" }],
 *     httpRequests: [{
 *       traceID: "2",
 *       reqURL: "https://example.net/",
 *       reqError: "dial tcp 192.0.2.1:443: connect: connection refused",
 *     }],
 *   })),
 *   result: "fail",
 * }]);
 *
 * using file = await Deno.open(path);
 * const findings = checkNetdump(await loadNetdump(file.readable));
 * const [first] = findings;
 * assertEquals(first?.id, "tcp-refused");
 * await Deno.remove(directory, { recursive: true });
 * ```
 *
 * @module
 */

export * from "./capture/capture_filter_encoder.ts";
export * from "./capture/capture_history.ts";
export * from "./capture/capture_pcap.ts";
export * from "./capture/captured_interface.ts";
export * from "./capture/client_hello_decoder.ts";
export * from "./capture/link_type_table.ts";
export * from "./capture/packet_capture.ts";
export * from "./capture/packet_flow_decoder.ts";
export * from "./capture/packet_matcher.ts";
export * from "./check/capture_facts.ts";
export * from "./check/check_archive.ts";
export * from "./check/finding.ts";
export * from "./check/finding_table.ts";
export * from "./check/order_findings.ts";
export * from "./check/render_findings.ts";
export * from "./collect/collect_kit.ts";
export * from "./collect/describe_limits.ts";
export * from "./collect/linux_collector.ts";
export * from "./collect/trace_target.ts";
export * from "./default_publish_directory.ts";
export * from "./diagnose_trace.ts";
export * from "./diff_netdumps.ts";
export * from "./diff_traces.ts";
export * from "./dump_entry.ts";
export * from "./dump_name.ts";
export * from "./dump_store.ts";
export * from "./entry_path.ts";
export * from "./extract_netdump.ts";
export * from "./host_facts.ts";
export * from "./json_number.ts";
export * from "./manifest.ts";
export * from "./merge_captures.ts";
export * from "./net_dumper.ts";
export * from "./netdump_archive.ts";
export * from "./netdump_limits.ts";
export * from "./netdump_timeline.ts";
export * from "./nettrace_check.ts";
export * from "./nettrace_decoder.ts";
export * from "./nettrace_encoder.ts";
export * from "./nettrace_enum_table.ts";
export * from "./nettrace_field_table.ts";
export * from "./nettrace_har_encoder.ts";
export * from "./nettrace_redact_url.ts";
export * from "./nettrace_stages.ts";
export * from "./nettrace_time.ts";
export * from "./nettrace_timeline.ts";
export * from "./nettrace_types.ts";
export * from "./packet_decoder.ts";
export * from "./prepare_publish_directory.ts";
export * from "./probe/ping.ts";
export * from "./probe/probe_connect.ts";
export * from "./probe/probe_dns.ts";
export * from "./probe/probe_gateways.ts";
export * from "./probe/probe_ntp.ts";
export * from "./probe/probe_path.ts";
export * from "./probe/probe_portal.ts";
export * from "./probe/probes_json.ts";
export * from "./probe/types.ts";
export * from "./read_netdump.ts";
export * from "./redact/create_redactor.ts";
export * from "./redact/pseudonym_file.ts";
export * from "./redact/pseudonyms.ts";
export * from "./redact/redact_capture.ts";
export * from "./redact/redact_netdump.ts";
export * from "./redact/redaction_rule_table.ts";
export * from "./redact/redactor.ts";
export * from "./render_waterfall.ts";
export * from "./report_netdump.ts";
export * from "./report_trace.ts";
export * from "./search_netdump.ts";
export * from "./sniff_netdump.ts";
export * from "./state/archive_state.ts";
export * from "./state/eve_ports.ts";
export * from "./state/network_state_json.ts";
export * from "./state/parse_arp.ts";
export * from "./state/parse_ifconfig.ts";
export * from "./state/parse_ip_json.ts";
export * from "./state/parse_ip_link.ts";
export * from "./state/parse_ip_route.ts";
export * from "./state/parse_ip_rule.ts";
export * from "./state/parse_lease.ts";
export * from "./state/parse_proc_net.ts";
export * from "./state/read_network_state.ts";
export * from "./state/read_rtnetlink.ts";
export * from "./state/rtnetlink_decoder.ts";
export * from "./state/types.ts";
export * from "./traced_net_request.ts";
export * from "./tracer/address_order.ts";
export * from "./tracer/certificate_decoder.ts";
export * from "./tracer/conntrack_decoder.ts";
export * from "./tracer/conntrack_encoder.ts";
export * from "./tracer/conntrack_source.ts";
export * from "./tracer/distinguished_name_decoder.ts";
export * from "./tracer/dns_decoder.ts";
export * from "./tracer/dns_encoder.ts";
export * from "./tracer/dns_name.ts";
export * from "./tracer/hosts_file.ts";
export * from "./tracer/http1_response_decoder.ts";
export * from "./tracer/network_tracer.ts";
export * from "./tracer/nsswitch_conf.ts";
export * from "./tracer/pem.ts";
export * from "./tracer/request_error.ts";
export * from "./tracer/resolv_conf.ts";
export * from "./tracer/resolver_config_source.ts";
export * from "./tracer/tls_errors.ts";
export * from "./tracer/tls_table.ts";
export * from "./tracer/trace_clock.ts";
export * from "./tracer/trace_id.ts";
export * from "./tracer/trace_spill.ts";
export * from "./tracer/traced_request.ts";
export * from "./tracer/tracer_host.ts";
export * from "./tracer/tracer_options.ts";
export * from "./tracer/user_agent.ts";
export * from "./watch_schedule.ts";

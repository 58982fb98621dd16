/**
 * A stand-in for a .NET process, for tests of what talks to one.
 *
 * @example A session without a process
 * ```ts ignore
 * import { DiagnosticClient } from "@tracedeck/tracedeck/eventpipe";
 * import { DiagnosticServerDouble } from "@tracedeck/tracedeck/eventpipe/testing";
 *
 * await using server = await DiagnosticServerDouble.listen("/tmp/double.sock");
 * const client = DiagnosticClient.forPort(`${server.path},connect`);
 * const { clrVersion } = await client.processInfo();
 * ```
 *
 * @module
 */

export * from "./ipc/server_double.ts";

/** Names of the providers that the runtime itself has, and of those that its libraries bring. */
export const PROVIDER_NAME = {
  runtime: "Microsoft-Windows-DotNETRuntime",
  rundown: "Microsoft-Windows-DotNETRuntimeRundown",
  private: "Microsoft-Windows-DotNETRuntimePrivate",
  stress: "Microsoft-Windows-DotNETRuntimeStress",
  sampleProfiler: "Microsoft-DotNETCore-SampleProfiler",
  eventPipe: "Microsoft-DotNETCore-EventPipe",
  tasks: "System.Threading.Tasks.TplEventSource",
  framework: "System.Diagnostics.Eventing.FrameworkEventSource",
  metrics: "System.Diagnostics.Metrics",
  diagnosticSource: "Microsoft-Diagnostics-DiagnosticSource",
  logging: "Microsoft-Extensions-Logging",
  universalSystem: "Universal.System",
  universalEvents: "Universal.Events",
} as const;

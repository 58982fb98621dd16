using System;
using System.Diagnostics.Tracing;

namespace Tracedeck.Workload;

/// <summary>One counter of each of the four event counter types, provider <c>Tracedeck-Workload-Counters</c>.</summary>
[EventSource(Name = "Tracedeck-Workload-Counters")]
internal sealed class WorkloadCounters : EventSource
{
    internal static readonly WorkloadCounters Log = new();

    private EventCounter? _size;
    private PollingCounter? _depth;
    private IncrementingEventCounter? _orders;
    private IncrementingPollingCounter? _turns;
    private double _totalTurns;

    private WorkloadCounters()
    {
    }

    /// <summary>Adds one order of a size: sizes go 10, 20, 30, 10, …</summary>
    [NonEvent]
    internal void Add(int round)
    {
        _size?.WriteMetric(10 * (1 + (round % 3)));
        _orders?.Increment(2);
        _totalTurns += 0.5;
    }

    [NonEvent]
    protected override void OnEventCommand(EventCommandEventArgs command)
    {
        if (command.Command != EventCommand.Enable)
        {
            return;
        }

        _size ??= new EventCounter("order-size", this) { DisplayName = "Order size", DisplayUnits = "items" };
        _depth ??= new PollingCounter("queue-depth", this, () => 7) { DisplayName = "Queue depth" };
        _orders ??= new IncrementingEventCounter("orders", this)
        {
            DisplayName = "Orders",
            DisplayRateTimeScale = TimeSpan.FromMinutes(1),
        };
        _turns ??= new IncrementingPollingCounter("turns", this, () => _totalTurns) { DisplayName = "Turns", DisplayUnits = "turns" };
        _turns.AddMetadata("shape", "round");
    }
}

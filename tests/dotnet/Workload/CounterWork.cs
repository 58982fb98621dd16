using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Threading;

namespace Tracedeck.Workload;

/// <summary>Event counters and metrics instruments that move by known amounts.</summary>
/// <remarks>
/// One round takes 10 ms and moves, besides <see cref="WorkloadCounters.Add"/>, the instruments of
/// meter <c>Tracedeck.Workload</c> version 1.2.3 (meter tag <c>site=north</c>):
/// <code>
/// orders       Counter{long}               +1 colour=red, +2 colour=blue
/// open         UpDownCounter{int}          +1 and -1 in turn
/// temperature  Gauge{double}               20.5
/// latency      Histogram{double}, ms       1, 2, 3, … 10, 1, … with route=/a, code=200
/// handled      ObservableCounter{long}     the rounds so far
/// waiting      ObservableGauge{int}        5 for queue=fast, 9 for queue=slow
/// balance      ObservableUpDownCounter     -3
/// </code>
/// </remarks>
internal static class CounterWork
{
    internal static string Run(int rounds, CancellationToken stop)
    {
        using Meter meter = new(new MeterOptions("Tracedeck.Workload")
        {
            Version = "1.2.3",
            Tags = [new("site", "north")],
        });
        int done = 0;
        Counter<long> orders = meter.CreateCounter<long>("orders", "{order}", "Orders taken");
        UpDownCounter<int> open = meter.CreateUpDownCounter<int>("open", "{order}", "Orders in work");
        Gauge<double> temperature = meter.CreateGauge<double>("temperature", "Cel", "Room temperature");
        Histogram<double> latency = meter.CreateHistogram<double>("latency", "ms", "Time to an answer");
        meter.CreateObservableCounter("handled", () => (long)Volatile.Read(ref done), "{round}", "Rounds so far");
        meter.CreateObservableGauge("waiting", Waiting, "{order}", "Orders that wait");
        meter.CreateObservableUpDownCounter("balance", () => -3, null, "A value below zero");

        KeyValuePair<string, object?> red = new("colour", "red");
        KeyValuePair<string, object?> blue = new("colour", "blue");
        KeyValuePair<string, object?> route = new("route", "/a");
        KeyValuePair<string, object?> code = new("code", 200);
        while (!stop.IsCancellationRequested && (rounds == 0 || done < rounds))
        {
            WorkloadCounters.Log.Add(done);
            orders.Add(1, red);
            orders.Add(2, blue);
            open.Add(done % 2 == 0 ? 1 : -1);
            temperature.Record(20.5);
            latency.Record(1 + (done % 10), route, code);
            Interlocked.Increment(ref done);
            stop.WaitHandle.WaitOne(10);
        }

        return $"counterRounds={done}";
    }

    private static IEnumerable<Measurement<int>> Waiting()
    {
        yield return new Measurement<int>(5, new KeyValuePair<string, object?>("queue", "fast"));
        yield return new Measurement<int>(9, new KeyValuePair<string, object?>("queue", "slow"));
    }
}

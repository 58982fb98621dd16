using System;
using System.Threading;

namespace Tracedeck.Workload;

/// <summary>A known number of events of the program's own providers.</summary>
/// <remarks>
/// First, once, on the calling thread: <c>Scalars</c>, <c>Texts</c>, <c>Bytes</c>, <c>Nothing</c>,
/// <c>Widened</c>, <c>RequestStart</c> and <c>RequestStop</c> twice, one inside the other, and of the
/// shaped events <c>Order</c>, <c>Basket</c>, <c>Shape</c> twice, <c>Empty</c>, <c>Arrays</c>: 15 events.
/// Then THREADS threads named
/// <c>workload-events-0</c> and up write ROUNDS <c>Tick</c> events each, as fast as they can;
/// <c>index</c> counts from 0 on each thread and <c>total</c> is the square of it.
/// </remarks>
internal static class EventWork
{
    internal static string Run(int rounds, int threads, CancellationToken stop)
    {
        WriteOneOfEach();
        long written = 0;
        Thread[] writers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            writers[i] = new Thread(() =>
            {
                long mine = 0;
                while (!stop.IsCancellationRequested && (rounds == 0 || mine < rounds))
                {
                    WorkloadEvents.Log.Tick(mine, mine * mine);
                    mine++;
                }

                Interlocked.Add(ref written, mine);
            })
            {
                Name = $"workload-events-{i}",
            };
            writers[i].Start();
        }

        foreach (Thread writer in writers)
        {
            writer.Join();
        }

        return $"ticks={written}";
    }

    private static void WriteOneOfEach()
    {
        WorkloadEvents log = WorkloadEvents.Log;
        log.Scalars(
            true, 255, -128, -32768, 65535, -2147483648, 4294967295, long.MinValue, ulong.MaxValue,
            0.5f, -1.25e-300, 'x', "text", new Guid("00112233-4455-6677-8899-aabbccddeeff"),
            new DateTime(2024, 2, 29, 12, 30, 15, DateTimeKind.Utc), Colour.Blue, 0x12345678);
        log.Texts("plain", "\u00fcber \u4e16\u754c \ud83d\ude00", null);
        log.Bytes(5, [0, 1, 2, 254, 255]);
        log.Nothing();
        log.Widened(3, 4);
        log.RequestStart("/outer");
        log.RequestStart("/outer/inner");
        log.RequestStop(404);
        log.RequestStop(200);
        ShapedEvents.Order(1);
        ShapedEvents.Basket();
        ShapedEvents.TwoShapes();
        ShapedEvents.Arrays();
    }
}

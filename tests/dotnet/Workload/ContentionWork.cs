using System.Threading;

namespace Tracedeck.Workload;

/// <summary>Threads that wait for each other's locks.</summary>
/// <remarks>
/// THREADS threads named <c>workload-lock-0</c> and up start together; each takes a monitor and a
/// <see cref="Lock"/> ROUNDS times and holds each for a millisecond or more.
/// </remarks>
internal static class ContentionWork
{
    private static readonly object s_monitor = new();

    private static readonly Lock s_lock = new();

    internal static string Run(int rounds, int threads, CancellationToken stop)
    {
        using Barrier together = new(threads);
        int taken = 0;
        Thread[] workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            workers[i] = new Thread(() =>
            {
                together.SignalAndWait();
                int mine = 0;
                while (!stop.IsCancellationRequested && (rounds == 0 || mine < rounds))
                {
                    HoldMonitor();
                    HoldLock();
                    mine++;
                }

                Interlocked.Add(ref taken, mine);
            })
            {
                Name = $"workload-lock-{i}",
            };
            workers[i].Start();
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        return $"lockRounds={taken}";
    }

    private static void HoldMonitor()
    {
        lock (s_monitor)
        {
            Thread.Sleep(1);
        }
    }

    private static void HoldLock()
    {
        lock (s_lock)
        {
            Thread.Sleep(1);
        }
    }
}

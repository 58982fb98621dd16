using System.Threading;
using System.Threading.Tasks;

namespace Tracedeck.Workload;

/// <summary>Thread pool items, tasks, awaits and a timer.</summary>
/// <remarks>One round queues 8 pool items, runs 4 tasks that each await twice, and lets a timer fire once.</remarks>
internal static class TaskWork
{
    internal static string Run(int rounds, CancellationToken stop)
    {
        int done = 0;
        int items = 0;
        while (!stop.IsCancellationRequested && (rounds == 0 || done < rounds))
        {
            using CountdownEvent queued = new(9);
            for (int i = 0; i < 8; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static state => state.Signal(), queued, preferLocal: false);
            }

            using Timer timer = new(static state => ((CountdownEvent)state!).Signal(), queued, 2, Timeout.Infinite);
            Task<int>[] tasks = new Task<int>[4];
            for (int i = 0; i < tasks.Length; i++)
            {
                int number = i;
                tasks[i] = Task.Run(() => StepAsync(number), CancellationToken.None);
            }

            items += Task.WhenAll(tasks).GetAwaiter().GetResult().Length;
            queued.Wait(CancellationToken.None);
            items += 9;
            done++;
        }

        return $"taskRounds={done} items={items}";
    }

    private static async Task<int> StepAsync(int number)
    {
        await Task.Yield();
        await Task.Delay(1);
        return number;
    }
}

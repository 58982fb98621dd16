using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading;

namespace Tracedeck.Workload;

/// <summary>
/// A program with known behaviour, to be recorded and to be attached to.
/// </summary>
/// <remarks>
/// <code>
/// Workload MODE [ROUNDS] [THREADS] [--seconds S] [--gate]
/// </code>
/// It prints <c>ready pid=… mode=… runtime=…</c>, works until ROUNDS are done or S seconds
/// are over, prints <c>done mode=… key=value …</c> and exits with 0. SIGINT and SIGTERM end
/// the work in the same orderly way. With <c>--gate</c> it waits for a line on standard input
/// between <c>ready</c> and the work, and for a second one between the work and the exit, so
/// that a session can be started before the first event and stopped after the last one.
/// </remarks>
internal static class Program
{
    private const string Usage =
        "usage: Workload cpu|alloc|exceptions|contention|tasks|events|counters|idle|all "
        + "[ROUNDS] [THREADS] [--seconds S] [--gate]";

    private static int Main(string[] arguments)
    {
        if (!TryParse(arguments, out Request request))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        Thread.CurrentThread.Name = "workload-main";
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);

        WriteLine($"ready pid={Environment.ProcessId} mode={request.Mode} runtime={Environment.Version}");
        if (request.Gate)
        {
            Console.In.ReadLine();
        }

        Stopwatch clock = Stopwatch.StartNew();
        stop.CancelAfter(TimeSpan.FromSeconds(request.Seconds));
        string totals = Run(request, stop.Token);
        WriteLine($"done mode={request.Mode} {totals} ms={clock.ElapsedMilliseconds}");
        if (request.Gate)
        {
            Console.In.ReadLine();
        }

        return 0;

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static string Run(Request request, CancellationToken stop)
    {
        int rounds = request.Rounds;
        int threads = request.Threads;
        return request.Mode switch
        {
            "cpu" => CpuWork.Run(rounds, stop),
            "alloc" => AllocationWork.Run(rounds, stop),
            "exceptions" => ExceptionWork.Run(rounds, stop),
            "contention" => ContentionWork.Run(rounds, threads, stop),
            "tasks" => TaskWork.Run(rounds, stop),
            "events" => EventWork.Run(rounds, threads, stop),
            "counters" => CounterWork.Run(rounds, stop),
            "all" => RunAll(rounds, threads, stop),
            _ => Idle(stop),
        };
    }

    /// <summary>Processor work on the main thread until the time is over; all else beside it, a bounded number of rounds each.</summary>
    private static string RunAll(int rounds, int threads, CancellationToken stop)
    {
        int beside = rounds == 0 ? 4 : rounds;
        string[] totals = new string[6];
        Thread[] workers =
        [
            Start("workload-alloc", () => totals[0] = AllocationWork.Run(beside, stop)),
            Start("workload-exceptions", () => totals[1] = ExceptionWork.Run(beside, stop)),
            Start("workload-contention", () => totals[2] = ContentionWork.Run(beside, threads, stop)),
            Start("workload-tasks", () => totals[3] = TaskWork.Run(beside, stop)),
            Start("workload-events", () => totals[4] = EventWork.Run(beside, threads, stop)),
            Start("workload-counters", () => totals[5] = CounterWork.Run(0, stop)),
        ];
        string cpu = CpuWork.Run(0, stop);
        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        return cpu + " " + string.Join(' ', totals);
    }

    private static string Idle(CancellationToken stop)
    {
        stop.WaitHandle.WaitOne();
        return "idle=1";
    }

    private static Thread Start(string name, ThreadStart body)
    {
        Thread thread = new(body) { Name = name };
        thread.Start();
        return thread;
    }

    private static void WriteLine(FormattableString text)
    {
        Console.Out.WriteLine(FormattableString.Invariant(text));
        Console.Out.Flush();
    }

    private static bool TryParse(string[] arguments, out Request request)
    {
        request = new Request("", 0, 2, 30, false);
        List<string> positional = [];
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--gate")
            {
                request = request with { Gate = true };
            }
            else if (arguments[i] == "--seconds")
            {
                string text = i + 1 < arguments.Length ? arguments[++i] : "";
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
                    || seconds is not (> 0 and <= 3600))
                {
                    return false;
                }

                request = request with { Seconds = seconds };
            }
            else
            {
                positional.Add(arguments[i]);
            }
        }

        if (positional.Count is 0 or > 3 || Array.IndexOf(Request.Modes, positional[0]) < 0)
        {
            return false;
        }

        int rounds = 0;
        int threads = request.Threads;
        if (positional.Count > 1 && (!int.TryParse(positional[1], out rounds) || rounds < 0))
        {
            return false;
        }

        if (positional.Count > 2 && (!int.TryParse(positional[2], out threads) || threads is < 1 or > 64))
        {
            return false;
        }

        request = request with { Mode = positional[0], Rounds = rounds, Threads = threads };
        return true;
    }

    /// <param name="Mode">What to do.</param>
    /// <param name="Rounds">How often; 0 means until the time is over.</param>
    /// <param name="Threads">On how many threads, in the modes that have several; 1 to 64.</param>
    /// <param name="Seconds">After how many seconds to end at the latest; up to 3600, so that no forgotten process stays.</param>
    /// <param name="Gate">Whether to wait for a line on standard input before and after the work.</param>
    private sealed record Request(string Mode, int Rounds, int Threads, double Seconds, bool Gate)
    {
        internal static readonly string[] Modes =
            ["cpu", "alloc", "exceptions", "contention", "tasks", "events", "counters", "idle", "all"];
    }
}

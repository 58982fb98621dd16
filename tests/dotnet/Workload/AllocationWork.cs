using System;
using System.Collections.Generic;
using System.Threading;

namespace Tracedeck.Workload;

/// <summary>Allocations of several types and sizes, and a heap of known shape that stays.</summary>
/// <remarks>
/// Stays reachable from the static field <c>s_shelf</c> as soon as the mode has begun: one
/// <see cref="Shelf"/> with an array of 64 <see cref="Crate"/>; each crate has a <c>byte[1000]</c>
/// and the next crate (the last one has the first: a cycle). Each round allocates 2,000 strings,
/// 2,000 boxed integers, 200 <c>byte[1024]</c>, 2 <c>double[20000]</c> (large object heap), one
/// pinned <c>byte[4096]</c> and 10 finalizable objects, all garbage at once, then asks for a
/// collection: generation 0, 1, 2 in turn.
/// </remarks>
internal static class AllocationWork
{
    private static Shelf? s_shelf;

    internal static string Run(int rounds, CancellationToken stop)
    {
        s_shelf ??= Shelf.Create(64);
        int done = 0;
        while (!stop.IsCancellationRequested && (rounds == 0 || done < rounds))
        {
            Round(done);
            done++;
            stop.WaitHandle.WaitOne(10);
        }

        GC.KeepAlive(s_shelf);
        return $"allocRounds={done}";
    }

    private static void Round(int round)
    {
        List<object> garbage = new(4500);
        for (int i = 0; i < 2000; i++)
        {
            garbage.Add(new string('x', 16));
            garbage.Add(i);
        }

        for (int i = 0; i < 200; i++)
        {
            garbage.Add(new byte[1024]);
        }

        garbage.Add(new double[20_000]);
        garbage.Add(new double[20_000]);
        garbage.Add(GC.AllocateUninitializedArray<byte>(4096, pinned: true));
        for (int i = 0; i < 10; i++)
        {
            garbage.Add(new Finalizable());
        }

        garbage.Clear();
        GC.Collect(round % 3, GCCollectionMode.Forced, blocking: true);
    }

    private sealed class Shelf(Crate[] crates)
    {
        internal readonly Crate[] Crates = crates;

        internal static Shelf Create(int count)
        {
            Crate[] crates = new Crate[count];
            for (int i = 0; i < count; i++)
            {
                crates[i] = new Crate(i);
            }

            for (int i = 0; i < count; i++)
            {
                crates[i].Next = crates[(i + 1) % count];
            }

            return new Shelf(crates);
        }
    }

    private sealed class Crate(int number)
    {
        internal readonly int Number = number;
        internal readonly byte[] Content = new byte[1000];
        internal Crate? Next;
    }

    private sealed class Finalizable
    {
        private static int s_finalized;

        ~Finalizable()
        {
            Interlocked.Increment(ref s_finalized);
        }
    }
}

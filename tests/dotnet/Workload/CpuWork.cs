using System;
using System.Runtime.CompilerServices;
using System.Threading;

namespace Tracedeck.Workload;

/// <summary>Processor work whose split over methods is known.</summary>
/// <remarks>
/// One round of <see cref="Outer"/> is 16 equal units of arithmetic. Expected share of the
/// processor time of <see cref="Outer"/>, with everything below a method counted (inclusive) and
/// with only the method itself counted (exclusive):
/// <code>
/// Outer                    100.00 %    6.25 %   16 units, 1 of them in its own body
///   Half                    50.00 %   12.50 %    8 units, 2 of them in its own body
///     Inner                 37.50 %   37.50 %    6 units
///   Quarter                 25.00 %    0.00 %    4 units, all of them below
///     Box`1.Turn            25.00 %   25.00 %    4 units, in a generic type
///   Eighth                  12.50 %    0.00 %    2 units, all of them below
///     (a lambda)            12.50 %   12.50 %    2 units
///   Down x 25                6.25 %    6.25 %    1 unit at the end of 25 nested calls
/// </code>
/// No method is inlined, and each is compiled once and fully, so that the shares do not move
/// while the program warms up.
/// </remarks>
internal static class CpuWork
{
    private const MethodImplOptions Plain = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    private const int StepsPerUnit = 100_000;

    private static readonly Func<ulong, ulong> s_twoUnits = TwoUnits();

    internal static string Run(int rounds, CancellationToken stop)
    {
        int done = 0;
        ulong state = 1;
        while (!stop.IsCancellationRequested && (rounds == 0 || done < rounds))
        {
            state = Outer(state);
            done++;
        }

        GC.KeepAlive(state);
        return $"cpuRounds={done}";
    }

    [MethodImpl(Plain)]
    internal static ulong Outer(ulong state)
    {
        state = Half(state);
        state = Quarter(state);
        state = Eighth(state);
        state = Down(state, 24);
        return Work(state, 1);
    }

    [MethodImpl(Plain)]
    private static ulong Half(ulong state)
    {
        state = Inner(state);
        return Work(state, 2);
    }

    [MethodImpl(Plain)]
    private static ulong Inner(ulong state)
    {
        return Work(state, 6);
    }

    [MethodImpl(Plain)]
    private static ulong Quarter(ulong state)
    {
        return new Box<int>().Turn(state) ^ 1;
    }

    [MethodImpl(Plain)]
    private static ulong Eighth(ulong state)
    {
        return s_twoUnits(state) ^ 1;
    }

    [MethodImpl(Plain)]
    private static ulong Down(ulong state, int levels)
    {
        return levels == 0 ? Work(state, 1) : Down(state, levels - 1) ^ 1;
    }

    private static Func<ulong, ulong> TwoUnits()
    {
        return [MethodImpl(Plain)] (state) => Work(state, 2);
    }

    /// <summary>The arithmetic itself; it has no frame of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Work(ulong state, int units)
    {
        for (int i = units * StepsPerUnit; i > 0; i--)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
        }

        return state;
    }

    private readonly struct Box<T>
        where T : struct
    {
        [MethodImpl(Plain)]
        internal ulong Turn(ulong state)
        {
            return Work(state, 4);
        }
    }
}

using System;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Tracedeck.Workload;

/// <summary>Exceptions that are thrown and caught in every usual way.</summary>
/// <remarks>
/// Thrown in one round: 10, of which 9 are new and one is thrown on with <c>throw;</c>, for which
/// .NET 9 and later have no event.
/// <code>
/// Caught       1   InvalidOperationException "caught 0"
/// Nested       2   FormatException, then WorkloadException with it inside
/// Rethrown     2   ArgumentException, thrown on by the handler
/// Filtered     1   TimeoutException, taken by the second of two filters
/// WithFinally  1   NotSupportedException, passes a finally block
/// InCatch      2   KeyNotFoundException; the handler throws and catches an OverflowException
/// Awaited      1   WorkloadException of a task that has failed without a throw, thrown by the wait
/// </code>
/// </remarks>
internal static class ExceptionWork
{
    internal static string Run(int rounds, CancellationToken stop)
    {
        int done = 0;
        int caught = 0;
        while (!stop.IsCancellationRequested && (rounds == 0 || done < rounds))
        {
            caught += Caught(done) + Nested() + Rethrown() + Filtered() + WithFinally() + InCatch() + Awaited();
            done++;
            stop.WaitHandle.WaitOne(5);
        }

        return $"exceptionRounds={done} thrown={caught}";
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Caught(int round)
    {
        try
        {
            throw new InvalidOperationException($"caught {round}");
        }
        catch (InvalidOperationException)
        {
            return 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Nested()
    {
        try
        {
            try
            {
                throw new FormatException("inner");
            }
            catch (FormatException inner)
            {
                throw new WorkloadException("outer", inner);
            }
        }
        catch (WorkloadException)
        {
            return 2;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Rethrown()
    {
        try
        {
            try
            {
                throw new ArgumentException("rethrown");
            }
            catch (ArgumentException)
            {
                throw;
            }
        }
        catch (ArgumentException)
        {
            return 2;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Filtered()
    {
        try
        {
            throw new TimeoutException("filtered");
        }
        catch (TimeoutException e) when (e.Message.Length == 0)
        {
            return 0;
        }
        catch (TimeoutException e) when (e.Message.Length > 0)
        {
            return 1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int WithFinally()
    {
        int passed = 0;
        try
        {
            try
            {
                throw new NotSupportedException("finally");
            }
            finally
            {
                passed = 1;
            }
        }
        catch (NotSupportedException)
        {
            return passed;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int InCatch()
    {
        try
        {
            throw new System.Collections.Generic.KeyNotFoundException("first");
        }
        catch (System.Collections.Generic.KeyNotFoundException)
        {
            try
            {
                throw new OverflowException("second");
            }
            catch (OverflowException)
            {
                return 2;
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Awaited()
    {
        Task failed = Task.FromException(new WorkloadException("awaited", null));
        try
        {
            failed.GetAwaiter().GetResult();
            return 0;
        }
        catch (WorkloadException)
        {
            return 1;
        }
    }

    private sealed class WorkloadException(string message, Exception? inner) : Exception(message, inner);
}

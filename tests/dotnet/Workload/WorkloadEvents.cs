using System;
using System.Diagnostics.Tracing;

namespace Tracedeck.Workload;

/// <summary>The typed events of the workload, provider <c>Tracedeck-Workload</c>.</summary>
[EventSource(Name = "Tracedeck-Workload")]
internal sealed class WorkloadEvents : EventSource
{
    internal static readonly WorkloadEvents Log = new();

    private WorkloadEvents()
    {
    }

    [Event(1, Level = EventLevel.Informational, Keywords = Keywords.Ticks, Message = "tick {0}")]
    internal void Tick(long index, long total)
    {
        WriteEvent(1, index, total);
    }

    /// <summary>One of each scalar type that an event can have.</summary>
    [Event(2, Level = EventLevel.Informational, Keywords = Keywords.Types, Version = 3)]
    internal void Scalars(
        bool flag, byte u8, sbyte i8, short i16, ushort u16, int i32, uint u32, long i64, ulong u64,
        float f32, double f64, char letter, string text, Guid id, DateTime at, Colour colour, nint pointer)
    {
        WriteEvent(2, flag, u8, i8, i16, u16, i32, u32, i64, u64, f32, f64, letter, text, id, at, colour, pointer);
    }

    [Event(3, Level = EventLevel.Warning, Keywords = Keywords.Types)]
    internal void Texts(string plain, string beyondAscii, string? missing)
    {
        WriteEvent(3, plain, beyondAscii, missing);
    }

    [Event(4, Level = EventLevel.Verbose, Keywords = Keywords.Types)]
    internal void Bytes(int length, byte[] data)
    {
        WriteEvent(4, length, data);
    }

    [Event(5, Level = EventLevel.Informational, Keywords = Keywords.Requests, Task = Tasks.Request, Opcode = EventOpcode.Start,
        ActivityOptions = EventActivityOptions.Recursive)]
    internal void RequestStart(string path)
    {
        WriteEvent(5, path);
    }

    [Event(6, Level = EventLevel.Informational, Keywords = Keywords.Requests, Task = Tasks.Request, Opcode = EventOpcode.Stop,
        ActivityOptions = EventActivityOptions.Recursive)]
    internal void RequestStop(int status)
    {
        WriteEvent(6, status);
    }

    [Event(7, Level = EventLevel.Critical)]
    internal void Nothing()
    {
        WriteEvent(7);
    }

    /// <summary>
    /// Declares an i32 and an i64 and writes two i64, because no overload fits and the compiler widens:
    /// a mistake that is common in the field, so readers meet payloads longer than their description.
    /// </summary>
    [Event(8, Level = EventLevel.Error)]
    internal void Widened(int first, long second)
    {
        WriteEvent(8, first, second);
    }

    /// <summary>The keywords of this source.</summary>
    public static class Keywords
    {
        public const EventKeywords Ticks = (EventKeywords)0x1;
        public const EventKeywords Types = (EventKeywords)0x2;
        public const EventKeywords Requests = (EventKeywords)0x4;
    }

    /// <summary>The tasks of this source.</summary>
    public static class Tasks
    {
        public const EventTask Request = (EventTask)1;
    }
}

/// <summary>An enumeration in an event payload.</summary>
internal enum Colour
{
    Red = 1,
    Green = 2,
    Blue = 4,
}

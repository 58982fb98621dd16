using System;
using System.Diagnostics.Tracing;

namespace Tracedeck.Workload;

/// <summary>Events that describe themselves, provider <c>Tracedeck-Workload-Shaped</c>.</summary>
/// <remarks>
/// .NET 10 sends no field list at all for an event that has an array anywhere in its payload,
/// so <see cref="Basket"/> and <see cref="Arrays"/> can only be shown as bytes there.
/// </remarks>
internal static class ShapedEvents
{
    private static readonly EventSource s_source =
        new("Tracedeck-Workload-Shaped", EventSourceSettings.EtwSelfDescribingEventFormat);

    /// <summary>An object in an object in an object.</summary>
    internal static void Order(int number)
    {
        s_source.Write(
            "Order",
            new EventSourceOptions { Level = EventLevel.Informational, Keywords = (EventKeywords)0x1 },
            new OrderData
            {
                Number = number,
                Customer = new CustomerData { Name = "Ada", Address = new AddressData { City = "Oslo", Zip = 150 } },
                Price = 12.5,
            });
    }

    /// <summary>An array of numbers and an array of objects, in an object.</summary>
    internal static void Basket()
    {
        s_source.Write(
            "Basket",
            new BasketData
            {
                Content = new ContentData
                {
                    Amounts = [1, 2, 3, 5, 8],
                    Lines = [new LineData { Sku = "bolt", Price = 0.25 }, new LineData { Sku = "nut", Price = 0.125 }],
                },
                Closed = true,
            });
    }

    /// <summary>The same event name with two different shapes.</summary>
    internal static void TwoShapes()
    {
        s_source.Write("Shape", new ShapeOfText { Text = "one" });
        s_source.Write("Shape", new ShapeOfNumbers { Width = 3, Height = 4.5 });
    }

    /// <summary>An event without any payload, and one of each array type that the format has room for.</summary>
    internal static void Arrays()
    {
        s_source.Write("Empty");
        s_source.Write(
            "Arrays",
            new ArrayData
            {
                Flags = [true, false, true],
                Bytes = [0, 127, 255],
                Longs = [long.MinValue, 0, long.MaxValue],
                Doubles = [0.5, double.PositiveInfinity, -1e300],
                Letters = ['a', '\u00e9'],
                Ids = [Guid.Empty, new Guid("00112233-4455-6677-8899-aabbccddeeff")],
                None = [],
            });
    }

    [EventData]
    private sealed class OrderData
    {
        public int Number { get; set; }

        public CustomerData? Customer { get; set; }

        public double Price { get; set; }
    }

    [EventData]
    private sealed class BasketData
    {
        public ContentData? Content { get; set; }

        public bool Closed { get; set; }
    }

    [EventData]
    private sealed class ContentData
    {
        public int[] Amounts { get; set; } = [];

        public LineData[] Lines { get; set; } = [];
    }

    [EventData]
    private sealed class CustomerData
    {
        public string Name { get; set; } = "";

        public AddressData? Address { get; set; }
    }

    [EventData]
    private sealed class AddressData
    {
        public string City { get; set; } = "";

        public short Zip { get; set; }
    }

    [EventData]
    private sealed class LineData
    {
        public string Sku { get; set; } = "";

        public double Price { get; set; }
    }

    [EventData]
    private sealed class ShapeOfText
    {
        public string Text { get; set; } = "";
    }

    [EventData]
    private sealed class ShapeOfNumbers
    {
        public int Width { get; set; }

        public double Height { get; set; }
    }

    [EventData]
    private sealed class ArrayData
    {
        public bool[] Flags { get; set; } = [];

        public byte[] Bytes { get; set; } = [];

        public long[] Longs { get; set; } = [];

        public double[] Doubles { get; set; } = [];

        public char[] Letters { get; set; } = [];

        public Guid[] Ids { get; set; } = [];

        public int[] None { get; set; } = [];
    }
}

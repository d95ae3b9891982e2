namespace Odin.Execution;

/// <summary>How much of the output of a program is kept.</summary>
public sealed record LogOptions
{
    private const long Smallest = 64 << 10;

    /// <summary>
    /// Bytes kept of one log; of a longer one the first and the last half of this. Default 64 MiB. While a program
    /// writes very fast the file may be larger for a fraction of a second.
    /// </summary>
    public long MaxBytes { get; init; } = 64 << 20;

    /// <exception cref="ArgumentException">A value makes no sense; the message says which.</exception>
    internal void Validate()
    {
        if (MaxBytes < Smallest)
            throw new ArgumentException($"{nameof(MaxBytes)} of logs is {MaxBytes}: at least {Smallest} are needed.");
    }
}

/// <summary>Which part of a log to read.</summary>
public sealed record LogReadOptions
{
    /// <summary>Waits for more until the execution has ended.</summary>
    public bool Follow { get; init; }

    /// <summary>Starts so many lines before the present end. Null: from the beginning.</summary>
    public int? TailLines { get; init; }

    /// <summary>Starts at this offset; with <see cref="TailLines"/> at the later of both.</summary>
    public long? FromByte { get; init; }

    /// <summary>Reads no more than so many bytes of the log.</summary>
    public long? Limit { get; init; }
}

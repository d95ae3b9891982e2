namespace Odin.ObjectStorage;

/// <summary>How much at once, how often and how long: the same for all servers. Tests make them small.</summary>
internal sealed record TransferLimits
{
    public static TransferLimits Default { get; } = new();

    /// <summary>How many objects are asked for in one page of a list.</summary>
    public int PageSize { get; init; } = 1000;

    /// <summary>
    /// Bytes in each part of a large object; two parts are held in memory. At least 5 MiB for S3, and a multiple of 256 KiB
    /// for Google.
    /// </summary>
    public int PartSize { get; init; } = 8 << 20;

    /// <summary>How often a call is tried in all.</summary>
    public int Attempts { get; init; } = 4;

    /// <summary>
    /// For an answer, counted from the first byte of the question, so that a part must get through within it; and for
    /// the next bytes of a download.
    /// </summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>Before the second attempt; doubled, with some chance in it, before each further one.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a download is resumed without getting on by <see cref="PartSize"/> in between.</summary>
    public int Resumes { get; init; } = 5;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

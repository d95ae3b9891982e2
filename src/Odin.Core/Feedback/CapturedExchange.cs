namespace Odin.Feedback;

/// <summary>A prediction as the gateway saw it go by, or one of a batch job.</summary>
public sealed record CapturedExchange
{
    public required string RequestId { get; init; }

    public required string ModelName { get; init; }

    public required string ModelVersion { get; init; }

    /// <summary>When the request arrived, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    public required string Method { get; init; }

    /// <summary>Path and query as the client sent them; of a batch job, the name of the file.</summary>
    public required string Uri { get; init; }

    /// <summary>As the client named it.</summary>
    public required string Host { get; init; }

    /// <summary>Of HTTP; 0: it has none.</summary>
    public required int Status { get; init; }

    /// <summary>Names and values as they came; several values of one name stand behind each other.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> RequestHeaders { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> ResponseHeaders { get; init; }

    public required CapturedBody Request { get; init; }

    public required CapturedBody Response { get; init; }
}

/// <summary>The beginning of a body.</summary>
/// <param name="IsTruncated">There was more.</param>
public readonly record struct CapturedBody(ReadOnlyMemory<byte> Bytes, bool IsTruncated);

namespace Odin.Feedback;

/// <summary>What somebody says of a prediction.</summary>
public sealed record FeedbackRecord
{
    public required string RequestId { get; init; }

    public required string ModelName { get; init; }

    public required string ModelVersion { get; init; }

    /// <summary>When it arrived, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>An object of JSON in UTF-8 without line breaks: <c>{"json": …}</c>, or an empty one.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }
}

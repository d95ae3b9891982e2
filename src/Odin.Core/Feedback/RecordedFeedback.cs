using System.Text.Json;

namespace Odin.Feedback;

/// <summary>Which records are wanted.</summary>
public sealed record FeedbackQuery
{
    /// <summary>Null: of all models, which takes a look at every object.</summary>
    public string? ModelName { get; init; }

    /// <summary>Null: of all versions.</summary>
    public string? ModelVersion { get; init; }

    /// <summary>By the time of arrival, which records have in whole seconds.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Records of this time are not wanted any more; null: up to now.</summary>
    public DateTimeOffset? Until { get; init; }

    internal bool Takes(DateTimeOffset time) => time >= Since && (Until is not { } until || time < until);
}

/// <summary>Feedback as it was recorded.</summary>
/// <param name="Payload">The value that was sent; null: it was no JSON, and is not kept.</param>
public sealed record RecordedFeedback(string RequestId, string ModelName, string ModelVersion, DateTimeOffset Time, JsonElement? Payload);

/// <param name="Continue">Leads to the next page; null: this was the last one.</param>
public sealed record FeedbackPage(IReadOnlyList<RecordedFeedback> Items, string? Continue);

/// <summary>A prediction, and what was said of it.</summary>
public sealed record JudgedPrediction
{
    public required string RequestId { get; init; }

    public required string ModelName { get; init; }

    public required string ModelVersion { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Of HTTP; 0: it came by a batch job.</summary>
    public required int Status { get; init; }

    public required RecordedBody Request { get; init; }

    /// <summary>Null: it was not recorded.</summary>
    public RecordedBody? Response { get; init; }

    /// <summary>The oldest first.</summary>
    public required IReadOnlyList<RecordedFeedback> Feedback { get; init; }
}

/// <summary>A body as it was recorded.</summary>
/// <param name="IsBase64">It was no UTF-8.</param>
/// <param name="IsTruncated">There was more.</param>
public sealed record RecordedBody(string Text, bool IsBase64, bool IsTruncated);

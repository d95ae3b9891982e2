using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Odin.Feedback;

namespace Odin.Server.Feedback;

/// <summary>What the inherited collector answers.</summary>
public sealed record FeedbackAnswer([property: JsonPropertyName("requestID")] string RequestId, string ModelVersion, string ModelName, JsonElement Payload);

/// <summary>What was sent, as it is recorded.</summary>
public sealed record FeedbackPayload(JsonElement Json);

/// <summary>Why feedback was not taken.</summary>
public sealed record FeedbackError(string Error);

/// <summary>A page.</summary>
/// <param name="Continue">Leads to the next page; null: this was the last one.</param>
public sealed record FeedbackList(IReadOnlyList<FeedbackWire> Feedback, string? Continue);

/// <summary>One piece of feedback.</summary>
/// <param name="Payload">The JSON value that was sent; null: there was none.</param>
public sealed record FeedbackWire(string RequestId, string ModelName, string ModelVersion, DateTimeOffset Time, JsonElement? Payload)
{
    internal static FeedbackWire From(RecordedFeedback feedback) =>
        new(feedback.RequestId, feedback.ModelName, feedback.ModelVersion, feedback.Time, feedback.Payload);
}

/// <summary>What was said of a prediction, and when.</summary>
public sealed record JudgementWire(DateTimeOffset Time, JsonElement? Payload);

/// <summary>A prediction with what was said of it.</summary>
/// <param name="Status">Of HTTP; 0: it came by a batch job.</param>
/// <param name="Request">The body: as JSON where it is JSON, else as text, or base64.</param>
/// <param name="Response">The same; null: it was not recorded.</param>
/// <param name="Feedback">The oldest first.</param>
public sealed record JoinedWire(
    string RequestId, string ModelName, string ModelVersion, DateTimeOffset Time, int Status, JsonElement? Request, JsonElement? Response, IReadOnlyList<JudgementWire> Feedback)
{
    /// <summary><c>base64</c>; null: it is text.</summary>
    public string? RequestEncoding { get; init; }

    /// <summary>There was more.</summary>
    public bool? RequestTruncated { get; init; }

    /// <inheritdoc cref="RequestEncoding"/>
    public string? ResponseEncoding { get; init; }

    /// <inheritdoc cref="RequestTruncated"/>
    public bool? ResponseTruncated { get; init; }

    /// <param name="asText">Bodies are texts, whatever they are.</param>
    internal static JoinedWire From(JudgedPrediction prediction, bool asText) => new(
        prediction.RequestId,
        prediction.ModelName,
        prediction.ModelVersion,
        prediction.Time,
        prediction.Status,
        Read(prediction.Request, asText),
        prediction.Response is { } response ? Read(response, asText) : null,
        [.. prediction.Feedback.Select(f => new JudgementWire(f.Time, f.Payload))])
    {
        RequestEncoding = Encoding(prediction.Request),
        RequestTruncated = prediction.Request.IsTruncated ? true : null,
        ResponseEncoding = Encoding(prediction.Response),
        ResponseTruncated = prediction.Response?.IsTruncated == true ? true : null,
    };

    private static string? Encoding(RecordedBody? body) => body?.IsBase64 == true ? "base64" : null;

    private static JsonElement Read(RecordedBody body, bool asText)
    {
        if (!asText && !body.IsBase64 && !body.IsTruncated)
        {
            try
            {
                return JsonElement.Parse(body.Text);
            }
            catch (JsonException)
            {
                // It is text then.
            }
        }
        return JsonSerializer.SerializeToElement(body.Text, FeedbackJson.Default.String);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(FeedbackAnswer))]
[JsonSerializable(typeof(FeedbackPayload))]
[JsonSerializable(typeof(FeedbackError))]
[JsonSerializable(typeof(FeedbackList))]
[JsonSerializable(typeof(JoinedWire))]
[JsonSerializable(typeof(string))]
internal sealed partial class FeedbackJson : JsonSerializerContext;

internal static class RelaxedFeedbackJson
{
    /// <summary>Letters of every language as they are: the answers are never parts of a web page.</summary>
    public static FeedbackJson Context { get; } = new(new JsonSerializerOptions(FeedbackJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        // Of what is recorded: older feedback is nested deeper than it may be now.
        MaxDepth = 128,
        TypeInfoResolver = null,
    });
}

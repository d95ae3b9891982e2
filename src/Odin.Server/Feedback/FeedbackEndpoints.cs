using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Odin.Feedback;
using Odin.Server.Hosting;

namespace Odin.Server.Feedback;

/// <summary>
/// Feedback over REST: taken in as the inherited collector does, with its words and its key <c>error</c>; read, and joined with the
/// predictions, by an API that it does not have.
/// </summary>
internal static partial class FeedbackEndpoints
{
    private const int MaxBytes = 1 << 20;

    // Lists and joins have it some levels deeper, and those who read them have limits too.
    private const int MaxDepth = 32;

    private const string Described =
        "Says what was true of a prediction. The headers 'request-id', 'model-name' and 'model-version' (or with 'x-' in front) name it; every answer of "
        + "a model has them. A body of the type application/json is kept. It is on the server's disk when 200 is answered.";

    public static void MapFeedback(this IEndpointRouteBuilder app)
    {
        app.MapPost("/api/v1/feedback", AddAsync).WithTags("Feedback").WithName("AddFeedback").WithSummary("Feedback: send").WithDescription(Described)
            .Takes<JsonNode>("application/json").Produces<FeedbackAnswer>()
            .Produces<FeedbackError>(StatusCodes.Status400BadRequest).Produces<FeedbackError>(StatusCodes.Status413PayloadTooLarge).Produces<FeedbackError>(StatusCodes.Status502BadGateway);
        // What comes behind it has never meant anything.
        foreach (var path in (string[])["/api/v1/feedback/{**rest}", "/feedback", "/feedback/{**rest}"])
            app.MapPost(path, AddAsync).ExcludeFromDescription();
    }

    /// <param name="v1">The own API.</param>
    public static void MapFeedbackReading(this IEndpointRouteBuilder v1)
    {
        var feedback = v1.MapGroup("/feedback").WithTags("Feedback");
        feedback.MapGet("/", ListAsync).WithName("ListFeedback").WithSummary("Lists feedback, by model, version and time")
            .Produces<FeedbackList>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        feedback.MapGet("/join", JoinAsync).WithName("JoinFeedback").WithSummary("Predictions with what was said of them, one in a line")
            .WithDescription("The window is that of the predictions; what was said of them may have come later. The answer comes as it is read, and breaks off when reading fails.")
            .Produces<JoinedWire>(StatusCodes.Status200OK, "application/x-ndjson").ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<IResult> AddAsync(HttpContext context, FeedbackJournal journal, TimeProvider time, ILogger<FeedbackJournal> logger, CancellationToken cancellationToken)
    {
        var request = context.Request;
        // Names come back as the answer of the model had them: in a header only ASCII goes, and the rest is escaped.
        var (id, model, version) = (Header(request, "request-id"), Uri.UnescapeDataString(Header(request, "model-name")), Uri.UnescapeDataString(Header(request, "model-version")));
        if (id.Length == 0)
            return Error(StatusCodes.Status400BadRequest, "request-id header is missed");
        if (model.Length == 0 || version.Length == 0)
            return Error(StatusCodes.Status400BadRequest, "model-name or model-version header is empty");
        byte[] payload;
        try
        {
            payload = await ReadPayloadAsync(request, cancellationToken);
        }
        catch (BadHttpRequestException e)
        {
            return Error(e.StatusCode, e.Message);
        }
        try
        {
            var record = new FeedbackRecord { RequestId = id, ModelName = model, ModelVersion = version, Time = time.GetUtcNow(), Payload = payload };
            await journal.AddAsync(record, cancellationToken);
        }
        catch (FeedbackRefusedException e)
        {
            LogRefused(logger, e.Message);
            return Error(StatusCodes.Status502BadGateway, "Cannot deliver message");
        }
        return TypedResults.Json(new FeedbackAnswer(id, version, model, JsonElement.Parse(payload)), RelaxedFeedbackJson.Context.FeedbackAnswer);
    }

    private static async Task<IResult> ListAsync(
        FeedbackReader reader,
        TimeProvider time,
        [AsParameters] FeedbackWindow window,
        [Description("how many, 1 to 1000; default 100")] int? limit,
        [FromQuery(Name = "continue"), Description("the 'continue' of the page before")] string? after,
        CancellationToken cancellationToken)
    {
        if (limit is < 1 or > 1000)
            throw FeedbackWindow.Wrong("limit", "a number from 1 to 1000");
        var page = await reader.ListAsync(window.ToQuery(time.GetUtcNow()), limit ?? 100, string.IsNullOrEmpty(after) ? null : after, cancellationToken);
        return TypedResults.Json(new FeedbackList([.. page.Items.Select(FeedbackWire.From)], page.Continue), RelaxedFeedbackJson.Context.FeedbackList);
    }

    private static JoinAnswer JoinAsync(
        FeedbackReader reader,
        TimeProvider time,
        [AsParameters] FeedbackWindow window,
        [Description("true: also predictions of which nothing was said")] bool? all)
    {
        var query = window.ToQuery(time.GetUtcNow());
        return new JoinAnswer(token => reader.JoinAsync(query, all == true, token));
    }

    private static string Header(HttpRequest request, string name) =>
        First(request, name) is { Length: > 0 } plain ? plain : First(request, $"x-{name}");

    private static string First(HttpRequest request, string name) => request.Headers[name] is [{ } first, ..] ? first : "";

    private static async Task<byte[]> ReadPayloadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.ContentType?.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase) != true)
            return "{}"u8.ToArray();
        if (request.ContentLength > MaxBytes)
            throw LimitedStream.TooLarge(MaxBytes);
        using var body = new MemoryStream();
        await new LimitedStream(request.Body, MaxBytes).CopyToAsync(body, cancellationToken);
        var text = body.GetBuffer().AsMemory(0, (int)body.Length);
        if (!Utf8.IsValid(text.Span))
            throw Unreadable();
        using var json = Parse(text);
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(new FeedbackPayload(json.RootElement), RelaxedFeedbackJson.Context.FeedbackPayload);
        }
        // Half of a character, written as an escape, is found only when it is written again.
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Unreadable();
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException)
        {
            throw Unreadable(IsJson(text.Span) ? $": it is nested deeper than {MaxDepth} levels" : "");
        }
    }

    private static BadHttpRequestException Unreadable(string why = "") => new("Cannot parse data" + why, StatusCodes.Status400BadRequest);

    // However deep it is.
    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxBytes });
            while (reader.Read())
                continue;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonHttpResult<FeedbackError> Error(int status, string text) => TypedResults.Json(new FeedbackError(text), RelaxedFeedbackJson.Context.FeedbackError, statusCode: status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Feedback is refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string reason);
}

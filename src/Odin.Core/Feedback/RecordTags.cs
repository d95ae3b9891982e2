namespace Odin.Feedback;

/// <summary>The kinds of records; each is a folder below the prefix.</summary>
internal static class RecordTags
{
    /// <summary>The request, and of the answer all but its body.</summary>
    public const string Request = "request_response";

    /// <summary>The body of the answer.</summary>
    public const string Response = "response_body";

    /// <summary>What somebody said of the answer.</summary>
    public const string Feedback = "feedback";
}

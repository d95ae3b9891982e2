using System.Globalization;
using System.Text.Json;

namespace Odin.ObjectStorage;

/// <summary>What Google Cloud Storage says, with what to do about it.</summary>
internal static class GcsRefusals
{
    private const int LongestWords = 500;

    /// <param name="key">Of the object that it is about; null: it is about the bucket.</param>
    public static ObjectStorageException Explain(StorageAnswer answer, string description, string bucket, string? key)
    {
        var (code, words) = Parse(answer);
        // Both are "notFound"; only the words tell which.
        var isBucket = words.Contains("bucket does not exist", StringComparison.OrdinalIgnoreCase);
        if (key is not null && answer.Status == 404 && !isBucket)
            return new ObjectNotFoundException(key, description) { Status = 404 };
        var remedy = answer.Status switch
        {
            404 when isBucket || key is null => $"the bucket '{bucket}' does not exist there; create it, or correct its name.",
            401 => "the token is not accepted; make a new key of the service account.",
            403 => "the service account may not do this; give it the role 'Storage Object Admin' on the bucket.",
            >= 300 and < 400 => StorageConnections.RedirectWords(answer.Location is { IsAbsoluteUri: true } to ? to.GetLeftPart(UriPartial.Authority) : null),
            429 or 503 => "the server is busy; try again later.",
            >= 500 => "the server has a fault; try again later.",
            _ => "the server refuses this.",
        };
        return answer.Refusal(description, key, remedy, code, words);
    }

    /// <summary>The name and the words of an error in either of the two forms, or the plain text.</summary>
    public static (string Code, string Words) Parse(StorageAnswer answer)
    {
        var (code, words) = ("", answer.Text);
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            var error = document.RootElement.GetProperty("error");
            if (error.ValueKind == JsonValueKind.String)
            {
                code = error.GetString()!;
                words = document.RootElement.TryGetProperty("error_description", out var text) ? text.GetString() ?? "" : "";
            }
            else
            {
                words = error.GetProperty("message").GetString() ?? "";
                code = error.TryGetProperty("errors", out var list) && list.GetArrayLength() > 0 ? list[0].GetProperty("reason").GetString() ?? "" : "";
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Downloads are refused in plain text; and something else on the way may have answered.
        }
        words = string.Join(' ', words.Split(['\r', '\n', ' '], StringSplitOptions.RemoveEmptyEntries));
        return (code, words.Length > LongestWords ? words[..LongestWords] : words);
    }
}

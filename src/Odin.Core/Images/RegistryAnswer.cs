using System.Net.Http;
using System.Text;
using System.Text.Json;

namespace Odin.Images;

/// <summary>What a registry answered.</summary>
internal sealed class RegistryAnswer(HttpResponseMessage message) : IDisposable
{
    private const int LongestDetail = 400;

    private byte[] body = [];

    public int Status => (int)message.StatusCode;

    public ReadOnlyMemory<byte> Body => body;

    public Uri? Location => message.Headers.Location;

    public string? ContentType => message.Content.Headers.ContentType?.MediaType;

    public long? Length => message.Content.Headers.ContentLength;

    public TimeSpan? RetryAfter => message.Headers.RetryAfter?.Delta;

    public IEnumerable<string> Challenges => message.Headers.WwwAuthenticate.Select(c => c.ToString());

    public string? Header(string name) => message.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    /// <summary>The body from now on; disposing of it ends the answer.</summary>
    public Task<Stream> OpenAsync(CancellationToken cancellationToken) => message.Content.ReadAsStreamAsync(cancellationToken);

    /// <summary>False: there is more than the longest that is read.</summary>
    public async Task<bool> ReadAsync(int longest, CancellationToken cancellationToken)
    {
        using var read = new MemoryStream();
        await using var stream = await message.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[16 << 10];
        while (read.Length <= longest && await stream.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            read.Write(buffer, 0, count);
        body = read.ToArray();
        return read.Length <= longest;
    }

    /// <summary>The registry's own names for what is wrong, and its words: <c>DENIED: requested access …</c>.</summary>
    public (IReadOnlyList<string> Codes, string Words) Errors()
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var errors = document.RootElement.GetProperty("errors").EnumerateArray().Select(e => (Code: Text(e, "code"), Message: Text(e, "message"))).ToList();
            return ([.. errors.Select(e => e.Code)], Shorten(string.Join("; ", errors.Select(e => e.Message.Length > 0 ? e.Message : e.Code))));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            var text = Encoding.UTF8.GetString(body);
            return ([], text.TrimStart().StartsWith('<') ? "" : Shorten(text));
        }
    }

    public void Dispose() => message.Dispose();

    private static string Text(JsonElement error, string name) =>
        error.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString()! : "";

    private static string Shorten(string text)
    {
        var line = string.Concat(text.Trim().Select(c => char.IsControl(c) ? ' ' : c));
        return line.Length > LongestDetail ? $"{line[..LongestDetail]}…" : line;
    }
}

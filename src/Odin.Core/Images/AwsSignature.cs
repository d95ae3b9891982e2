using System.Globalization;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;

namespace Odin.Images;

/// <summary>Amazon's signature, version 4, of a request with its whole body.</summary>
internal static class AwsSignature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>Adds the date and the signature. All headers that are there by then are signed.</summary>
    /// <param name="sessionToken">Of temporary keys; null: they are none.</param>
    public static void Sign(HttpRequestMessage request, byte[] body, string region, string service, string keyId, string keySecret, string? sessionToken, DateTimeOffset now)
    {
        var time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/{region}/{service}/aws4_request";
        request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
        if (sessionToken is not null)
            request.Headers.TryAddWithoutValidation("X-Amz-Security-Token", sessionToken);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = request.RequestUri!.Authority };
        foreach (var (name, values) in request.Headers.NonValidated)
            headers[name.ToLowerInvariant()] = string.Join(',', values.Select(v => v.Trim()));
        if (request.Content?.Headers.NonValidated.TryGetValues("Content-Type", out var type) == true)
            headers["content-type"] = type.ToString().Trim();
        var signed = string.Join(';', headers.Keys);
        var canonical = string.Join('\n', [request.Method.Method, request.RequestUri.AbsolutePath, request.RequestUri.Query.TrimStart('?'),
            .. headers.Select(h => $"{h.Key}:{h.Value}"), "", signed, Hex(SHA256.HashData(body))]);
        var text = string.Join('\n', Algorithm, time, scope, Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var key = Encoding.UTF8.GetBytes($"AWS4{keySecret}");
        foreach (var part in scope.Split('/'))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        var signature = Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
        request.Headers.TryAddWithoutValidation("Authorization", $"{Algorithm} Credential={keyId}/{scope}, SignedHeaders={signed}, Signature={signature}");
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}

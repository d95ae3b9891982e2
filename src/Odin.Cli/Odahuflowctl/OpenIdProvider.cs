using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Cli.Odahuflowctl;

/// <summary>What an OpenID provider gives; the ID token is what the server wants to see.</summary>
internal sealed record IssuedTokens(string IdToken, string AccessToken, string RefreshToken)
{
    /// <summary>A claim of the ID token; empty: it has none. It is only shown: the server is who checks it.</summary>
    public string Claim(string name)
    {
        try
        {
            var part = IdToken.Split('.') is [_, var payload, ..] ? payload.Replace('-', '+').Replace('_', '/') : "";
            var json = Encoding.UTF8.GetString(Convert.FromBase64String(part.PadRight((part.Length + 3) / 4 * 4, '=')));
            return (JsonNode.Parse(json) as JsonObject)?[name]?.ToString() ?? "";
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return "";
        }
    }
}

/// <summary>Asks an OpenID provider for tokens.</summary>
internal sealed class OpenIdProvider(CtlSession session) : IDisposable
{
    private const string Discovery = ".well-known/openid-configuration";

    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public void Dispose() => http.Dispose();

    /// <summary>The token endpoint: as configured, or as the first of the places says that describes one; null: none does.</summary>
    /// <param name="bases">Each ends in a slash.</param>
    public async Task<Uri?> FindTokenEndpointAsync(IEnumerable<Uri> bases, CancellationToken cancellationToken)
    {
        if (session.Configuration.Find(CtlVariable.TokenEndpoint) is { } configured)
            return new Uri(configured);
        foreach (var place in bases)
        {
            if (await ReadAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(place, Discovery)), cancellationToken) is { } description
                && Uri.TryCreate((string?)description["token_endpoint"], UriKind.Absolute, out var endpoint))
                return endpoint;
        }
        return null;
    }

    /// <summary>Null: it gives none.</summary>
    public async Task<IssuedTokens?> AskAsync(Uri endpoint, IEnumerable<KeyValuePair<string, string>> form, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(form) };
        var answer = await ReadAsync(request, cancellationToken);
        return Text(answer, "id_token") is { } id && Text(answer, "access_token") is { } access && Text(answer, "refresh_token") is { } refresh
            ? new IssuedTokens(id, access, refresh)
            : null;
    }

    private async Task<JsonObject?> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            session.Debug($"{request.Method} {request.RequestUri}");
            try
            {
                using var response = await http.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                return response.IsSuccessStatusCode ? JsonNode.Parse(text) as JsonObject : null;
            }
            catch (Exception e) when (e is JsonException or HttpRequestException)
            {
                session.Debug(e.Message);
                return null;
            }
        }
    }

    private static string? Text(JsonObject? answer, string name) =>
        answer?[name] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;
}

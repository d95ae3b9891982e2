using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Odin.Images;

/// <summary>Proves to one registry who we are: by name and password, or by tokens that are kept for as long as they hold.</summary>
/// <param name="send">Sends a request once.</param>
internal sealed class RegistryTokens(
    RegistryCredentials? credentials, bool isPlainHttp, RegistryRefusals refusals, TimeProvider time, Func<HttpRequestMessage, CancellationToken, Task<RegistryAnswer>> send) : IDisposable
{
    private const int LongestAnswer = 1 << 20;

    // The specification's, for servers that do not say.
    private static readonly TimeSpan DefaultLife = TimeSpan.FromSeconds(60), Margin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly Dictionary<string, (AuthenticationHeaderValue Header, DateTimeOffset Until)> tokens = [];
    private RegistryChallenge? challenge;

    /// <summary>What to send along; null: nothing, as the registry has not asked for anything yet.</summary>
    public async Task<AuthenticationHeaderValue?> FindAsync(string scope, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref challenge) is not { } asked)
            return null;
        if (asked.Scheme == "basic")
            return Basic();
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (tokens.TryGetValue(scope, out var known) && known.Until > time.GetUtcNow())
                return known.Header;
            var (header, life) = await FetchAsync(asked, scope, cancellationToken);
            tokens[scope] = (header, time.GetUtcNow() + life);
            return header;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Takes note of a refusal; false: it was refused with all that we have.</summary>
    /// <param name="sent">What went along with the refused request.</param>
    public async Task<bool> LearnAsync(RegistryAnswer answer, string scope, AuthenticationHeaderValue? sent, CancellationToken cancellationToken)
    {
        var asked = RegistryChallenge.Choose(answer.Challenges);
        if (asked is null)
            return sent is null && answer.Challenges.Any() ? throw refusals.WantsUnknown() : false;
        if (asked.Scheme == "basic" && (credentials is null || sent?.Scheme == "Basic"))
            return false;
        await gate.WaitAsync(cancellationToken);
        try
        {
            // Another request may have got a newer one meanwhile.
            if (tokens.TryGetValue(scope, out var known) && known.Header == sent)
                tokens.Remove(scope);
            Volatile.Write(ref challenge, asked);
        }
        finally
        {
            gate.Release();
        }
        return true;
    }

    public void Dispose() => gate.Dispose();

    private AuthenticationHeaderValue? Basic() => credentials is null ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credentials.UserName}:{credentials.Password}")));

    private async Task<(AuthenticationHeaderValue Header, TimeSpan Life)> FetchAsync(RegistryChallenge asked, string scope, CancellationToken cancellationToken)
    {
        // The password goes there: never in the clear unless the registry itself is.
        if (!Uri.TryCreate(asked.Parameters["realm"], UriKind.Absolute, out var realm) || (realm.Scheme != Uri.UriSchemeHttps && !(isPlainHttp && realm.Scheme == Uri.UriSchemeHttp)))
            throw refusals.WantsUnknown();
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        if (asked.Parameters.TryGetValue("service", out var service))
            Add("service", service);
        foreach (var one in scope.Split(' '))
            Add("scope", one);
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        request.Headers.Authorization = Basic();
        using var answer = await send(request, cancellationToken);
        await answer.ReadAsync(LongestAnswer, cancellationToken);
        if (answer.Status != 200)
            throw refusals.Explain(answer, scope.Contains("push", StringComparison.Ordinal) ? "push to" : "pull from");
        return Read(answer);

        void Add(string name, string value) => query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }

    private (AuthenticationHeaderValue Header, TimeSpan Life) Read(RegistryAnswer answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer.Body);
            var root = document.RootElement;
            var token = (root.TryGetProperty("token", out var one) ? one.GetString() : null) ?? (root.TryGetProperty("access_token", out var other) ? other.GetString() : null);
            var life = root.TryGetProperty("expires_in", out var seconds) && seconds.TryGetDouble(out var given) && given > 0 ? TimeSpan.FromSeconds(Math.Min(given, 86400)) : DefaultLife;
            if (string.IsNullOrEmpty(token))
                throw new JsonException();
            return (new AuthenticationHeaderValue("Bearer", token), life > 2 * Margin ? life - Margin : life / 2);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw refusals.WantsUnknown();
        }
    }
}

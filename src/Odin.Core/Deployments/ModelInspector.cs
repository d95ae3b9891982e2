using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Odin.Deployments;

/// <summary>What a model says of itself.</summary>
/// <param name="Swagger">Swagger 2.0.</param>
internal sealed record ModelDescription(string Name, string Version, string Swagger);

/// <summary>Asks a replica what it serves.</summary>
internal static class ModelInspector
{
    /// <summary>Of a description, in bytes.</summary>
    public const int LongestAnswer = 4 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // Of the same name twice everybody reads another one, and some nothing at all.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>The description; null when the replica gives none that can be read, at least at the moment.</summary>
    /// <param name="predictor">One of <see cref="Predictors"/>.</param>
    public static async Task<ModelDescription?> DescribeAsync(Replica replica, string predictor, CancellationToken cancellationToken)
    {
        using var client = new HttpClient(ReplicaEndpoint.CreateHandler(replica.Endpoint))
        {
            BaseAddress = ReplicaEndpoint.AddressOf(replica.Endpoint),
            Timeout = Patience,
            MaxResponseContentBufferSize = LongestAnswer,
        };
        return await DescribeAsync(client, predictor, cancellationToken);
    }

    /// <summary>The same, of a replica that somebody is connected to.</summary>
    public static async Task<ModelDescription?> DescribeAsync(HttpClient client, string predictor, CancellationToken cancellationToken)
    {
        try
        {
            return predictor == Predictors.Triton ? await ReadIndexAsync(client, cancellationToken) : await ReadInfoAsync(client, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or InvalidOperationException or ArgumentException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task<ModelDescription?> ReadInfoAsync(HttpClient client, CancellationToken cancellationToken)
    {
        var text = await client.GetStringAsync("/api/model/info", cancellationToken);
        if (JsonNode.Parse(text, documentOptions: Strict) is not JsonObject swagger || TextOf(swagger["swagger"]) != "2.0")
            return null;
        var info = swagger["info"] as JsonObject;
        // Written again, which fails for what cannot be: half of a character, written as an escape, is read all the same.
        return new ModelDescription(TextOf(info?["title"]), TextOf(info?["version"]), swagger.ToJsonString());
    }

    // Several models in one server are not told apart: the first one is described.
    private static async Task<ModelDescription?> ReadIndexAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var answer = await client.PostAsync("/v2/repository/index", new StringContent("{}", Encoding.UTF8, "application/json"), cancellationToken);
        answer.EnsureSuccessStatusCode();
        var models = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken), documentOptions: Strict) as JsonArray;
        if (models is not [JsonObject first, ..] || TextOf(first["name"]) is not { Length: > 0 } name)
            return null;
        return new ModelDescription(name, TextOf(first["version"]), TritonDescription.Of(name, TextOf(first["version"])));
    }

    private static string TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}

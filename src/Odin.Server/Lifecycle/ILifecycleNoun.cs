using System.Text.Json.Nodes;

namespace Odin.Server.Lifecycle;

/// <summary>A noun of the inherited API with the five requests that all of them have; errors are <see cref="LifecycleException"/>s.</summary>
internal interface ILifecycleNoun
{
    /// <summary>The resources that match, on the page that the query asks for.</summary>
    Task<(JsonArray Page, int Total)> ListAsync(IQueryCollection query, CancellationToken cancellationToken);

    Task<JsonNode> ShowAsync(string id, CancellationToken cancellationToken);

    /// <param name="isStrict">Refuses members that nobody knows.</param>
    Task<JsonNode> CreateAsync(WireObject body, bool isStrict, CancellationToken cancellationToken);

    /// <param name="isStrict">Refuses members that nobody knows.</param>
    Task<JsonNode> ReplaceAsync(WireObject body, bool isStrict, CancellationToken cancellationToken);

    /// <summary>Deletes, and returns what is to be answered.</summary>
    Task<string> DeleteAsync(string id, CancellationToken cancellationToken);
}

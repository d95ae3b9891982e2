using System.Text.Json.Nodes;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Server.Lifecycle;

/// <summary>What the nouns of the inherited API have in common.</summary>
/// <typeparam name="T">What is stored.</typeparam>
/// <typeparam name="TWish">What a body asks for, checked.</typeparam>
internal abstract class LifecycleNoun<T, TWish>(IResourceStore store, TimeProvider time) : ILifecycleNoun
    where T : class, IResource<T>
{
    protected IResourceStore Store { get; } = store;

    protected TimeProvider Time { get; } = time;

    /// <summary>By what a list may be filtered.</summary>
    protected virtual IReadOnlyDictionary<string, Func<T, string?>> Filters { get; } = new Dictionary<string, Func<T, string?>>();

    public async Task<(JsonArray Page, int Total)> ListAsync(IQueryCollection query, CancellationToken cancellationToken)
    {
        var (page, total) = await LifecyclePage.SelectAsync(Store, query, Filters, isShown: null, cancellationToken);
        return (new JsonArray([.. page.Select(Write)]), total);
    }

    public virtual async Task<JsonNode> ShowAsync(string id, CancellationToken cancellationToken) => Write(await FindAsync(id, cancellationToken));

    public async Task<JsonNode> CreateAsync(WireObject body, bool isStrict, CancellationToken cancellationToken)
    {
        var wish = await ReadAsync(body, isStrict, cancellationToken);
        try
        {
            return Write(await StoreAsync(wish, cancellationToken));
        }
        catch (ResourceAlreadyExistsException)
        {
            throw LifecycleException.Exists(IdOf(wish));
        }
    }

    public virtual async Task<JsonNode> ReplaceAsync(WireObject body, bool isStrict, CancellationToken cancellationToken)
    {
        var wish = await ReadAsync(body, isStrict, cancellationToken);
        while (true)
        {
            var old = await FindAsync(IdOf(wish), cancellationToken);
            try
            {
                return Write(await ReplaceAsync(old, wish, cancellationToken));
            }
            catch (ResourceConflictException)
            {
                // Its status has changed, or somebody else was faster; the last wish wins, as it always did.
            }
        }
    }

    public async Task<string> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await RemoveAsync(await FindAsync(id, cancellationToken), cancellationToken);
        return Deleted(id);
    }

    /// <summary>The resource.</summary>
    /// <exception cref="LifecycleException">There is none.</exception>
    public async Task<T> FindAsync(string id, CancellationToken cancellationToken) =>
        await Store.FindAsync<T>(id, cancellationToken) ?? throw LifecycleException.NotFound(id);

    /// <summary>Reads a wish and checks it; everything that is wrong is told at once.</summary>
    protected abstract Task<TWish> ReadAsync(WireObject body, CancellationToken cancellationToken);

    protected abstract string IdOf(TWish wish);

    protected abstract Task<T> StoreAsync(TWish wish, CancellationToken cancellationToken);

    protected abstract Task<T> ReplaceAsync(T old, TWish wish, CancellationToken cancellationToken);

    protected virtual Task RemoveAsync(T resource, CancellationToken cancellationToken) => Store.DeleteAsync<T>(resource.Metadata.Id, Time, cancellationToken);

    /// <summary>What a deletion answers.</summary>
    protected abstract string Deleted(string id);

    /// <summary>As the API shows it.</summary>
    protected abstract JsonNode Write(T resource);

    // A slip in a name often makes something else wrong: both are told at once.
    private async Task<TWish> ReadAsync(WireObject body, bool isStrict, CancellationToken cancellationToken)
    {
        TWish wish;
        try
        {
            wish = await ReadAsync(body, cancellationToken);
        }
        catch (LifecycleException e) when (isStrict && e is { Status: StatusCodes.Status400BadRequest, IsUnread: false })
        {
            throw LifecycleException.BadRequest(string.Join("; ", [.. body.FindUnknown(), e.Message]));
        }
        return !isStrict || body.FindUnknown() is not { Count: > 0 } unknown ? wish : throw LifecycleException.BadRequest(string.Join("; ", unknown));
    }

    /// <summary>What every noun shows first.</summary>
    protected static JsonObject Envelope(ResourceMetadata metadata) => new()
    {
        ["id"] = metadata.Id,
        ["createdAt"] = WireTime.Of(metadata.Created),
        ["updatedAt"] = WireTime.Of(metadata.SpecUpdated ?? metadata.Created),
    };
}

/// <summary>A noun whose wish is the resource itself.</summary>
internal abstract class LifecycleNoun<T>(IResourceStore store, TimeProvider time) : LifecycleNoun<T, T>(store, time)
    where T : class, IResource<T>
{
    protected override string IdOf(T wish) => wish.Metadata.Id;

    protected override Task<T> StoreAsync(T wish, CancellationToken cancellationToken) => Store.CreateAsync(wish, Time, cancellationToken);

    protected override Task<T> ReplaceAsync(T old, T wish, CancellationToken cancellationToken) =>
        Store.UpdateSpecAsync(wish.With(old.Metadata), Time, cancellationToken);
}

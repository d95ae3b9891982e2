using System.Text.Json;
using Odin.Resources;

namespace Odin.Storage;

/// <summary>
/// Keeps resources in memory, for runs without a server and for tests. Behaves like the databases, documents included:
/// what is read is a copy.
/// </summary>
public sealed class InMemoryResourceStore : IResourceStore
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Table> tables = new(StringComparer.Ordinal);
    private readonly ChangeFeed feed;
    private readonly InMemoryLeases leases;

    public InMemoryResourceStore()
        : this(new StorageOptions())
    {
    }

    public InMemoryResourceStore(StorageOptions options)
        : this(options, TimeProvider.System, isShared: false)
    {
    }

    /// <param name="options">Only the buffer of watches matters.</param>
    /// <param name="time">The clock of the leases.</param>
    /// <param name="isShared">Several engines of this process use the store, and take over from each other.</param>
    internal InMemoryResourceStore(StorageOptions options, TimeProvider time, bool isShared)
    {
        feed = new ChangeFeed(options.WatchBuffer);
        leases = new InMemoryLeases(time, ListIdsAsync, feed.PublishResync, isShared);
    }

    public ILeaseStore Leases => leases;

    public Task<T?> FindAsync<T>(string id, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        Row? row;
        lock (gate)
            row = TableOf(T.Kind).Find(id);
        return Task.FromResult(row is null ? null : JsonSerializer.Deserialize(row.Document, T.JsonType));
    }

    public async Task<IReadOnlyList<T>> FindManyAsync<T>(IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var found = new List<T>(ids.Count);
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            if (await FindAsync<T>(id, cancellationToken) is { } resource)
                found.Add(resource);
        }
        return found;
    }

    public Task<ResourcePage<T>> ListAsync<T>(ResourceQuery query, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        cancellationToken.ThrowIfCancellationRequested();
        var request = ListRequest.From(query);
        List<Row> found;
        lock (gate)
            found = TableOf(T.Kind).List(request);
        var page = request.Page(found, r => r.Key);
        return Task.FromResult(new ResourcePage<T>(
            [.. page.Items.Select(r => JsonSerializer.Deserialize(r.Document, T.JsonType)!)], page.Continue));
    }

    public Task ApplyAsync(ResourceBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingWrite[] writes = [.. batch.Writes.Select(w => new PendingWrite(w))];
        lock (gate)
        {
            if (batch.Lease is { } lease && !leases.IsGood(lease))
                return Task.FromException(new LeaseLostException(lease.Name));
            var undo = new Stack<(PendingWrite Write, Row? Before)>();
            foreach (var write in writes)
            {
                var before = TableOf(write.Kind).Find(write.Id);
                if (Carry(write, before) is { } failure)
                {
                    foreach (var (done, row) in undo)
                        TableOf(done.Kind).Put(done.Id, row);
                    return Task.FromException(failure);
                }
                undo.Push((write, before));
            }
            foreach (var write in writes.Where(w => w.Applied))
                feed.Publish(write.Kind, write.Change);
        }
        return Task.CompletedTask;
    }

    public IAsyncEnumerable<ResourceChange> WatchAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        feed.Watch(T.Kind, cancellationToken);

    private IAsyncEnumerable<string> ListIdsAsync(string kind, IReadOnlyCollection<string> phases, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
            return TableOf(kind).ListIds(phases).ToAsyncEnumerable();
    }

    private Exception? Carry(PendingWrite write, Row? before)
    {
        var (kind, table) = (write.Write.WriteKind, TableOf(write.Kind));
        switch (kind)
        {
            case WriteKind.Create when before is not null:
            case WriteKind.UpdateSpec or WriteKind.UpdateStatus when before?.Version != write.Write.ExpectedVersion:
                return write.Failure(exists: before is not null);
            case WriteKind.Create:
                var created = SortKey.Microseconds(write.Write.Metadata!.Created);
                table.Put(write.Id, new Row(new SortKey(created, write.Id), write));
                break;
            case WriteKind.Delete:
                table.Put(write.Id, null);
                break;
            default:
                table.Put(write.Id, new Row(before!.Key, write) { Parent = before.Parent });
                break;
        }
        write.Applied = kind != WriteKind.Delete || before is not null;
        write.StoredParent = kind == WriteKind.Create ? write.Write.Parent : before?.Parent;
        return null;
    }

    private Table TableOf(string kind)
    {
        if (!tables.TryGetValue(kind, out var table))
            tables.Add(kind, table = new Table());
        return table;
    }

    private sealed record Row(SortKey Key, string? Parent, string? Phase, string Version, byte[] Document)
    {
        public Row(SortKey key, PendingWrite write)
            : this(key, write.Write.Parent, write.Write.Phase, write.Write.Metadata!.Version, write.Document!)
        {
        }
    }

    private sealed class Table
    {
        private readonly Dictionary<string, Row> rows = new(StringComparer.Ordinal);
        private readonly SortedSet<Row> order = new(Comparer<Row>.Create((a, b) => a.Key.CompareTo(b.Key)));

        public Row? Find(string id) => rows.GetValueOrDefault(id);

        public void Put(string id, Row? row)
        {
            if (rows.Remove(id, out var before))
                order.Remove(before);
            if (row is null)
                return;
            rows.Add(id, row);
            order.Add(row);
        }

        public List<string> ListIds(IReadOnlyCollection<string> phases) =>
            [.. order.Where(r => r.Phase is not null && phases.Contains(r.Phase)).Select(r => r.Key.Id)];

        /// <summary>Up to one item more than the page has.</summary>
        public List<Row> List(ListRequest request) =>
            request.MatchesNothing
                ? []
                : [.. (request.Descending ? order.Reverse() : order)
                    .Where(r => Matches(r, request))
                    .Skip(request.Offset)
                    .Take(request.Limit + 1)];

        private static bool Matches(Row row, ListRequest request) =>
            (request.After is not { } after || row.Key.CompareTo(after) * (request.Descending ? -1 : 1) > 0)
            && (request.CreatedBefore is not { } before || row.Key.Created < before)
            && (request.Parent is null || row.Parent == request.Parent)
            && (request.Phases.Count == 0 || (row.Phase is not null && request.Phases.Contains(row.Phase)))
            && (request.IdPrefix is null || row.Key.Id.StartsWith(request.IdPrefix, StringComparison.Ordinal))
            && (request.IdContains is null || StoredText.ToLowerAscii(row.Key.Id).Contains(request.IdContains, StringComparison.Ordinal));
    }
}

using System.Globalization;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Testing;

/// <summary>What every <see cref="IResourceStore"/> does. A back end inherits this and says how a fresh, empty store is made.</summary>
public abstract class ResourceStoreConformance : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ManualTime time = new();
    private readonly List<IResourceStore> stores = [];
    private IResourceStore store = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = await NewStoreAsync(new StorageOptions());

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var made in stores.OfType<IAsyncDisposable>())
            await made.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A store without contents.</summary>
    protected abstract Task<IResourceStore> CreateStoreAsync(StorageOptions options);

    [Fact]
    public async Task Create_NewResource_IsFoundAsStored()
    {
        var labels = new Dictionary<string, string> { ["a"] = "b" };
        var stored = await CreateAsync(new Widget(
            new ResourceMetadata { Id = "a", Labels = labels, Project = "p", DeletionRequested = time.GetUtcNow() }, "o", "s", "text"));

        Assert.Equal(1, stored.Metadata.Generation);
        Assert.NotEmpty(stored.Metadata.Version);
        Assert.Equal(time.GetUtcNow(), stored.Metadata.Created);
        Assert.Equal(time.GetUtcNow(), stored.Metadata.Updated);
        var found = await FindAsync("a");
        Assert.Equal(stored.Metadata with { Labels = null }, found!.Metadata with { Labels = null });
        Assert.Equal(labels, found.Metadata.Labels!);
        Assert.Equal(("o", "s", "text"), (found.Owner, found.Stage, found.Text));
    }

    [Fact]
    public async Task Create_ExistingId_Throws()
    {
        await CreateAsync(new Widget("a", text: "first"));

        var error = await Assert.ThrowsAsync<ResourceAlreadyExistsException>(() => CreateAsync(new Widget("a", text: "second")));

        Assert.Equal(("Widget", "a"), (error.Kind, error.Id));
        Assert.Equal("first", (await FindAsync("a"))!.Text);
    }

    [Fact]
    public async Task Find_MissingOrOfAnotherKind_IsNull()
    {
        await CreateAsync(new Widget("a"));

        Assert.Null(await FindAsync("b"));
        Assert.Null(await FindAsync("A"));
        Assert.Null(await FindAsync(""));
        Assert.Null(await store.FindAsync<Gadget>("a", Token));
        Assert.Empty((await store.ListAsync<Gadget>(new ResourceQuery(), Token)).Items);
    }

    [Fact]
    public async Task FindMany_AnyNumberOfIds_GivesEachThatExistsOnce()
    {
        var batch = new ResourceBatch(time);
        string[] ids = [.. Enumerable.Range(0, 1_300).Select(i => $"w{i}")];
        foreach (var id in ids)
            batch.Create(new Widget(id));
        await store.ApplyAsync(batch, Token);

        var found = await store.FindManyAsync<Widget>([.. ids, "w7", "W8", "missing", "", "nul\0"], Token);

        Assert.Equal(ids.Order(StringComparer.Ordinal), found.Select(w => w.Id).Order(StringComparer.Ordinal));
        Assert.Empty(await store.FindManyAsync<Widget>([], Token));
        Assert.Empty(await store.FindManyAsync<Gadget>(ids, Token));
    }

    [Fact]
    public async Task Find_IdThatCannotExist_IsNull()
    {
        foreach (var id in new[] { "nul\0byte", "lone \ud800 surrogate", "\udc00\ud800" })
        {
            Assert.Null(await FindAsync(id));
            Assert.Empty(await IdsAsync(new ResourceQuery { Parent = id }));
            Assert.Empty(await IdsAsync(new ResourceQuery { IdContains = id }));
            Assert.Empty(await IdsAsync(new ResourceQuery { IdPrefix = id }));
            Assert.Empty(await IdsAsync(new ResourceQuery { Phases = [id] }));
            await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(new Widget(id)));
            await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(new Widget("a", owner: id)));
        }
    }

    [Fact]
    public async Task Create_LongestIdAndParent_IsKeptAndLongerOnesAreRefused()
    {
        var longest = string.Concat(Enumerable.Repeat("€", 333)) + "x";
        await CreateAsync(new Widget(longest, owner: longest, stage: "s"));

        Assert.Equal([longest], await IdsAsync(new ResourceQuery { Parent = longest, Phases = ["s"] }));
        await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(new Widget(longest + "x")));
        await Assert.ThrowsAsync<ArgumentException>(() => CreateAsync(new Widget("")));
        Assert.Null(await FindAsync(longest + "x"));
        Assert.Empty(await IdsAsync(new ResourceQuery { IdContains = new string('x', 100_000) }));
    }

    [Fact]
    public async Task Update_SpecAndStatus_RaiseGenerationOnlyForTheSpec()
    {
        var created = await CreateAsync(new Widget("a", "o", "new"));
        time.Advance(TimeSpan.FromMinutes(1));
        var spec = await store.UpdateSpecAsync(created with { Text = "wish" }, time, Token);
        time.Advance(TimeSpan.FromMinutes(1));
        var status = await store.UpdateStatusAsync(spec with { Stage = "old" }, time, Token);

        Assert.Equal((2, 2), (spec.Metadata.Generation, status.Metadata.Generation));
        Assert.Equal(3, new[] { created, spec, status }.Select(w => w.Metadata.Version).Distinct().Count());
        var found = await FindAsync("a");
        Assert.Equal(status, found);
        Assert.Equal(created.Metadata.Created, found!.Metadata.Created);
        Assert.Equal(created.Metadata.Created.AddMinutes(2), found.Metadata.Updated);
        Assert.Empty(await IdsAsync(new ResourceQuery { Phases = ["new"] }));
        Assert.Equal(["a"], await IdsAsync(new ResourceQuery { Phases = ["old"], Parent = "o" }));
    }

    [Fact]
    public async Task Update_OldVersion_Conflicts()
    {
        var created = await CreateAsync(new Widget("a"));
        var updated = await store.UpdateStatusAsync(created with { Text = "first" }, time, Token);

        var error = await Assert.ThrowsAsync<ResourceConflictException>(() => store.UpdateStatusAsync(created with { Text = "second" }, time, Token));

        Assert.Equal(("Widget", "a"), (error.Kind, error.Id));
        Assert.Equal(updated, await FindAsync("a"));
    }

    [Fact]
    public async Task Update_MissingResource_IsNotFound()
    {
        var created = await CreateAsync(new Widget("a"));
        await store.DeleteAsync<Widget>("a", time, Token);

        var error = await Assert.ThrowsAsync<ResourceNotFoundException>(() => store.UpdateSpecAsync(created, time, Token));

        Assert.Equal(("Widget", "a"), (error.Kind, error.Id));
    }

    [Fact]
    public async Task Delete_TwiceOrNeverThere_Succeeds()
    {
        await CreateAsync(new Widget("a"));

        await store.DeleteAsync<Widget>("a", time, Token);
        await store.DeleteAsync<Widget>("a", time, Token);
        await store.DeleteAsync<Widget>("never", time, Token);

        Assert.Null(await FindAsync("a"));
        Assert.Equal(1, (await CreateAsync(new Widget("a"))).Metadata.Generation);
    }

    [Fact]
    public async Task Apply_EmptyBatch_Succeeds() => await store.ApplyAsync(new ResourceBatch(time), Token);

    [Fact]
    public async Task Apply_SeveralKindsAndStepsInOneBatch_AreCarriedOutInOrder()
    {
        var batch = new ResourceBatch(time);
        var widget = batch.Create(new Widget("a"));
        batch.Create(new Gadget(new ResourceMetadata { Id = "a" }));
        var changed = batch.UpdateStatus(widget with { Text = "changed" });
        batch.Create(new Widget("b"));
        batch.Delete<Widget>("b");

        await store.ApplyAsync(batch, Token);

        Assert.Equal(changed, await FindAsync("a"));
        Assert.Null(await FindAsync("b"));
        Assert.NotNull(await store.FindAsync<Gadget>("a", Token));
    }

    [Fact]
    public async Task Apply_OneWriteRefused_NoneIsCarriedOut()
    {
        var kept = await CreateAsync(new Widget("kept", stage: "s"));
        var stale = kept with { Metadata = kept.Metadata with { Version = "another" } };
        foreach (var refused in new Action<ResourceBatch>[]
        {
            b => b.Create(new Widget("kept")),
            b => b.UpdateStatus(stale),
            b => b.UpdateSpec(kept with { Metadata = kept.Metadata with { Id = "missing" } }),
        })
        {
            var batch = new ResourceBatch(time);
            batch.Create(new Widget("new"));
            batch.Delete<Widget>("kept");
            batch.Create(new Widget("kept", text: "other"));
            refused(batch);
            batch.Create(new Widget("later"));

            var error = await Record.ExceptionAsync(() => store.ApplyAsync(batch, Token));

            Assert.True(error is ResourceAlreadyExistsException or ResourceConflictException or ResourceNotFoundException, $"{error}");
            Assert.Equal(["kept"], await IdsAsync(new ResourceQuery()));
            Assert.Equal(kept, await FindAsync("kept"));
        }
    }

    [Fact]
    public async Task Apply_ManyCallersAtOnce_RefusedBatchesHarmNoOther()
    {
        await CreateAsync(new Widget("taken"));
        var callers = Enumerable.Range(0, 300).Select(async i =>
        {
            var batch = new ResourceBatch(time);
            batch.Create(new Widget($"w{i:D3}", owner: "many"));
            if (i % 3 == 0)
                batch.Create(new Widget("taken"));
            if (i % 3 == 1)
                batch.Create(new Widget($"x{i:D3}", owner: "many"));
            return await Record.ExceptionAsync(() => store.ApplyAsync(batch, Token));
        }).ToList();

        var errors = await Task.WhenAll(callers);

        for (var i = 0; i < errors.Length; i++)
            Assert.True(i % 3 == 0 ? errors[i] is ResourceAlreadyExistsException : errors[i] is null, $"Batch {i}: {errors[i]}");
        Assert.Equal(300, (await IdsAsync(new ResourceQuery { Parent = "many", Limit = ResourceQuery.MaxLimit })).Count);
    }

    [Fact]
    public async Task Update_ManyCallersAtOnce_EachVersionIsReplacedOnce()
    {
        await CreateAsync(new Widget("counter", text: "0"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => IncrementAsync()));

        Assert.Equal("20", (await FindAsync("counter"))!.Text);

        async Task IncrementAsync()
        {
            while (true)
            {
                var widget = await FindAsync("counter");
                var next = int.Parse(widget!.Text, CultureInfo.InvariantCulture) + 1;
                try
                {
                    await store.UpdateStatusAsync(widget with { Text = next.ToString(CultureInfo.InvariantCulture) }, time, Token);
                    return;
                }
                catch (ResourceConflictException)
                {
                    // Another one was faster: read again.
                }
            }
        }
    }

    [Fact]
    public async Task Apply_CancelledBefore_ChangesNothing()
    {
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.CreateAsync(new Widget("a"), time, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.FindAsync<Widget>("a", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.ListAsync<Widget>(new ResourceQuery(), cancelled));

        Assert.Null(await FindAsync("a"));
    }

    [Fact]
    public async Task Apply_CancelledWhileQueued_IsWhollyDoneOrNotAtAll()
    {
        using var cancellation = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 400).Select(async i =>
        {
            var batch = new ResourceBatch(time);
            batch.Create(new Widget($"a{i:D3}"));
            batch.Create(new Widget($"b{i:D3}"));
            var error = await Record.ExceptionAsync(() => store.ApplyAsync(batch, i % 2 == 0 ? cancellation.Token : Token));
            if (i == 101)
                await cancellation.CancelAsync();
            return error;
        }).ToList();

        var errors = await Task.WhenAll(callers);

        var ids = (await IdsAsync(new ResourceQuery { Limit = ResourceQuery.MaxLimit })).ToHashSet();
        for (var i = 0; i < errors.Length; i++)
        {
            Assert.True(errors[i] is null || (i % 2 == 0 && errors[i] is OperationCanceledException), $"Batch {i}: {errors[i]}");
            Assert.Equal((errors[i] is null, errors[i] is null), (ids.Contains($"a{i:D3}"), ids.Contains($"b{i:D3}")));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task List_PageByPage_VisitsEachOnceInOrderThoughTimesAreEqual(bool descending)
    {
        // Three of each moment, written in another order than they are listed in.
        var expected = new List<string>();
        for (var moment = 0; moment < 5; moment++)
        {
            foreach (var letter in "cab")
                await CreateAsync(new Widget($"{letter}{moment}"));
            expected.AddRange([$"a{moment}", $"b{moment}", $"c{moment}"]);
            time.Advance(TimeSpan.FromMicroseconds(1));
        }
        if (descending)
            expected.Reverse();

        foreach (var limit in new[] { 1, 2, 4, 5, 14, 15, 16 })
        {
            var (seen, pages) = (new List<string>(), 0);
            var query = new ResourceQuery { Limit = limit, Descending = descending };
            do
            {
                var page = await store.ListAsync<Widget>(query, Token);
                Assert.InRange(page.Items.Count, 1, limit);
                seen.AddRange(page.Items.Select(w => w.Id));
                query = query with { Continue = page.Continue };
                pages++;
            }
            while (query.Continue is not null);
            Assert.Equal(expected, seen);
            Assert.Equal((expected.Count + limit - 1) / limit, pages);
        }
    }

    [Fact]
    public async Task List_ChangesBetweenPages_NothingTwiceAndNothingLost()
    {
        for (var i = 0; i < 6; i++)
        {
            await CreateAsync(new Widget($"w{i}"));
            time.Advance(TimeSpan.FromSeconds(1));
        }
        var first = await store.ListAsync<Widget>(new ResourceQuery { Limit = 3 }, Token);
        await store.DeleteAsync<Widget>("w2", time, Token);
        await store.DeleteAsync<Widget>("w4", time, Token);
        await CreateAsync(new Widget("a-new-one"));
        var second = await store.ListAsync<Widget>(new ResourceQuery { Limit = 3, Continue = first.Continue }, Token);

        Assert.Equal(["w0", "w1", "w2"], first.Items.Select(w => w.Id));
        Assert.Equal(["w3", "w5", "a-new-one"], second.Items.Select(w => w.Id));
        Assert.Null(second.Continue);
    }

    [Fact]
    public async Task List_Offset_LeavesOutThatMany()
    {
        for (var i = 0; i < 9; i++)
            await CreateAsync(new Widget($"w{i}", stage: i % 2 == 0 ? "even" : "odd"));

        Assert.Equal(["w3", "w4"], await IdsAsync(new ResourceQuery { Offset = 3, Limit = 2 }));
        Assert.Equal(["w5", "w4"], await IdsAsync(new ResourceQuery { Offset = 3, Limit = 2, Descending = true }));
        Assert.Equal(["w4", "w6"], await IdsAsync(new ResourceQuery { Offset = 2, Limit = 2, Phases = ["even"] }));
        Assert.Equal(["w3", "w4"], await IdsAsync(new ResourceQuery { Offset = 3, Limit = 2, Phases = ["even", "odd"] }));
        Assert.Empty(await IdsAsync(new ResourceQuery { Offset = 9 }));
        var page = await store.ListAsync<Widget>(new ResourceQuery { Offset = 3, Limit = 2 }, Token);
        Assert.Equal(["w5", "w6"], await IdsAsync(new ResourceQuery { Limit = 2, Continue = page.Continue }));
    }

    [Fact]
    public async Task List_Filters_CombineInEveryOrder()
    {
        string?[] owners = ["wine", "iris", null], stages = ["Running", "Failed", "Done", null];
        var all = new List<Widget>();
        for (var i = 0; i < 60; i++)
        {
            all.Add(await CreateAsync(new Widget($"{(i % 5 == 0 ? "Alpha" : "beta")}-{i:D2}", owners[i % 3], stages[i % 4])));
            time.Advance(TimeSpan.FromSeconds(i % 2));
        }
        var middle = all[30].Metadata.Created;

        var queries =
            from owner in new[] { null, "wine", "none" }
            from phases in new string[]?[] { null, [], ["Failed"], ["Failed", "Done", "Failed"], ["Running", "Failed", "Done", "Other"] }
            from part in new[] { null, "", "alpha", "-1" }
            from prefix in new[] { null, "beta", "BETA" }
            from before in new DateTimeOffset?[] { null, middle }
            from backwards in new[] { false, true }
            select new ResourceQuery
            {
                Parent = owner,
                Phases = phases,
                IdContains = part,
                IdPrefix = prefix,
                CreatedBefore = before,
                Descending = backwards,
                Limit = 4,
            };
        foreach (var query in queries)
            Assert.Equal(Expected(query), await AllPagesAsync(query));

        IEnumerable<string> Expected(ResourceQuery query)
        {
            var ids = all
                .Where(w => query.Parent is null || w.Owner == query.Parent)
                .Where(w => query.Phases is null or { Count: 0 } || query.Phases.Contains(w.Stage))
                .Where(w => query.IdContains is null || w.Id.Contains(query.IdContains, StringComparison.OrdinalIgnoreCase))
                .Where(w => query.IdPrefix is null || w.Id.StartsWith(query.IdPrefix, StringComparison.Ordinal))
                .Where(w => query.CreatedBefore is null || w.Metadata.Created < query.CreatedBefore)
                .OrderBy(w => w.Metadata.Created).ThenBy(w => w.Id, StringComparer.Ordinal)
                .Select(w => w.Id);
            return query.Descending ? ids.Reverse() : ids;
        }
    }

    [Fact]
    public async Task List_IdWithWildcards_TakesThemLiterally()
    {
        foreach (var id in new[] { "a%b", "a_b", "axb", @"a\b", "a*b", "a?b", "[ab]", "a'b" })
            await CreateAsync(new Widget(id));

        foreach (var part in new[] { "%", "_", @"\", "*", "?", "[", "'", "a%b", @"\b", "_b" })
        {
            var all = new[] { "[ab]", "a%b", "a'b", "a*b", "a?b", @"a\b", "a_b", "axb" };
            Assert.Equal(all.Where(id => id.Contains(part, StringComparison.Ordinal)), await IdsAsync(new ResourceQuery { IdContains = part }));
            Assert.Equal(all.Where(id => id.StartsWith(part, StringComparison.Ordinal)), await IdsAsync(new ResourceQuery { IdPrefix = part }));
        }
    }

    [Fact]
    public async Task List_IdContains_IgnoresCaseOfAsciiLettersAlone()
    {
        foreach (var id in new[] { "Straße", "STRASSE", "Äpfel", "äpfel", "İstanbul", "kelvin", "\u212Aelvin" })
            await CreateAsync(new Widget(id));

        Assert.Equal(["Straße"], await IdsAsync(new ResourceQuery { IdContains = "STRAß" }));
        Assert.Equal(["STRASSE"], await IdsAsync(new ResourceQuery { IdContains = "strasse" }));
        Assert.Equal(["Äpfel"], await IdsAsync(new ResourceQuery { IdContains = "ÄPFEL" }));
        Assert.Equal(["äpfel"], await IdsAsync(new ResourceQuery { IdContains = "äPfEl" }));
        Assert.Equal(["İstanbul"], await IdsAsync(new ResourceQuery { IdContains = "İ" }));
        Assert.Equal(["kelvin"], await IdsAsync(new ResourceQuery { IdContains = "K" }));
    }

    [Fact]
    public async Task List_AnyUnicode_IsOrderedByItsUtf8Bytes()
    {
        // U+FF5E sorts before U+1F600 in UTF-8, and after it in UTF-16.
        string[] ids = ["Z", "a", "a b", "é", "日本", "\uD7FF", "\uFF5E", "😀", "😀b", "\U0010FFFF"];
        foreach (var id in ids.Reverse())
            await CreateAsync(new Widget(id, owner: id, stage: id, text: $"{id} \0 \u2028 \" \\ </script>"));

        Assert.Equal(ids, await AllPagesAsync(new ResourceQuery { Limit = 3 }));
        Assert.Equal(ids.Reverse(), await AllPagesAsync(new ResourceQuery { Limit = 3, Descending = true }));
        foreach (var id in ids)
        {
            Assert.Equal($"{id} \0 \u2028 \" \\ </script>", (await FindAsync(id))!.Text);
            Assert.Equal([id], await IdsAsync(new ResourceQuery { Parent = id, Phases = [id, "other"] }));
            Assert.Equal(ids.Where(i => i.StartsWith(id, StringComparison.Ordinal)), await IdsAsync(new ResourceQuery { IdPrefix = id }));
        }
    }

    [Fact]
    public async Task List_CreatedBefore_IsExclusiveAndKnowsZones()
    {
        time.Advance(TimeSpan.FromTicks(12_345));
        var created = (await CreateAsync(new Widget("a"))).Metadata.Created;

        Assert.Equal(0, created.Ticks % TimeSpan.TicksPerMicrosecond);
        Assert.Empty(await IdsAsync(new ResourceQuery { CreatedBefore = created }));
        Assert.Equal(["a"], await IdsAsync(new ResourceQuery { CreatedBefore = created.AddTicks(1) }));
        Assert.Equal(["a"], await IdsAsync(new ResourceQuery { CreatedBefore = created.AddSeconds(1).ToOffset(TimeSpan.FromHours(-11)) }));
        Assert.Empty(await IdsAsync(new ResourceQuery { CreatedBefore = DateTimeOffset.MinValue }));
        Assert.Equal(["a"], await IdsAsync(new ResourceQuery { CreatedBefore = DateTimeOffset.MaxValue }));
    }

    [Fact]
    public async Task List_BadContinue_IsRefusedWithoutHarm()
    {
        for (var i = 0; i < 3; i++)
            await CreateAsync(new Widget($"w{i}"));
        var good = (await store.ListAsync<Widget>(new ResourceQuery { Limit = 1 }, Token)).Continue!;
        string[] bad = ["", "x", "not base64!", "AAAA", good[1..], good[..3], "\0", new string('A', 100_000), "MWE=", "MWE6YQ", good + "!"];

        foreach (var token in bad)
        {
            var error = await Assert.ThrowsAsync<InvalidQueryException>(() => IdsAsync(new ResourceQuery { Continue = token }));
            Assert.Equal("continue", error.Parameter);
            Assert.Contains("'continue'", error.Message, StringComparison.Ordinal);
        }
        await Assert.ThrowsAsync<InvalidQueryException>(() => IdsAsync(new ResourceQuery { Continue = good, Descending = true }));
        Assert.Equal(["w1", "w2"], await IdsAsync(new ResourceQuery { Continue = good }));
    }

    [Theory]
    [InlineData(0, 0, "limit")]
    [InlineData(-1, 0, "limit")]
    [InlineData(1001, 0, "limit")]
    [InlineData(10, -1, "offset")]
    public async Task List_LimitOrOffsetOutOfRange_IsRefused(int limit, int offset, string parameter)
    {
        var error = await Assert.ThrowsAsync<InvalidQueryException>(() => IdsAsync(new ResourceQuery { Limit = limit, Offset = offset }));

        Assert.Equal(parameter, error.Parameter);
    }

    [Fact]
    public async Task List_GreatestOffset_IsEmpty()
    {
        await CreateAsync(new Widget("a"));

        Assert.Empty(await IdsAsync(new ResourceQuery { Offset = int.MaxValue, Limit = ResourceQuery.MaxLimit, Phases = ["a", "b"] }));
    }

    [Fact]
    public async Task Create_LargeDocument_IsKeptWhole()
    {
        var text = string.Concat(Enumerable.Range(0, 1 << 17).Select(i => $"{i:D8}"));
        var stored = await CreateAsync(new Widget("large", text: text));

        Assert.Equal(text, (await FindAsync("large"))!.Text);
        var updated = await store.UpdateStatusAsync(stored with { Text = text + "!" }, time, Token);
        Assert.Equal(updated, (await store.ListAsync<Widget>(new ResourceQuery(), Token)).Items.Single());
    }

    [Fact]
    public async Task Watch_Changes_ArriveInOrderWithParents()
    {
        await using var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        var created = await CreateAsync(new Widget("a", owner: "o"));
        await store.CreateAsync(new Gadget(new ResourceMetadata { Id = "other" }), time, Token);
        var spec = await store.UpdateSpecAsync(created, time, Token);
        await store.UpdateStatusAsync(spec, time, Token);
        await Assert.ThrowsAsync<ResourceConflictException>(() => store.UpdateStatusAsync(spec, time, Token));
        await store.DeleteAsync<Widget>("missing", time, Token);
        await store.DeleteAsync<Widget>("a", time, Token);
        var batch = new ResourceBatch(time);
        batch.Create(new Widget("b"));
        batch.Create(new Widget("c"));
        await store.ApplyAsync(batch, Token);

        ResourceChange[] expected =
        [
            new(WriteKind.Create, "a", "o"),
            new(WriteKind.UpdateSpec, "a", "o"),
            new(WriteKind.UpdateStatus, "a", "o"),
            new(WriteKind.Delete, "a", "o"),
            new(WriteKind.Create, "b", null),
            new(WriteKind.Create, "c", null),
        ];
        foreach (var change in expected)
            Assert.Equal(change, await NextAsync(changes));
    }

    [Fact]
    public async Task Watch_ChangeSeen_IsVisibleToReads()
    {
        await using var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 50; i++)
        {
            var write = CreateAsync(new Widget($"w{i}"));
            var change = await NextAsync(changes);
            Assert.NotNull(await FindAsync(change.Id));
            await write;
        }
    }

    [Fact]
    public async Task Watch_SubscribedThenListed_MissesNothing()
    {
        var all = Enumerable.Range(0, 500).Select(i => $"w{i}").ToHashSet();
        var writer = WriteAsync();
        await Eventually.True(async () => await FindAsync("w5") is not null, "the writer is at work");

        await using var changes = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        var known = new HashSet<string>();
        await foreach (var widget in store.EnumerateAsync<Widget>(new ResourceQuery(), Token))
            known.Add(widget.Id);
        while (known.Count < all.Count)
            known.Add((await NextAsync(changes)).Id);
        await writer;

        Assert.Equal(all, known);

        async Task WriteAsync()
        {
            foreach (var id in all)
            {
                await Task.Yield();
                await CreateAsync(new Widget(id));
            }
        }
    }

    [Fact]
    public async Task Watch_ReaderFallsBehind_GetsOneResyncInPlaceOfWhatItMissed()
    {
        var small = await NewStoreAsync(new StorageOptions { WatchBuffer = 3 });
        await using var slow = small.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        await using var quick = small.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        for (var i = 0; i < 10; i++)
        {
            await small.CreateAsync(new Widget($"w{i}"), time, Token);
            Assert.Equal($"w{i}", (await NextAsync(quick)).Id);
        }

        var (seen, resyncs) = (new HashSet<string>(), 0);
        while (!seen.Contains("w9"))
        {
            var change = await NextAsync(slow);
            if (change == ResourceChange.Resync)
            {
                resyncs++;
                await foreach (var widget in small.EnumerateAsync<Widget>(new ResourceQuery(), Token))
                    seen.Add(widget.Id);
            }
            seen.Add(change.Id);
        }
        Assert.Equal(1, resyncs);
        Assert.Equal(10, seen.Count(id => id.Length > 0));

        await DrainAsync(slow, small);
    }

    [Fact]
    public async Task Watch_Cancelled_EndsAndOthersGoOn()
    {
        using var cancellation = new CancellationTokenSource();
        await using var ended = store.WatchAsync<Widget>(cancellation.Token).GetAsyncEnumerator(Token);
        await using var other = store.WatchAsync<Widget>(Token).GetAsyncEnumerator(Token);
        var waiting = ended.MoveNextAsync().AsTask();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await CreateAsync(new Widget("a"));
        Assert.Equal("a", (await NextAsync(other)).Id);
    }

    private static async Task<ResourceChange> NextAsync(IAsyncEnumerator<ResourceChange> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Patience, Token), "The watch has ended.");
        return changes.Current;
    }

    // After a resync changes come one by one again.
    private async Task DrainAsync(IAsyncEnumerator<ResourceChange> changes, IResourceStore of)
    {
        await of.CreateAsync(new Widget("last"), time, Token);
        while ((await NextAsync(changes)).Id != "last")
            Assert.NotEqual(ResourceChange.Resync, changes.Current);
    }

    private async Task<IResourceStore> NewStoreAsync(StorageOptions options)
    {
        var made = await CreateStoreAsync(options);
        stores.Add(made);
        return made;
    }

    private Task<Widget> CreateAsync(Widget widget) => store.CreateAsync(widget, time, Token);

    private Task<Widget?> FindAsync(string id) => store.FindAsync<Widget>(id, Token);

    private async Task<List<string>> IdsAsync(ResourceQuery query) =>
        [.. (await store.ListAsync<Widget>(query, Token)).Items.Select(w => w.Id)];

    private async Task<List<string>> AllPagesAsync(ResourceQuery query)
    {
        var ids = new List<string>();
        do
        {
            var page = await store.ListAsync<Widget>(query, Token);
            ids.AddRange(page.Items.Select(w => w.Id));
            query = query with { Continue = page.Continue };
        }
        while (query.Continue is not null);
        return ids;
    }
}

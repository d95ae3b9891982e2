using System.Text.Json.Nodes;
using Odin.Execution;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Server.Runs;

/// <summary>A run with its tasks, in the order of the file.</summary>
internal sealed record RunView(Run Run, IReadOnlyList<TaskRun> Tasks);

/// <summary>Which runs to list.</summary>
internal sealed record RunFilter
{
    /// <summary>Only ids that contain this, in either case; null or empty: all.</summary>
    public string? Text { get; init; }

    public string? Job { get; init; }

    public IReadOnlyCollection<string>? Phases { get; init; }

    public int Limit { get; init; } = ResourceQuery.DefaultLimit;

    public int Offset { get; init; }

    public string? Continue { get; init; }

    public bool OldestFirst { get; init; }

    public ResourceQuery ToQuery() => new()
    {
        IdContains = string.IsNullOrEmpty(Text) ? null : Text,
        Parent = Job,
        Phases = Phases,
        Descending = !OldestFirst,
        Limit = Limit,
        Offset = Offset,
        Continue = Continue,
    };
}

/// <summary>Reads runs for all that show them, over REST and WebSocket.</summary>
internal sealed class RunReader(IResourceStore store, IEnumerable<ILiveResources> live)
{
    /// <summary>So many tasks are on a page of runs with their tasks, unless its only run has more: whole runs are the unit.</summary>
    public const int MostTasks = 5000;

    private const string Source = "odin";

    public Task<Run?> FindRunAsync(string id, CancellationToken cancellationToken) => store.FindAsync<Run>(id, cancellationToken);

    public async Task<RunView?> FindAsync(string id, CancellationToken cancellationToken) =>
        await store.FindAsync<Run>(id, cancellationToken) is { } run ? new RunView(run, await TasksAsync(id, cancellationToken)) : null;

    /// <summary>The tasks of a run, in the order of the file.</summary>
    public async Task<List<TaskRun>> TasksAsync(string runId, CancellationToken cancellationToken)
    {
        var tasks = new List<TaskRun>();
        await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = runId }, cancellationToken))
            tasks.Add(task);
        tasks.Sort(static (a, b) => a.Spec.Index.CompareTo(b.Spec.Index));
        return tasks;
    }

    /// <summary>The tasks of a run as the store has them, in small pages: for who may stop early.</summary>
    public async IAsyncEnumerable<TaskRun> EnumerateTasksAsync(
        string runId, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new ResourceQuery { Parent = runId, Limit = 100 };
        do
        {
            var page = await store.ListAsync<TaskRun>(query, cancellationToken);
            foreach (var task in page.Items)
                yield return task;
            query = query with { Continue = page.Continue };
        }
        while (query.Continue is not null);
    }

    public Task<ResourcePage<Run>> ListAsync(RunFilter filter, CancellationToken cancellationToken) =>
        store.ListAsync<Run>(filter.ToQuery(), cancellationToken);

    /// <summary>The same with all tasks of each run. The page ends before the run that would take it beyond <see cref="MostTasks"/>.</summary>
    public async Task<ResourcePage<RunView>> ListWithTasksAsync(RunFilter filter, CancellationToken cancellationToken)
    {
        var query = filter.ToQuery();
        var page = await store.ListAsync<Run>(query, cancellationToken);
        var views = new List<RunView>(page.Items.Count);
        var count = 0;
        foreach (var run in page.Items)
        {
            var tasks = await TasksAsync(run.Id, cancellationToken);
            count += tasks.Count;
            // One run there must be, or a list would never get beyond it.
            if (count > MostTasks && views.Count > 0)
                return new ResourcePage<RunView>(views, query.ContinueAfter(views[^1].Run.Metadata));
            views.Add(new RunView(run, tasks));
        }
        return new ResourcePage<RunView>(views, page.Continue);
    }

    /// <summary>The inherited record of a run or a task; null: there is neither.</summary>
    public async Task<JsonObject?> FindRecordAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is { } view)
            return WireRecord.Of(view);
        return await store.FindAsync<TaskRun>(id, cancellationToken) is { } task ? WireRecord.Of(task) : null;
    }

    /// <summary>The events of a task, of all tasks of a run, or of something on a cluster, oldest first; null: there is no such thing.</summary>
    public async Task<IReadOnlyList<(string Id, TaskEvent Event)>?> FindEventsAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is { } view)
            return [.. view.Tasks.SelectMany(Events).OrderBy(e => e.Event.Timestamp)];
        if (await store.FindAsync<TaskRun>(id, cancellationToken) is { } task)
            return [.. Events(task).OrderBy(e => e.Event.Timestamp)];
        if (LiveResource.Parse(id) is not { } resource)
            return null;
        foreach (var place in live)
        {
            if (await place.FindEventsAsync(resource, cancellationToken) is { } events)
                return [.. events.Select((e, index) => ($"evt-{resource.Name}-{index}", new TaskEvent(e.Type, e.Reason, e.Source, e.Message, e.Timestamp)))];
        }
        return null;
    }

    private static IEnumerable<(string Id, TaskEvent Event)> Events(TaskRun task) =>
        task.Status.Events.Concat(Milestones(task)).OrderBy(e => e.Timestamp).Select((e, index) => ($"evt-{task.Id}-{index}", e));

    // The record keeps these as times, not as events. The inherited client crashes on an empty list, so that a task that
    // did as it should needs some too.
    private static IEnumerable<TaskEvent> Milestones(TaskRun task)
    {
        var status = task.Status;
        yield return new TaskEvent("Normal", "Created", Source, "The task was created.", task.Metadata.Created);
        if (status.Phase == TaskRunPhase.Cached)
            yield return new TaskEvent("Normal", "Cached", Source, status.CacheNote ?? "Taken from the cache.", status.Finished ?? task.Metadata.Updated);
        // One that came from the cache, or from an earlier run, has times, but no attempt.
        if (status is { Attempt: 0, Phase: TaskRunPhase.Succeeded })
            yield return new TaskEvent("Normal", status.Reason ?? "Completed", Source, status.Message ?? "It did not have to run.", task.Metadata.Created);
        if (status.Attempt == 0)
            yield break;
        if (status.Submitted is { } submitted)
            yield return new TaskEvent("Normal", "Submitted", Source, $"Attempt {status.Attempt} was handed to the executor.", submitted);
        if (status.Started is { } started)
            yield return new TaskEvent("Normal", "Started", Source, $"Attempt {status.Attempt} was started as {status.ResourceId}.", started);
        if (status is { Phase: TaskRunPhase.Succeeded, Finished: { } finished })
            yield return new TaskEvent("Normal", "Completed", Source, $"Attempt {status.Attempt} succeeded.", finished);
    }
}

using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Storage;

namespace Odin.Runs;

/// <summary>Whether a task may be left out, and why (not).</summary>
internal sealed record CacheAnswer(CacheFacts Facts, bool IsHit, string Because, CacheProduct? Product);

/// <summary>
/// Finds and keeps the results of tasks that declare outputs. The key is made of what the task would see; whatever belongs
/// to one run alone (its id, its workspace) is left symbolic in it, so that the next run can match.
/// </summary>
public sealed class TaskCache(IResourceStore store, TimeProvider time)
{
    /// <summary>Hashes everything that the outputs of the task depend on.</summary>
    internal static Task<CacheFacts> FactsAsync(Run run, TaskRun task, ResolvedTask resolved, CancellationToken cancellationToken) =>
        FactsAsync(run, task, resolved, static path => path, cancellationToken);

    private static async Task<CacheFacts> FactsAsync(
        Run run, TaskRun task, ResolvedTask resolved, Func<string, string> locate, CancellationToken cancellationToken)
    {
        var spec = task.Spec.Task;
        var symbolic = new SymbolicText(run);
        var environment = resolved.Environment.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}={symbolic.Of(e.Value)}\n")
            .Append(symbolic.Of(resolved.WorkingDirectory) + "\n")
            .Append(spec.Image + "\n")
            .Concat(spec.Outputs!.OrderBy(o => o.Key, StringComparer.Ordinal)
                .Select(o => $"{o.Key}:{symbolic.Of(string.Join(':', o.Value.Paths))}\n"));
        var command = TaskHash.Arguments(spec.Command, resolved.Args.Select(symbolic.Of));
        var inputs = await TaskHash.FilesAsync(resolved.Inputs.Select(resolved.Absolute).Select(locate), FileTree.Of(run), cancellationToken);
        var source = symbolic.UsesRoot ? $"{run.Spec.SourceHash} {run.Spec.Commit}" : run.Spec.SourceHash;
        return new CacheFacts(command, TaskHash.Text(string.Concat(environment)), source ?? "", inputs);
    }

    /// <summary>
    /// Looks for a result; if there is one whose files are still what they were, brings them to where this run expects them.
    /// </summary>
    internal async Task<CacheAnswer> TakeAsync(Run run, TaskRun task, ResolvedTask resolved, CancellationToken cancellationToken)
    {
        var (answer, copies) = await LookAsync(run, task, resolved, static path => path, cancellationToken);
        foreach (var (from, to) in copies)
            await FileCopy.ReplaceAsync(from, to, cancellationToken);
        return answer;
    }

    /// <summary>Looks for a result and touches nothing.</summary>
    /// <param name="locate">Where the file that an input names is at the moment: in a dry run, in an earlier workspace.</param>
    internal async Task<CacheAnswer> PeekAsync(
        Run run, TaskRun task, ResolvedTask resolved, Func<string, string> locate, CancellationToken cancellationToken) =>
        (await LookAsync(run, task, resolved, locate, cancellationToken)).Answer;

    private async Task<(CacheAnswer Answer, IReadOnlyList<(string From, string To)> Copies)> LookAsync(
        Run run, TaskRun task, ResolvedTask resolved, Func<string, string> locate, CancellationToken cancellationToken)
    {
        var facts = await FactsAsync(run, task, resolved, locate, cancellationToken);
        if (run.Spec.NoCache)
            return (new(facts, false, "The cache is switched off for this run.", null), []);
        var entry = await store.FindAsync<CacheEntry>(facts.Key, cancellationToken);
        if (entry is null)
            return (new(facts, false, await WhyMissedAsync(run, task, facts, cancellationToken), null), []);

        var product = entry.Product;
        var tree = FileTree.Of(run);
        var copies = new List<(string From, string To)>();
        foreach (var (name, output) in task.Spec.Task.Outputs!)
        {
            var here = output.Paths.Select(resolved.Absolute).ToList();
            var there = product.Paths.GetValueOrDefault(name) ?? [];
            var expected = product.Hashes.GetValueOrDefault(name);
            if (await TaskHash.FilesAsync(here, tree, cancellationToken) == expected && here.Any(Path.Exists))
                continue;
            if (there.Count != here.Count || !there.All(Path.Exists) || await TaskHash.FilesAsync(there, tree, cancellationToken) != expected)
                return (new(facts, false, $"Output '{name}' of run '{product.RunId}' is gone or was changed.", null), []);
            copies.AddRange(there.Zip(here));
        }

        return (new(facts, true, $"Same command, environment, job files and inputs as in run '{product.RunId}'; its outputs are unchanged.", product), copies);
    }

    /// <summary>Keeps the result of a task that has just succeeded. A concurrent writer of the same key may win: same result.</summary>
    internal async Task KeepAsync(Run run, TaskRun task, ResolvedTask resolved, CacheFacts facts, JsonObject record, CancellationToken cancellationToken)
    {
        var hashes = new Dictionary<string, string>();
        var paths = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, output) in task.Spec.Task.Outputs!)
        {
            paths[name] = [.. output.Paths.Select(resolved.Absolute)];
            hashes[name] = await TaskHash.FilesAsync(paths[name], FileTree.Of(run), cancellationToken);
        }
        var product = new CacheProduct(run.Id, task.Id, run.Spec.RunPath, hashes, paths, (JsonObject)record.DeepClone());
        await PutAsync(facts.Key, facts, product, cancellationToken);
        await PutAsync(CacheEntry.LatestId(run.Spec.Job, task.Spec.Task.Name), facts, product, cancellationToken);
    }

    private async Task PutAsync(string id, CacheFacts facts, CacheProduct product, CancellationToken cancellationToken)
    {
        try
        {
            var existing = await store.FindAsync<CacheEntry>(id, cancellationToken);
            if (existing is null)
                await store.CreateAsync(new CacheEntry(new ResourceMetadata { Id = id }, facts, product), time, cancellationToken);
            else
                await store.UpdateStatusAsync(existing with { Facts = facts, Product = product }, time, cancellationToken);
        }
        catch (Exception e) when (e is ResourceConflictException or ResourceAlreadyExistsException)
        {
            // Another run has just kept the result of the same work.
        }
    }

    private async Task<string> WhyMissedAsync(Run run, TaskRun task, CacheFacts facts, CancellationToken cancellationToken)
    {
        var latest = await store.FindAsync<CacheEntry>(CacheEntry.LatestId(run.Spec.Job, task.Spec.Task.Name), cancellationToken);
        return latest is null
            ? "It has not succeeded before."
            : $"Changed since run '{latest.Product.RunId}': {string.Join(", ", facts.ChangedSince(latest.Facts))}.";
    }

    // Longest path first: the workspace of a run may lie below the root.
    private sealed class SymbolicText(Run run)
    {
        public bool UsesRoot { get; private set; }

        public string Of(string text)
        {
            text = text.Replace(run.Spec.RunPath, "${RUN_PATH}", StringComparison.Ordinal)
                .Replace(run.Spec.WorkPath, "${WORK_PATH}", StringComparison.Ordinal)
                .Replace(run.Id, "${PIPE_ID}", StringComparison.Ordinal);
            var rootless = text.Replace(run.Spec.RootPath, "${ROOT_PATH}", StringComparison.Ordinal);
            UsesRoot |= rootless != text;
            return rootless;
        }
    }
}

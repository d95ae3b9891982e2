using System.Net;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Lifecycle;

/// <summary>Makes the server have what files say: creates, replaces, and waits where one thing needs the result of another.</summary>
/// <param name="waits">Whether to wait for the end of all trainings and packagings, and until what is served is ready.</param>
/// <param name="isRehearsal">Whether nothing is to be changed.</param>
internal sealed class ManifestApplication(OdinClient client, Printer printer, bool waits, bool isRehearsal)
{
    private readonly HashSet<ManifestItem> running = [], failed = [];
    private readonly List<int> codes = [];

    /// <summary>A mistake in one entity does not stop the others, but what needs it is left out.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IReadOnlyList<ManifestItem> items, CancellationToken cancellationToken)
    {
        var packagings = items.Where(i => i.Noun == LifecycleNoun.Packaging).ToList();
        var trainings = items.Where(i => i.Noun == LifecycleNoun.Training).ToList();
        var served = items.Where(i => i.Noun.Readiness is not null).ToList();
        foreach (var item in items.Except(packagings).Except(served))
            await StoreAsync(item, mustRun: false, cancellationToken);
        foreach (var training in trainings.Where(t => running.Contains(t) && (waits || packagings.Any(p => EntityComparison.Takes(p, t)))))
            await FollowAsync(training, cancellationToken);
        foreach (var packaging in packagings)
        {
            var needed = trainings.Where(t => EntityComparison.Takes(packaging, t)).ToList();
            if (needed.Find(failed.Contains) is { } missing)
                Fail(packaging, new CliException(ExitCode.Failure, $"the {packaging.Title} is left out, as the {missing.Title} has no artifact for it"));
            else
                await StoreAsync(packaging, mustRun: needed.Exists(running.Contains), cancellationToken);
        }
        foreach (var packaging in packagings.Where(p => waits && running.Contains(p)))
            await FollowAsync(packaging, cancellationToken);
        await ServeAsync(served, packagings, cancellationToken);
        await WriteAsync(items, cancellationToken);
        return codes.Distinct().Count() switch { 0 => ExitCode.Success, 1 => codes[0], _ => ExitCode.Failure };
    }

    /// <summary>Deletes what the files name, what needs others first.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> DeleteAsync(IReadOnlyList<ManifestItem> items, bool ignoresMissing, CancellationToken cancellationToken)
    {
        var leaving = new List<ManifestItem>();
        foreach (var item in items.Reverse())
        {
            var answer = await client.DeleteAsync(item.Path, cancellationToken);
            if (answer.Status == HttpStatusCode.NotFound && ignoresMissing)
                printer.Say($"The {item.Title} is not there.");
            else if (!answer.IsSuccess)
                Fail(item, Told(item, answer));
            else if (item.Noun.Readiness is { GoesSlowly: true })
                leaving.Add(item);
            else
                printer.Say($"The {item.Title} was deleted.");
        }
        foreach (var item in leaving)
        {
            await WaiterFor(item).WaitUntilGoneAsync(item.Id, cancellationToken);
            printer.Say($"The {item.Title} was deleted.");
        }
        return codes.Distinct().Count() switch { 0 => ExitCode.Success, 1 => codes[0], _ => ExitCode.Failure };
    }

    // Routes after deployments, each once those before it are ready: a route to what is not there would be refused or lead nowhere.
    private async Task ServeAsync(List<ManifestItem> served, List<ManifestItem> packagings, CancellationToken cancellationToken)
    {
        var images = new List<string>();
        foreach (var packaging in packagings.Where(p => served.Count > 0 && !isRehearsal && waits && running.Contains(p) && !failed.Contains(p)))
            images.AddRange(EntityComparison.ImagesOf((await client.GetAsync(packaging.Path, cancellationToken)).Body));
        foreach (var kind in served.GroupBy(i => i.Noun))
        {
            // An image may have been made anew under its old name.
            foreach (var item in kind)
                await StoreAsync(item, mustRun: images.Exists(i => EntityComparison.IsImageOf(item, i)), cancellationToken);
            foreach (var item in kind.Where(i => waits && running.Contains(i)))
                await WaitAsync(item, cancellationToken);
        }
    }

    private async Task WaitAsync(ManifestItem item, CancellationToken cancellationToken)
    {
        if (isRehearsal)
            return;
        try
        {
            printer.Say(await WaiterFor(item).WaitAsync(item.Id, cancellationToken));
        }
        catch (CliException e) when (e.ExitCode != ExitCode.Unavailable)
        {
            Fail(item, e);
        }
    }

    /// <param name="mustRun">Whether it has work to do even if it is as it was.</param>
    private async Task StoreAsync(ManifestItem item, bool mustRun, CancellationToken cancellationToken)
    {
        var before = await client.GetAsync(item.Path, cancellationToken);
        if (before.Status != HttpStatusCode.NotFound && !before.IsSuccess)
        {
            Fail(item, Told(item, before));
            return;
        }
        var (isNew, isWork) = (!before.IsSuccess, item.Noun.Outcome is not null);
        var isAwaited = isWork || item.Noun.Readiness is not null;
        var state = LifecycleNoun.Find(before.Body, "status.state");
        if (!isNew && !mustRun && EntityComparison.IsUnchanged(item.Json, before.Body!) && !(isWork && state == "failed"))
        {
            printer.Say($"The {item.Title} is unchanged{(isWork && state == "succeeded" ? $"; `odin {item.Noun.Command} edit -f {item.File}` would run it again" : "")}.");
            if (isAwaited && state is not ("succeeded" or "Ready"))
                running.Add(item);
            return;
        }
        if (isRehearsal)
        {
            printer.Say($"The {item.Title} would be {(isNew ? "created" : "replaced")}{(isWork && !isNew ? " and run again" : "")}.");
            if (isAwaited)
                running.Add(item);
            return;
        }
        var answer = isNew ? await client.PostAsync(item.Noun.WishPath, item.Json, cancellationToken) : await client.PutAsync(item.Noun.WishPath, item.Json, cancellationToken);
        if (!answer.IsSuccess)
        {
            Fail(item, Told(item, answer));
            return;
        }
        printer.Say($"The {item.Title} was {(isNew ? "created" : "replaced")}.");
        if (isAwaited)
            running.Add(item);
    }

    private async Task FollowAsync(ManifestItem item, CancellationToken cancellationToken)
    {
        if (isRehearsal)
            return;
        try
        {
            // Its log is no data.
            await new EntityFollower(client, item.Noun, printer.Environment with { Out = printer.Messages }).FollowAsync(item.Id, cancellationToken);
        }
        catch (CliException e) when (e.ExitCode != ExitCode.Unavailable)
        {
            Fail(item, e);
        }
    }

    private ReadinessWaiter WaiterFor(ManifestItem item) => new(client, item.Noun, printer.Environment.Error, TimeSpan.FromSeconds(item.Noun.Readiness!.Patience));

    // As the files have it in a rehearsal, else as it is at the end.
    private async Task WriteAsync(IReadOnlyList<ManifestItem> items, CancellationToken cancellationToken)
    {
        if (printer.Format == OutputFormat.Table)
            return;
        var list = new JsonArray();
        foreach (var item in items)
        {
            if (isRehearsal)
                list.Add(item.Json.DeepClone());
            else if (await client.GetAsync(item.Path, cancellationToken) is { IsSuccess: true } answer)
                list.Add((JsonNode)item.Noun.Named(answer.Body));
        }
        printer.Data(list, items.Select(i => $"{i.Noun.Command.Replace(' ', '-')}/{i.Id}"));
    }

    private static CliException Told(ManifestItem item, ApiAnswer answer)
    {
        var told = answer.Failure(null);
        return new CliException(told.ExitCode, $"the {item.Title} of '{item.File}': {told.Message}", told.Hint);
    }

    // Where nobody is, or nobody lets us in, the next one would get the same answer.
    private void Fail(ManifestItem item, CliException why)
    {
        if (why.ExitCode is ExitCode.Unavailable or ExitCode.Unauthorised)
            throw why;
        failed.Add(item);
        codes.Add(why.ExitCode);
        printer.Note($"error: {why.Message}");
        if (why.Hint is { } hint)
            printer.Note(hint);
    }
}

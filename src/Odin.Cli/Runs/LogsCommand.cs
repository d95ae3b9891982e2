using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Odin.Cli.Progress;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin logs</c>: what the programs of a task or run have written.</summary>
internal sealed class LogsCommand : RemoteCommand
{
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until the end." };
    private static readonly Option<int?> Lines = new("--lines", "-l") { Description = "Only the last lines.", HelpName = "N" };
    private static readonly Option<string?> Namespace = new("--namespace") { Description = "The Kubernetes namespace, for the WebSocket protocol.", HelpName = "NAME" };
    private static readonly Option<string?> Container = new("--container") { Description = "One container of a pod that is not a task's.", HelpName = "NAME" };
    private readonly Argument<string> resource;

    // A log that comes at once needs no words beside it.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    public LogsCommand(CliSession session)
        : base(session, "logs", "Prints the output of a task, or of all tasks of a run; also after they are gone.")
    {
        Group = CommandGroup.Start;
        Examples = ["odin logs wine-3f9ak2xwj--train-knn", "odin logs wine-3f9ak2xwj -f", "odin logs wine-3f9ak2xwj--train-knn --lines 100", "odin logs wine-3f9ak2xwj--train-knn-r1", "odin logs svc/web --lines 100"];
        resource = RunArgument.Create(session, "RESOURCE", "The id of a run, a task, or one of its attempts: TASK-r1 is the first. A part of a run's id will do if no other has it. On a cluster also a pod, svc/NAME or deploy/NAME in the namespace of the tasks.");
        Take(output: false, resource, Follow, Lines, Namespace, Container);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(resource);
        if (call.IsWebSocket)
            return await OverSocketAsync(call, id, cancellationToken);
        try
        {
            return await OverRestAsync(call, id, cancellationToken);
        }
        catch (CliException failure) when (failure.ExitCode == ExitCode.NotFound && !Session.StockAlias)
        {
            return await OverRestAsync(call, await FindAsync(call, id, failure, cancellationToken), cancellationToken);
        }
    }

    private async Task<int> OverRestAsync(RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var path = Paths.WithQuery(
            Paths.Resource(id, "logs"),
            ("follow", call.Parse.GetValue(Follow) ? "true" : null),
            ("lines", RunsClient.Number(call.Parse.GetValue(Lines))),
            ("container", call.Parse.GetValue(Container)));
        using var answer = await call.Client.OpenAsync(path, "text/plain", RunsClient.HintFor(id), cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        if (answer.Content.Headers.ContentType?.MediaType == "application/json")
        {
            // A server of the original line has only this: the whole text as one JSON string.
            var text = await JsonNode.ParseAsync(stream, cancellationToken: cancellationToken);
            Session.Environment.Out.WriteLine(text?.ToString() ?? "");
            return ExitCode.Success;
        }
        if (await CopyAsync(call, id, stream, cancellationToken) == 0 && !Session.StockAlias)
            await ExplainSilenceAsync(call, id, cancellationToken);
        return ExitCode.Success;
    }

    // As for `odin status`, a part of the id is enough; here only if it means one run.
    private async Task<string> FindAsync(RemoteCall call, string wanted, CliException failure, CancellationToken cancellationToken)
    {
        if (LocalRunner.FindLogs(Session.Environment, wanted) is { } logs)
            throw new CliException(failure.ExitCode, failure.Message, $"That was a local run: what its tasks wrote is in '{logs}'.");
        if (RunsClient.RunOf(wanted) != wanted)
            throw failure;
        var answer = await call.Client.GetAsync(Paths.WithQuery("v1/pipelines", ("q", wanted), ("limit", "6"), ("tasks", "false")), cancellationToken);
        if (!answer.IsSuccess)
            throw failure;
        var found = answer.ReadList("pipelines", CliJson.Default.PipelineRecord).Select(r => r.Id).OfType<string>().Where(id => id != wanted).ToList();
        if (found.Count > 1)
        {
            throw new CliException(
                ExitCode.Usage, $"'{wanted}' matches several runs: {string.Join(", ", found.Take(5))}{(found.Count > 5 ? " …" : "")}", "Give the whole id of one.");
        }
        if (found.Count == 0)
            throw failure;
        call.Printer.Note($"The run that matches '{wanted}' is {found[0]}.");
        return found[0];
    }

    // Nothing at all is puzzling: what came from the cache has written nothing this time.
    private static async Task ExplainSilenceAsync(RemoteCall call, string id, CancellationToken cancellationToken)
    {
        const int Most = 20;
        var answer = await call.Client.GetAsync(Paths.Run(RunsClient.RunOf(id)), cancellationToken);
        if (!answer.IsSuccess || (answer.Body as JsonObject)?["pipeline"] is not JsonObject)
            return;
        var run = answer.Read("pipeline", CliJson.Default.PipelineRecord);
        var tasks = run.Tasks.Where(t => id == run.Id || t.Id == id).ToList();
        var taken = tasks.Where(t => t.Reason == "Reused" || RunProgress.StateOf(t) == "Cached").ToList();
        foreach (var task in taken.Take(Most))
            call.Printer.Note($"{RunProgress.NameOf(task)} did not run: {ProgressTable.Remark(task)}");
        if (taken.Count > Most)
            call.Printer.Note($"… and {taken.Count - Most} more did not run.");
        if (taken.Count < tasks.Count || tasks.Count == 0)
            call.Printer.Note(run.IsEnded ? $"Nothing {(taken.Count > 0 ? "else " : "")}was written." : "Nothing is written yet; -f waits for it.");
    }

    private async Task<long> CopyAsync(RemoteCall call, string id, Stream stream, CancellationToken cancellationToken)
    {
        if (!call.Parse.GetValue(Follow) || Session.StockAlias)
            return await CopyAsync(stream, cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var telling = TellWaitsAsync(call, id, stop.Token);
        try
        {
            return await CopyAsync(stream, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await telling;
        }
    }

    // Beside the log: as long as nothing is written, what the tasks wait for is all that there is to know.
    private static async Task TellWaitsAsync(RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var run = RunsClient.RunOf(id);
        var waiting = new WaitingTasks();
        try
        {
            await Task.Delay(Silence, call.Client.Time, cancellationToken);
            await foreach (var update in call.Runs.WatchAsync(run, cancellationToken))
            {
                var tasks = update switch
                {
                    RunUpdate.Run { Pipeline.Tasks: var all } => all,
                    RunUpdate.Task { Record: var one } => [one],
                    _ => [],
                };
                foreach (var task in tasks.Where(t => id == run || (t.Task ?? t.Id) == id).Where(waiting.IsNews))
                    call.Printer.Note(WaitingTasks.Note(task));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or CliException or IOException or HttpRequestException or JsonException)
        {
            // Not a run (a pod, a server that cannot be watched), or the log has ended: the log is what was asked for.
        }
    }

    // In pieces as they come: a log may be larger than memory, and a follower wants each line now.
    private async Task<long> CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var output = Session.Environment.Out;
        var buffer = new char[16 * 1024];
        int count;
        var total = 0L;
        try
        {
            while ((count = await reader.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                await output.FlushAsync(cancellationToken);
                total += count;
            }
            return total;
        }
        catch (HttpIOException e)
        {
            throw new CliException(ExitCode.Unavailable, $"the server broke the connection: {e.Message}", "Type the command again.");
        }
    }

    private async Task<int> OverSocketAsync(RemoteCall call, string id, CancellationToken cancellationToken)
    {
        var wish = new JsonObject { ["resource"] = id, ["namespace"] = call.Parse.GetValue(Namespace) ?? "default" };
        if (call.Parse.GetValue(Container) is { } container)
            wish["container"] = container;
        if (call.Parse.GetValue(Lines) is { } lines)
            wish["lines"] = lines;
        if (call.Parse.GetValue(Follow))
            wish["follow"] = true;
        await foreach (var frame in call.ExchangeAsync("LOGS", wish, cancellationToken))
        {
            if (frame.EnsureSuccess(RunsClient.RunHint).IsEnd)
                break;
            // Followed, a frame is a line; otherwise it is a piece of the text, which has its own line ends.
            Session.Environment.Out.Write(frame.Text.EndsWith('\n') || !call.Parse.GetValue(Follow) ? frame.Text : frame.Text + "\n");
            await Session.Environment.Out.FlushAsync(cancellationToken);
        }
        return ExitCode.Success;
    }
}

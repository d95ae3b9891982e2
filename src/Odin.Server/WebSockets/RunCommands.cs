using System.Text;
using System.Text.Json.Nodes;
using Odin.Pipelines;
using Odin.Runs;
using Odin.Server.Runs;

namespace Odin.Server.WebSockets;

/// <summary>START: a job; answers the id of the run, then a line for each start and end of a task, then END with the id.</summary>
internal sealed class StartCommand(RunSubmitter submitter, RunWatcher watcher) : ISocketCommand
{
    public string Name => "START";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var context = call.Request.Extra["context"] as JsonObject;
        var request = new RunRequest
        {
            Job = JobName.Decode(call.Request.Text),
            Parameters = (JsonObject?)context?.DeepClone(),
            SubmittedBy = call.User,
        };
        // From here on the run is its own: the client may leave.
        var result = await submitter.SubmitAsync(request, CancellationToken.None);
        switch (result)
        {
            case SubmitResult.Submitted submitted:
                await call.Channel.OkAsync(submitted.Run.Id, cancellationToken);
                await FollowAsync(call.Channel, submitted.Run.Id, cancellationToken);
                break;
            case SubmitResult.Refused refused:
                var errors = refused.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error);
                throw new SocketRequestException(string.Join('\n', errors));
            case SubmitResult.NotFound missing:
                throw new SocketRequestException(missing.Message);
            case SubmitResult.Conflict conflict:
                throw new SocketRequestException(conflict.Message);
        }
    }

    private async Task FollowAsync(SocketChannel channel, string runId, CancellationToken cancellationToken)
    {
        var (started, ended) = (new HashSet<string>(), new HashSet<string>());
        await foreach (var change in watcher.WatchAsync(runId, cancellationToken))
        {
            if (change is RunEvent.TaskChanged { Task: var task })
                await TellAsync(channel, task, started, ended, cancellationToken);
            if (change is not RunEvent.Ended { Run: var run })
                continue;
            if (run is { Status.Phase: RunPhase.Failed or RunPhase.Cancelled })
                await channel.OkAsync($"Pipeline: {runId} Terminated", cancellationToken);
            await channel.EndAsync(runId, cancellationToken);
            return;
        }
    }

    // A task that is quick is only seen when it has ended; then both lines go out. Cached and skipped ones have none.
    private static async Task TellAsync(
        SocketChannel channel, TaskRow task, HashSet<string> started, HashSet<string> ended, CancellationToken cancellationToken)
    {
        if (!task.WasSubmitted)
            return;
        if (started.Add(task.Id))
            await channel.OkAsync($"Submitting {task.Id}", cancellationToken);
        if (task.IsEnded && ended.Add(task.Id))
            await channel.OkAsync($"Done running {task.Id}", cancellationToken);
    }
}

/// <summary>CLEANUP: ends and removes a run; answers a row for it and for each task that was started.</summary>
internal sealed class CleanupCommand(RunCleaner cleaner) : ISocketCommand
{
    public string Name => "CLEANUP";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var id = call.Request.Member("work");
        var rows = id.Length == 0
            ? []
            : await cleaner.CleanAsync(id, call.Request.Flag("purge_db"), call.Request.Flag("purge_fs"), cancellationToken)
                ?? throw DataCommand.NoSuchJob(id);
        await call.Channel.OkAsync(
            json =>
            {
                json.WriteStartArray();
                foreach (var row in rows.Select(CleanupWire.From))
                {
                    json.WriteStartObject();
                    json.WriteString("task_id", row.TaskId);
                    json.WriteString("cleaned_from_k8s", row.CleanedFromK8s);
                    json.WriteString("purged_from_db", row.PurgedFromDb);
                    json.WriteString("removed_from_fs", row.RemovedFromFs);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
            },
            cancellationToken);
    }
}

/// <summary>LOGS: the output of a task or a run, as it is or line by line as it comes; then END <c>LOGS</c>.</summary>
internal sealed class LogsCommand(RunLogs logs) : ISocketCommand
{
    // JSON writes a control character in six bytes: however bad the text, a frame stays under 512 KiB.
    private const int MostCharacters = 80_000;

    public string Name => "LOGS";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var id = call.Request.Member("resource");
        var follow = call.Request.Flag("follow");
        var request = new LogRequest(follow, call.Request.Number("lines"), call.Request.OptionalText("container"));
        if (request.Lines < 0)
            throw new SocketRequestException("'lines' must not be negative.");
        var text = follow
            ? await logs.FindAsync(id, request, cancellationToken)
            : await logs.FindSnapshotAsync(id, request, cancellationToken);
        if (text is null)
            throw DataCommand.NoSuchJob(id);
        await (follow ? FollowAsync(call.Channel, text, cancellationToken) : SendAsync(call.Channel, text, cancellationToken));
        await call.Channel.EndAsync("LOGS", cancellationToken);
    }

    private static async Task FollowAsync(SocketChannel channel, IAsyncEnumerable<string> text, CancellationToken cancellationToken)
    {
        await foreach (var line in text.WithCancellation(cancellationToken))
            await channel.OkAsync(line.TrimEnd('\r', '\n'), cancellationToken);
    }

    private static async Task SendAsync(SocketChannel channel, IAsyncEnumerable<string> text, CancellationToken cancellationToken)
    {
        var pending = new StringBuilder();
        var sent = false;
        await foreach (var piece in text.WithCancellation(cancellationToken))
        {
            for (var start = 0; start < piece.Length;)
            {
                var length = Fit(piece, start, MostCharacters - pending.Length);
                pending.Append(piece, start, length);
                start += length;
                if (start == piece.Length && pending.Length < MostCharacters - 1)
                    continue;
                await channel.OkAsync(pending.ToString(), cancellationToken);
                pending.Clear();
                sent = true;
            }
        }
        if (pending.Length > 0 || !sent)
            await channel.OkAsync(pending.ToString(), cancellationToken);
    }

    // The two halves of a character beyond the first plane stay together.
    private static int Fit(string piece, int start, int room)
    {
        var length = Math.Min(piece.Length - start, room);
        return start + length < piece.Length && char.IsHighSurrogate(piece[start + length - 1]) ? Math.Max(1, length - 1) : length;
    }
}

/// <summary>SHOW: a job; answers its files by name.</summary>
internal sealed class ShowCommand(PipelineCatalog catalog) : ISocketCommand
{
    public string Name => "SHOW";

    public async Task RunAsync(SocketCall call, CancellationToken cancellationToken)
    {
        var name = JobName.Decode(call.Request.Text);
        var job = await catalog.FindAsync(name, cancellationToken)
            ?? throw new SocketRequestException($"There is no job '{name}'.");
        await call.Channel.OkAsync(
            json =>
            {
                json.WriteStartObject();
                json.WriteString(PipelineParser.FileName, job.MainYml);
                foreach (var config in job.Configs.Where(c => c.Name != PipelineParser.FileName))
                    json.WriteString(config.Name, config.Content);
                json.WriteEndObject();
            },
            cancellationToken);
    }
}

/// <summary>GENERATE wrote files into the repository for whoever asked. It is refused.</summary>
internal sealed class GenerateCommand : ISocketCommand
{
    public string Name => "GENERATE";

    public Task RunAsync(SocketCall call, CancellationToken cancellationToken) => call.Channel.RefuseAsync(
        "GENERATE is off on this server. Write the job's main.yml yourself and upload it with 'odin push'.", cancellationToken);
}

using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Runs;

/// <summary><c>odin logs</c>: what the programs of a task or run have written.</summary>
internal sealed class LogsCommand : RemoteCommand
{
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on until the end." };
    private static readonly Option<int?> Lines = new("--lines", "-l") { Description = "Only the last lines.", HelpName = "N" };
    private static readonly Option<string?> Namespace = new("--namespace") { Description = "The Kubernetes namespace, for the WebSocket protocol.", HelpName = "NAME" };
    private static readonly Option<string?> Container = new("--container") { Description = "One container of a pod, for the WebSocket protocol.", HelpName = "NAME" };
    private readonly Argument<string> resource;

    public LogsCommand(CliSession session)
        : base(session, "logs", "Prints the output of a task, or of all tasks of a run; also after they are gone.")
    {
        Group = CommandGroup.Start;
        Examples = ["odin logs wine-3f9ak2xwj--train-knn", "odin logs wine-3f9ak2xwj -f", "odin logs wine-3f9ak2xwj--train-knn --lines 100"];
        resource = RunArgument.Create(session, "RESOURCE", "The id of a task or run.");
        Take(output: false, resource, Follow, Lines, Namespace, Container);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var id = call.Parse.GetRequiredValue(resource);
        if (call.IsWebSocket)
            return await OverSocketAsync(call, id, cancellationToken);
        var path = Paths.WithQuery(
            Paths.Resource(id, "logs"),
            ("follow", call.Parse.GetValue(Follow) ? "true" : null),
            ("lines", RunsClient.Number(call.Parse.GetValue(Lines))));
        using var answer = await call.Client.OpenAsync(path, "text/plain", RunsClient.RunHint, cancellationToken);
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        if (answer.Content.Headers.ContentType?.MediaType == "application/json")
        {
            // A server of the original line has only this: the whole text as one JSON string.
            var text = await JsonNode.ParseAsync(stream, cancellationToken: cancellationToken);
            Session.Environment.Out.WriteLine(text?.ToString() ?? "");
            return ExitCode.Success;
        }
        await CopyAsync(stream, cancellationToken);
        return ExitCode.Success;
    }

    // In pieces as they come: a log may be larger than memory, and a follower wants each line now.
    private async Task CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var output = Session.Environment.Out;
        var buffer = new char[16 * 1024];
        int count;
        try
        {
            while ((count = await reader.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await output.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                await output.FlushAsync(cancellationToken);
            }
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

using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Jobs;

/// <summary><c>odin show</c>: the files of a job.</summary>
internal sealed class ShowCommand : RemoteCommand
{
    private readonly Argument<string> job;

    public ShowCommand(CliSession session)
        : base(session, "show", "Prints the files of a job; with -o json its tasks as the server understands them.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin show team/wine", "odin show team/wine -o yaml"];
        job = JobArgument.Create(session);
        Take(output: true, job);
    }

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var name = call.Parse.GetRequiredValue(job);
        if (call.IsWebSocket)
        {
            var frame = await call.AskAsync("SHOW", JsonValue.Create(name), JobArgument.Hint, cancellationToken);
            var files = (frame.Response as JsonObject ?? []).Select(f => (f.Key, f.Value?.ToString() ?? "")).ToList();
            if (!call.Printer.Data(frame.Response, files.Select(f => f.Key)))
                Print(call.Printer, files);
            return ExitCode.Success;
        }
        var answer = (await call.Client.GetAsync(Paths.Job(name), cancellationToken)).EnsureSuccess(JobArgument.Hint);
        var configs = ((answer.Member("job") as JsonObject)?["configs"] as JsonArray ?? []).OfType<JsonObject>()
            .Select(c => (c["name"]?.ToString() ?? "", c["content"]?.ToString() ?? "")).ToList();
        if (call.Printer.Data(answer.Body, ["main.yml", .. configs.Select(c => c.Item1).Where(n => n != "main.yml")]))
            return ExitCode.Success;
        var main = await MainFileAsync(call.Client, name, cancellationToken);
        Print(call.Printer, [("main.yml", main), .. configs.Where(c => c.Item1 != "main.yml")]);
        return ExitCode.Success;
    }

    private static async Task<string> MainFileAsync(OdinClient client, string job, CancellationToken cancellationToken)
    {
        using var answer = await client.OpenAsync(Paths.JobFile(job, "main.yml"), "text/plain", JobArgument.Hint, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }

    private static void Print(Printer printer, IEnumerable<(string Name, string Content)> files)
    {
        foreach (var (name, content) in files)
        {
            printer.Say(name);
            printer.Say(new string('=', 100));
            printer.Say(content);
            printer.Say("");
        }
    }
}

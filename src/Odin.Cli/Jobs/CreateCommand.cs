using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;

namespace Odin.Cli.Jobs;

/// <summary><c>odin create</c>: an empty job.</summary>
internal sealed class CreateCommand : RemoteCommand
{
    private readonly Argument<string> job;

    public CreateCommand(CliSession session)
        : base(session, "create", "Makes a job with an empty main.yml.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin create team/wine"];
        job = JobArgument.Create(session);
        Take(output: true, job);
    }

    /// <summary>Asks the server for a new job.</summary>
    public static Task<ApiAnswer> SendAsync(OdinClient client, string job, CancellationToken cancellationToken) => client.PostAsync(
        "v1/jobs", new JsonObject { ["job"] = new JsonObject { ["name"] = Paths.EncodeJob(job) } }, cancellationToken);

    protected override async Task<int> RunAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        var name = call.Parse.GetRequiredValue(job);
        var answer = await SendAsync(call.Client, name, cancellationToken);
        answer.EnsureSuccess();
        if (!call.Printer.Data(answer.Body, [name]))
            call.Printer.Say(Printer.Line(answer.Body));
        if (call.Printer.Format == OutputFormat.Table && !Session.StockAlias)
            call.Printer.Note($"Type next: `odin push {name} main.yml`.");
        return ExitCode.Success;
    }
}

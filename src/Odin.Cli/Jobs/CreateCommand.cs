using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Output;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Jobs;

/// <summary><c>odin create</c>: an empty job.</summary>
internal sealed class CreateCommand : OdinCommand
{
    private readonly Argument<string> job;

    public CreateCommand(CliSession session)
        : base(session, "create", "Makes a job with an empty main.yml.")
    {
        Group = CommandGroup.Jobs;
        Examples = ["odin create team/wine"];
        job = JobArgument.Create(session);
        Add(job);
        Add(OutputOptions.Format);
        ConnectionOptions.AddTo(this);
    }

    /// <summary>Asks the server for a new job.</summary>
    public static Task<ApiAnswer> SendAsync(OdinClient client, string job, CancellationToken cancellationToken) => client.PostAsync(
        "v1/jobs", new JsonObject { ["job"] = new JsonObject { ["name"] = Paths.EncodeJob(job) } }, cancellationToken);

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var name = parse.GetRequiredValue(job);
        var answer = await SendAsync(client, name, cancellationToken);
        answer.EnsureSuccess();
        var printer = Session.Printer(parse);
        if (!printer.Data(answer.Body, [name]))
            printer.Say(Printer.Line(answer.Body));
        if (printer.Format == OutputFormat.Table && !Session.StockAlias)
            printer.Note($"Type next: `odin push {name} main.yml`.");
        return ExitCode.Success;
    }
}

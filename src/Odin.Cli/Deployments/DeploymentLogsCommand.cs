using System.CommandLine;
using Odin.Cli.Lifecycle;
using Odin.Cli.Shell;

namespace Odin.Cli.Deployments;

/// <summary><c>odin deployment logs</c>: what a replica has written.</summary>
internal static class DeploymentLogsCommand
{
    private static readonly Option<bool> Follow = new("--follow") { Description = "Go on until the replica has ended." };
    private static readonly Option<string?> Replica = new("--replica") { Description = "Which one; left out: the one that has written last.", HelpName = "ID" };

    public static Command Create(CliSession session)
    {
        var id = new Argument<string>("ID") { HelpName = "ID", Description = "Which one." };
        id.CompletionSources.Add(context => ServerCompletions.Entities(session, context, LifecycleNoun.Deployment.Path));
        return Subcommand.CreateRemote("logs", "Prints the log of a replica.", (parse, token) => RunAsync(session, parse, parse.GetValue(id)!, token), id, Follow, Replica);
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parse, string id, CancellationToken cancellationToken)
    {
        using var client = session.Connect(parse);
        var replica = parse.GetValue(Replica) is { } name ? $"&replica={Uri.EscapeDataString(name)}" : "";
        using var answer = await client.OpenAsync(
            $"{LifecycleNoun.Deployment.PathOf(id)}/log?follow={(parse.GetValue(Follow) ? "true" : "false")}{replica}", "text/plain", "`odin deployment get` shows those that there are.", cancellationToken);
        if (answer.Headers.TryGetValues("Replica", out var chosen))
            session.Environment.Error.WriteLine($"The log of the replica {chosen.First()}:");
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        var characters = new char[16 << 10];
        while (await reader.ReadAsync(characters, cancellationToken) is > 0 and var count)
        {
            session.Environment.Out.Write(characters, 0, count);
            session.Environment.Out.Flush();
        }
        return ExitCode.Success;
    }
}

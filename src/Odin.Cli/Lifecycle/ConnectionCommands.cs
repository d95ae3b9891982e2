using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;

namespace Odin.Cli.Lifecycle;

/// <summary>What connections have beside what all nouns have.</summary>
internal static class ConnectionCommands
{
    private static readonly Argument<string> Id = new("ID") { Description = "The connection." };

    /// <summary><c>odin connection test</c>: says whether a connection leads anywhere and lets us in, and what is wrong if not.</summary>
    public static Command CreateTest(CliSession session) => Subcommand.CreateRemote(
        "test", "Tries one: says whether it leads anywhere and lets the server in, and what is wrong if not.",
        (parse, cancellationToken) => TestAsync(session, parse, cancellationToken), Id);

    /// <summary><c>odin connection rotate</c>.</summary>
    public static Command CreateRotation(CliSession session) => Subcommand.CreateRemote(
        "rotate", "Seals the secrets of all connections with a new key.", (parse, cancellationToken) => RotateAsync(session, parse, cancellationToken));

    private static async Task<int> RotateAsync(CliSession session, ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = session.Connect(parse);
        var answer = (await client.PostAsync($"{LifecycleNoun.Connection.Path}/rotate", new JsonObject(), cancellationToken)).EnsureSuccess(null).Body;
        session.Environment.Out.WriteLine($"The secrets of {LifecycleNoun.Find(answer, "sealed")} connections are sealed with a new key.");
        return ExitCode.Success;
    }

    private static async Task<int> TestAsync(CliSession session, ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = session.Connect(parse);
        var id = parse.GetValue(Id)!;
        var finding = (await client.PostAsync($"{LifecycleNoun.Connection.Path}/{Uri.EscapeDataString(id)}/test", new JsonObject(), cancellationToken))
            .EnsureSuccess("`odin connection get` shows those that there are.").Body;
        var message = LifecycleNoun.Find(finding, "message") ?? "";
        if ((bool?)finding?["works"] != true)
            throw new CliException(ExitCode.Failure, $"the connection '{id}' does not work: {message}", $"Correct it: `odin connection get {id} -o yaml`, then `odin connection edit -f FILE`.");
        session.Environment.Out.WriteLine($"The connection '{id}' works: {message}");
        return ExitCode.Success;
    }
}

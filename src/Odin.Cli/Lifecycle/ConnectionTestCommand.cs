using System.CommandLine;
using System.Text.Json.Nodes;
using Odin.Cli.Rest;
using Odin.Cli.Servers;

namespace Odin.Cli.Lifecycle;

/// <summary><c>odin connection test</c>: says whether a connection leads anywhere and lets us in, and what is wrong if not.</summary>
internal static class ConnectionTestCommand
{
    private static readonly Argument<string> Id = new("ID") { Description = "The connection." };

    public static Command Create(CliSession session)
    {
        var command = new Command("test", "Tries one: says whether it leads anywhere and lets the server in, and what is wrong if not.") { Id };
        ConnectionOptions.AddTo(command);
        command.SetAction((parse, cancellationToken) => RunAsync(session, parse, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(CliSession session, ParseResult parse, CancellationToken cancellationToken)
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

using System.CommandLine;

namespace Odin.Cli.Servers;

/// <summary><c>odin server</c>: becomes the server program; all that follows is for it to read.</summary>
internal sealed class ServerCommand : OdinCommand
{
    public ServerCommand(CliSession session)
        : base(session, "server", "Starts a server. Every setting is also a variable (ODIN_…) and a line of odin.yml.")
    {
        Group = CommandGroup.Server;
        Examples =
        [
            "odin server",
            "odin server --data ./data --urls http://127.0.0.1:9003 --websocket-port 30000",
            "odin server --role agent --port 29999",
            "odin server --pipelines https://git.example.org/team/pipelines.git",
            "odin server --executor kubernetes --kubernetes-kubeconfig ~/.kube/config --kubernetes-namespace odin",
            "odin server --database \"Host=db;Username=odin;Database=odin\"",
        ];
        Remark = "These are the most used ones: `odin server -- --help`, which is `odin-server --help`, lists every setting.";
        TreatUnmatchedTokensAsErrors = false;
        // Only for the help: the server reads them.
        Add(Documented("--data", "DIR", "The directory that holds everything the server keeps."));
        Add(Documented("--urls", "URLS", "Addresses of the API, with ';' between them. Port 0: a free one."));
        Add(Documented("--websocket-port", "PORT", "The port of the WebSocket protocol. 0: a free one; 'off': none."));
        Add(Documented("--pipelines", "REPOSITORY", "The repository of the jobs: a directory or the URL of a remote."));
        Add(Documented("--executor", "EXECUTOR", "Where tasks run that name none: 'process', or 'kubernetes' with --kubernetes-kubeconfig and --kubernetes-namespace."));
        Add(Documented("--role", "ROLE", "'server', or 'agent': describes its machine and GPUs to servers, on --port 29999."));
        Add(Documented("--database", "CONNECTION", "The connection string of the database; SQLite or PostgreSQL."));
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        Session.Environment.Out.Flush();
        return Task.FromResult(ServerProgram.Find().Become([.. Session.Arguments.Skip(1).Where(a => a != "--")]));
    }

    private static Option<string?> Documented(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };
}

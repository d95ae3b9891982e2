using System.CommandLine;
using Odin.Cli.Servers;

namespace Odin.Cli.Users;

/// <summary><c>odin auth</c>: logs in.</summary>
internal sealed class AuthCommand : OdinCommand
{
    public AuthCommand(CliSession session)
        : base(session, "auth", "Logs in and keeps the token. Not needed for a server of your own on this machine.")
    {
        Group = CommandGroup.Settings;
        Examples = ["odin auth -u ada", "odin auth -u ci --password-stdin < password", "odin auth --url https://odin.example.org -u ada", "odin auth -u ci --token ci.token"];
        ConnectionOptions.AddTo(this);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken cancellationToken)
    {
        using var client = Session.Connect(parse);
        var token = await client.LogInAsync(cancellationToken);
        Session.Environment.Error.WriteLine(Session.StockAlias
            ? token
            : $"Logged in to {client.Connection.Display}. The token is in '{client.Tokens.FileName}'.");
        if (Session.Environment[Authenticator.TokenVariable] is not null && !Session.StockAlias)
            Session.Environment.Error.WriteLine($"{Authenticator.TokenVariable} is set, and comes before it.");
        return ExitCode.Success;
    }
}

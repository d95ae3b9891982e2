using System.CommandLine;
using System.Globalization;

namespace Odin.Cli.Servers;

/// <summary>The options of every command that talks to a server.</summary>
internal static class ConnectionOptions
{
    public static readonly Option<string?> Url = new("--url")
    {
        Description = "The server, such as https://odin.example.org or http://127.0.0.1:9003.",
        HelpName = "URL",
    };

    public static readonly Option<string?> Context = new("--context")
    {
        Description = "A server by the name given to it with `odin context add`.",
        HelpName = "NAME",
    };

    public static readonly Option<string?> Host = new("--host") { Description = "The server's host name.", HelpName = "HOST" };

    public static readonly Option<int?> Port = CreatePort();

    public static readonly Option<string?> Scheme = CreateScheme();

    public static readonly Option<string?> Token = new("--token")
    {
        Description = "A file that holds the token; it is written at log-in.",
        HelpName = "FILE",
    };

    public static readonly Option<string?> Username = new("--username", "-u")
    {
        Description = "Log in as this user.",
        HelpName = "NAME",
    };

    public static readonly Option<string?> Password = new("--password", "-p")
    {
        Description = "The password. Others on this machine can see it: prefer the prompt or --password-stdin.",
        HelpName = "PASSWORD",
    };

    public static readonly Option<bool> PasswordStdin = new("--password-stdin")
    {
        Description = "Read the password from the first line of standard input.",
    };

    /// <summary>Every option, in the order in which help shows them.</summary>
    public static IReadOnlyList<Option> All { get; } =
        [Url, Context, Host, Port, Scheme, Token, Username, Password, PasswordStdin];

    /// <summary>Gives the command the options.</summary>
    /// <param name="login">Whether the user's name and password are among them.</param>
    public static void AddTo(Command command, bool login = true)
    {
        foreach (var option in All)
        {
            if (login || option != Username && option != Password && option != PasswordStdin)
                command.Add(option);
        }
    }

    private static Option<int?> CreatePort()
    {
        var option = new Option<int?>("--port")
        {
            Description = "The server's port: 9003 unless given, 30000 for ws and wss.",
            HelpName = "PORT",
        };
        option.Validators.Add(result =>
        {
            // What is no number at all is the parser's to refuse.
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) && port is < 1 or > 65535)
                result.AddError($"'{text}' is not a port: they are the numbers from 1 to 65535.");
        });
        return option;
    }

    private static Option<string?> CreateScheme()
    {
        var option = new Option<string?>("--scheme")
        {
            Description = "http and https talk REST, ws and wss the WebSocket protocol.",
        };
        option.AcceptOnlyFromAmong("http", "https", "ws", "wss");
        return option;
    }
}

using System.CommandLine;

namespace Odin.Cli.Servers;

/// <summary>What the command line says about the server and the user.</summary>
internal sealed record ConnectionFlags
{
    public string? Url { get; init; }

    public string? Context { get; init; }

    public string? Host { get; init; }

    public int? Port { get; init; }

    public string? Scheme { get; init; }

    public string? TokenFile { get; init; }

    public string? Username { get; init; }

    public string? Password { get; init; }

    public bool PasswordFromInput { get; init; }

    /// <summary>Reads the options; those that the command does not have are null.</summary>
    public static ConnectionFlags From(ParseResult parse) => new()
    {
        Url = parse.GetValue(ConnectionOptions.Url),
        Context = parse.GetValue(ConnectionOptions.Context),
        Host = parse.GetValue(ConnectionOptions.Host),
        Port = parse.GetValue(ConnectionOptions.Port),
        Scheme = parse.GetValue(ConnectionOptions.Scheme),
        TokenFile = parse.GetValue(ConnectionOptions.Token),
        Username = parse.GetValue(ConnectionOptions.Username),
        Password = parse.GetValue(ConnectionOptions.Password),
        PasswordFromInput = parse.GetValue(ConnectionOptions.PasswordStdin),
    };
}

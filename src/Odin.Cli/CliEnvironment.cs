using System.Collections;

namespace Odin.Cli;

/// <summary>Everything around the program that a command may look at: streams, terminal, variables, clock.</summary>
internal sealed record CliEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opened when first used: a terminal's costs time, and changes its settings.</summary>
    public required Lazy<TextReader> Input { get; init; }

    public TextReader In => Input.Value;

    public required IReadOnlyDictionary<string, string> Variables { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether a person can be asked.</summary>
    public bool CanPrompt { get; init; }

    /// <summary>An environment variable; null when unset or empty.</summary>
    public string? this[string variable] =>
        Variables.TryGetValue(variable, out var value) && value.Length > 0 ? value : null;

    public string Home => this["HOME"] ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    /// <summary><c>~/.config/odin</c>, or below <c>XDG_CONFIG_HOME</c>.</summary>
    public string ConfigDirectory => Path.Combine(this["XDG_CONFIG_HOME"] ?? Path.Combine(Home, ".config"), "odin");

    /// <summary>Where a server of this user keeps its data unless told otherwise.</summary>
    public string DataDirectory => OdinOptions.FindDataDirectory(variable => this[variable]);

    /// <summary>Where the command was typed.</summary>
    public string WorkingDirectory { get; init; } = Environment.CurrentDirectory;

    /// <summary>Where the kernel says who listens on which port.</summary>
    public string NetworkTables { get; init; } = "/proc/net";

    /// <summary>Colours are for people at a terminal who did not set <c>NO_COLOR</c>.</summary>
    public bool ColourOut => OutIsTerminal && this["NO_COLOR"] is null && this["TERM"] != "dumb";

    /// <inheritdoc cref="ColourOut"/>
    public bool ColourError => ErrorIsTerminal && this["NO_COLOR"] is null && this["TERM"] != "dumb";

    /// <summary>The environment of this process.</summary>
    public static CliEnvironment ForProcess()
    {
        var variables = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            variables[(string)entry.Key] = (string?)entry.Value ?? "";
        return new CliEnvironment
        {
            Out = Console.Out,
            Error = Console.Error,
            Input = new Lazy<TextReader>(() => Console.In),
            Variables = variables,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            CanPrompt = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        };
    }
}

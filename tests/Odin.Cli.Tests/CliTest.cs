namespace Odin.Cli.Tests;

/// <summary>What a command wrote, and its exit code.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error)
{
    /// <summary>The lines of standard output.</summary>
    public string[] Lines => Out.TrimEnd('\n').Split('\n');
}

/// <summary>Runs commands in this process, in a home directory of their own.</summary>
internal sealed class CliTest : IDisposable
{
    private readonly TemporaryDirectory home = new();

    public Dictionary<string, string> Variables { get; } = [];

    public string Home => home.Path;

    public string Input { get; set; } = "";

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public bool IsTerminal { get; set; }

    public string? Alias { get; set; }

    public string NetworkTables { get; set; } = "/proc/net";

    /// <summary>Where the command is typed; null: where the tests are.</summary>
    public string? WorkingDirectory { get; set; }

    /// <summary>A file below the home directory, written when text is given.</summary>
    public string File(string relative, string? text = null)
    {
        var path = home[relative];
        if (text is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            System.IO.File.WriteAllText(path, text);
        }
        return path;
    }

    public CliEnvironment Environment(TextWriter output, TextWriter error)
    {
        var variables = new Dictionary<string, string>(Variables) { ["HOME"] = Home, ["USER"] = "tester" };
        return new CliEnvironment
        {
            Out = output,
            Error = error,
            Input = new Lazy<TextReader>(() => new StringReader(Input)),
            Variables = variables,
            Time = Time,
            NetworkTables = NetworkTables,
            WorkingDirectory = WorkingDirectory ?? System.Environment.CurrentDirectory,
            OutIsTerminal = IsTerminal,
            ErrorIsTerminal = IsTerminal,
        };
    }

    public async Task<CliResult> RunAsync(params string[] arguments)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var exitCode = await OdinProgram.RunAsync(arguments, Environment(output, error), Alias, handleSignals: false, limit.Token);
        SharedSymbols.Forget();
        return new CliResult(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Whether nobody but its owner may read or write the file.</summary>
    public static bool IsPrivate(string path) =>
        OperatingSystem.IsWindows() || System.IO.File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);

    public void Dispose() => home.Dispose();
}

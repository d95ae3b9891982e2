using System.Text;

namespace Odin.Git;

/// <summary>One call of <c>git</c>.</summary>
internal sealed record GitCall
{
    public GitCall(params IReadOnlyList<string> arguments) => Arguments = arguments;

    /// <summary>Subcommand first. Never holds a secret.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>The repository; null for commands that need none.</summary>
    public string? GitDirectory { get; init; }

    /// <summary>The work tree, which is also the current directory; null for commands that touch none.</summary>
    public string? WorkTree { get; init; }

    /// <summary>The index to use instead of the repository's own.</summary>
    public string? IndexFile { get; init; }

    /// <summary>Given on standard input.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: the command timeout of the options.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>What <c>git</c> answered. Errors are redacted.</summary>
internal sealed record GitAnswer(int ExitCode, byte[] Output, string Errors)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The output as text, without the last line end.</summary>
    public string Text => Encoding.UTF8.GetString(Output).TrimEnd('\n');

    public bool SaysAny(params ReadOnlySpan<string> phrases)
    {
        foreach (var phrase in phrases)
        {
            if (Errors.Contains(phrase, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}

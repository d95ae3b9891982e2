using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace Odin.Pipelines;

/// <summary>The name of a file in a job's directory, not in one below it.</summary>
public sealed partial record JobFileName
{
    private const int MaxBytes = 255;
    private const int MaxPathBytes = 1024;

    private const string Remedy = "give the plain name of a file, without < > : ; , ? \" * | / \\ and control characters";

    private JobFileName(string value) => Value = value;

    public string Value { get; }

    public override string ToString() => Value;

    /// <summary>Checks a name.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JobFileName? name, [NotNullWhen(false)] out string? error)
    {
        var problem = text switch
        {
            null or "" => "is empty",
            "." or ".." => "leads elsewhere",
            _ when text.Equals(".git", StringComparison.OrdinalIgnoreCase) => "belongs to git",
            _ when text.Any(c => c == '\\' || char.IsControl(c) || char.IsSurrogate(c) && !IsWellFormed(text)) || !Allowed().IsMatch(text)
                => "holds characters that are not allowed",
            _ when Encoding.UTF8.GetByteCount(text) > MaxBytes => $"is longer than {MaxBytes} bytes",
            _ => null,
        };
        name = problem is null ? new JobFileName(text!) : null;
        error = problem is null ? null : $"The file name '{JobPath.Show(text ?? "")}' {problem}: {Remedy}.";
        return problem is null;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="InvalidJobPathException">The text is no name of a file.</exception>
    public static JobFileName Parse(string? text) =>
        TryParse(text, out var name, out var error) ? name : throw new InvalidJobPathException(error);

    /// <summary>The path of a file in a job's directory or below it, every part of it a name; <c>./</c> at the beginning is dropped.</summary>
    /// <exception cref="InvalidJobPathException">A part is no name, or the path is too long.</exception>
    public static string ParsePath(string path)
    {
        var plain = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        if (plain.StartsWith('/'))
            throw new InvalidJobPathException($"The path '{JobPath.Show(path)}' is absolute: give it relative to the job's directory.");
        if (Encoding.UTF8.GetByteCount(plain) > MaxPathBytes)
            throw new InvalidJobPathException($"The path '{JobPath.Show(path)}' is longer than {MaxPathBytes} bytes: shorten it.");
        return string.Join('/', plain.Split('/').Select(part => Parse(part).Value));
    }

    private static bool IsWellFormed(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    [GeneratedRegex("""\A[^<>:;,?"*|/]+\z""")]
    private static partial Regex Allowed();
}

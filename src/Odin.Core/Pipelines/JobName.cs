using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Odin.Pipelines;

/// <summary>The name of a job: the path of its directory in the repository, <c>team/wine</c>.</summary>
public sealed partial record JobName
{
    /// <summary>The most characters a name may have.</summary>
    public const int MaxLength = 200;

    private const string Remedy = "write names such as 'team/wine', of letters, digits, '.', '_' and '-'";

    private JobName(string value) => Value = value;

    /// <summary>With slashes.</summary>
    public string Value { get; }

    /// <summary>The path of the job's definition in the repository.</summary>
    public string MainFile => Value + "/main.yml";

    public override string ToString() => Value;

    /// <summary>Checks a name with slashes.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out JobName? name, [NotNullWhen(false)] out string? error)
    {
        error = Check(text);
        name = error is null ? new JobName(text!) : null;
        return error is null;
    }

    /// <summary>As <see cref="TryParse"/>.</summary>
    /// <exception cref="InvalidJobPathException">The text is no name of a job.</exception>
    public static JobName Parse(string? text) =>
        TryParse(text, out var name, out var error) ? name : throw new InvalidJobPathException(error);

    /// <summary>The name as clients write it in a URL's path, where <c>__</c> stands for a slash.</summary>
    public static string Decode(string text) => text.Replace("__", "/", StringComparison.Ordinal);

    private static string? Check(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return $"The job's name is empty: {Remedy}.";
        if (text.Length > MaxLength)
            return $"The job's name '{JobPath.Show(text)}' is longer than {MaxLength} characters: choose a shorter one.";
        if (text.StartsWith('/'))
            return $"The job's name '{JobPath.Show(text)}' is an absolute path: {Remedy}.";
        if (text.Contains("__", StringComparison.Ordinal))
            return $"The job's name '{JobPath.Show(text)}' has a double underscore, which stands for '/' in URLs: use one.";
        foreach (var part in text.Split('/'))
        {
            var problem = part switch
            {
                "" => "has an empty part",
                "." or ".." => $"has the part '{part}', which leads elsewhere",
                _ when part.StartsWith('-') => $"has the part '{JobPath.Show(part)}', which starts with '-'",
                _ when part.Equals(".git", StringComparison.OrdinalIgnoreCase) => $"has the part '{part}', which belongs to git",
                _ when !Part().IsMatch(part) => $"has the part '{JobPath.Show(part)}', which holds other characters than are allowed",
                _ => null,
            };
            if (problem is not null)
                return $"The job's name '{JobPath.Show(text)}' {problem}: {Remedy}.";
        }
        return null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._-]+\z")]
    private static partial Regex Part();
}

using System.Text;
using Odin.Pipelines.Yaml;

namespace Odin.Pipelines;

/// <summary>Collects what is wrong with one file, so that it is all said at once.</summary>
internal sealed class DiagnosticBag(string file)
{
    private const int MaxDiagnostics = 1000;
    private const int MaxSuggestionsAmongMany = 20;
    private const int Many = 500;

    /// <summary>Of these a place has one at most. A faulty value behind an alias is met in every task that uses it.</summary>
    private static readonly HashSet<string> OncePerPlace =
    [
        DiagnosticCodes.InvalidDuration, DiagnosticCodes.InvalidQuantity, DiagnosticCodes.InvalidValue, DiagnosticCodes.OneWord, DiagnosticCodes.UnknownKey,
        DiagnosticCodes.WrongType,
    ];

    private readonly List<Diagnostic> diagnostics = [];
    private readonly HashSet<(int Line, int Column, string Code)> places = [];
    private int left;
    private int suggestionsAmongMany;

    public bool HasErrors { get; private set; }

    public void Error(YamlPosition position, string code, string message)
    {
        HasErrors = true;
        Add(new Diagnostic(DiagnosticSeverity.Error, file, position.Line, position.Column, code, message));
    }

    public void Warning(YamlPosition position, string code, string message) =>
        Add(new Diagnostic(DiagnosticSeverity.Warning, file, position.Line, position.Column, code, message));

    /// <summary><c> (did you mean "x"?)</c>, or nothing when no candidate is near. Limited where it would be slow.</summary>
    public string Suggest(string name, IReadOnlyCollection<string> candidates)
    {
        if (diagnostics.Count >= MaxDiagnostics)
            return "";
        if (candidates.Count > Many && ++suggestionsAmongMany > MaxSuggestionsAmongMany)
            return "";
        return NearestName.Find(name, candidates) is { } nearest ? $" (did you mean {Quote(nearest)}?)" : "";
    }

    /// <summary>In the order of the file, each once.</summary>
    public IReadOnlyList<Diagnostic> ToList()
    {
        var list = diagnostics.Distinct().OrderBy(d => d.Line).ThenBy(d => d.Column).ToList();
        if (left > 0)
        {
            list.Add(new Diagnostic(DiagnosticSeverity.Error, file, 0, 0, DiagnosticCodes.TooManyErrors,
                $"There are {left} more errors and warnings; correct these first."));
        }
        return list;
    }

    /// <summary>In double quotes, shortened.</summary>
    public static string Quote(string text) => $"\"{Shorten(text)}\"";

    /// <summary>At most 80 characters, on one line.</summary>
    public static string Shorten(string text)
    {
        var line = text.Length > 80 ? $"{text.AsSpan(0, 77)}…" : text;
        return line.AsSpan().IndexOfAny('\n', '\r', '\t') < 0
            ? line
            : line.Replace("\n", "\\n", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
    }

    public static int Utf8Length(string text) => Encoding.UTF8.GetByteCount(text);

    private void Add(Diagnostic diagnostic)
    {
        if (OncePerPlace.Contains(diagnostic.Code) && diagnostic.Line > 0 && !places.Add((diagnostic.Line, diagnostic.Column, diagnostic.Code)))
            return;
        if (diagnostics.Count < MaxDiagnostics)
            diagnostics.Add(diagnostic);
        else
            left++;
    }
}

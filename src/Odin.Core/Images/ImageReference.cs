using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Odin.Images;

/// <summary>Where an image lies: <c>127.0.0.1:5000/models/wine:1.0</c>, by the grammar of the distribution specification.</summary>
/// <param name="Registry">Host, perhaps with a port; <c>docker.io</c> when the text named none.</param>
/// <param name="Repository">Path in the registry: <c>models/wine</c>; <c>library/python</c> for Docker Hub's own.</param>
/// <param name="Tag">Null: none was given.</param>
/// <param name="Digest"><c>sha256:…</c>; null: none was given. With both, the digest counts.</param>
public sealed partial record ImageReference(string Registry, string Repository, string? Tag = null, string? Digest = null)
{
    /// <summary>The registry of a reference that names none.</summary>
    public const string DefaultRegistry = "docker.io";

    private const int LongestRepository = 255;

    /// <summary><c>registry/repository</c>.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>What names the manifest in its repository: the digest, the tag, or <c>latest</c>.</summary>
    public string Selector => Digest ?? Tag ?? "latest";

    /// <exception cref="ImageException">It is no reference; the message says what one looks like.</exception>
    public static ImageReference Parse(string text) => TryParse(text, out var reference, out var error) ? reference : throw new ImageException(error, isPassing: false);

    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference) => TryParse(text, out reference, out _);

    /// <param name="error">A sentence that names the text, what is wrong and what is right.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out ImageReference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        var match = Whole().Match(text ?? "");
        if (!match.Success)
        {
            error = Whole().IsMatch(text?.ToLowerInvariant() ?? "")
                ? $"'{text}' is no image reference: its name must be in lower case."
                : $"'{text}' is no image reference. One looks like 'registry.example.org:5000/models/wine:1.0': a host, perhaps a port, a name of "
                    + "lower-case letters, digits, '.', '_', '-' and '/', and a tag or '@sha256:' with 64 hexadecimal digits.";
            return false;
        }
        var registry = match.Groups["registry"].Success ? match.Groups["registry"].Value : DefaultRegistry;
        var repository = match.Groups["repository"].Value;
        if (registry is "index.docker.io" or "registry-1.docker.io")
            registry = DefaultRegistry;
        if (registry == DefaultRegistry && !repository.Contains('/'))
            repository = $"library/{repository}";
        if (repository.Length > LongestRepository)
        {
            error = $"The name in the image reference '{text![..64]}…' is longer than {LongestRepository} characters.";
            return false;
        }
        reference = new ImageReference(registry, repository, Given("tag"), Given("digest"));
        error = null;
        return true;

        string? Given(string group) => match.Groups[group].Success ? match.Groups[group].Value : null;
    }

    public static bool IsTag(string text) => TagText().IsMatch(text);

    public static bool IsRepository(string text) => text.Length <= LongestRepository && RepositoryText().IsMatch(text);

    /// <summary>The whole of it; <see cref="Parse"/> reads it again.</summary>
    public override string ToString() => $"{Name}{(Tag is null ? "" : $":{Tag}")}{(Digest is null ? "" : $"@{Digest}")}";

    // A first part is a host only when it could be nothing else: it has a dot or a port, is "localhost" or has capitals.
    [GeneratedRegex(
        @"\A(?:(?<registry>(?=[^/]*[.:A-Z]|localhost/)(?:\[[0-9a-fA-F:]+\]|(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])(?:\.(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]))*)(?::[0-9]{1,5})?)/)?"
        + @"(?<repository>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
        + @"(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Whole();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex TagText();

    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex RepositoryText();
}

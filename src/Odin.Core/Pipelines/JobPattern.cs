using System.Text;
using System.Text.RegularExpressions;

namespace Odin.Pipelines;

/// <summary>Chooses jobs by the beginning of their names, or by a pattern when it holds <c>*</c>, <c>?</c> or <c>[…]</c>.</summary>
internal sealed class JobPattern
{
    private const int MaxLength = 400;

    private readonly string prefix;
    private readonly Regex? glob;

    /// <param name="text">Null or empty: all jobs. A star goes over slashes.</param>
    /// <exception cref="InvalidJobPathException">The pattern is too long.</exception>
    public JobPattern(string? text)
    {
        prefix = text ?? "";
        if (prefix.Length > MaxLength)
            throw new InvalidJobPathException($"The pattern '{JobPath.Show(prefix)}' is longer than {MaxLength} characters: shorten it.");
        if (prefix.AsSpan().IndexOfAny('*', '?', '[') >= 0)
            glob = Translate(prefix);
    }

    public bool Matches(string name) => glob?.IsMatch(name) ?? name.StartsWith(prefix, StringComparison.Ordinal);

    private static Regex Translate(string glob)
    {
        var regex = new StringBuilder(@"\A");
        for (var i = 0; i < glob.Length; i++)
        {
            var end = glob[i] == '[' ? glob.IndexOf(']', Math.Min(i + 2, glob.Length)) : -1;
            if (end > 0)
            {
                var set = glob[(i + 1)..end];
                var isNegated = set[0] is '!' or '^' && set.Length > 1;
                var body = (isNegated ? set[1..] : set).Replace(@"\", @"\\", StringComparison.Ordinal)
                    .Replace("[", @"\[", StringComparison.Ordinal).Replace("]", @"\]", StringComparison.Ordinal).Replace("^", @"\^", StringComparison.Ordinal);
                regex.Append('[').Append(isNegated ? "^" : "").Append(body).Append(']');
                i = end;
                continue;
            }
            regex.Append(glob[i] switch { '*' => ".*", '?' => ".", var c => Regex.Escape(c.ToString()) });
        }
        try
        {
            return new Regex(regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException)
        {
            throw new InvalidJobPathException($"The pattern '{JobPath.Show(glob)}' has a bad range in '[…]': write it as in '[a-z]'.");
        }
    }
}

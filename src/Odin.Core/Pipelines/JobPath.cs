using Odin.Files;

namespace Odin.Pipelines;

/// <summary>The one check that every path made from a request goes through.</summary>
public static class JobPath
{
    /// <summary>
    /// The absolute path of something below a directory. It need not exist; as far as it does, symbolic links are followed and
    /// must stay below the directory.
    /// </summary>
    /// <param name="relative">With slashes; no empty part, no <c>.</c>, <c>..</c> or <c>.git</c>, no backslash, no control character.</param>
    /// <exception cref="InvalidJobPathException">The path is malformed or leads out.</exception>
    public static string Resolve(string root, string relative)
    {
        if (!IsPlain(relative))
            throw new InvalidJobPathException(
                $"The path '{Show(relative)}' is not allowed: give a path below the job's directory, without '..', empty parts, backslashes and '.git'.");
        var top = RealPath.Of(Path.GetFullPath(root)) ?? throw new InvalidJobPathException($"The directory '{root}' is a link to itself.");
        var path = Path.Combine(top, relative);
        var real = RealPath.Of(path);
        return real is not null && real.StartsWith(top + "/", StringComparison.Ordinal)
            ? path
            : throw new InvalidJobPathException($"The path '{Show(relative)}' leads out of its directory through a symbolic link: use a path that stays inside.");
    }

    /// <summary>Whether the path is relative and every part of it is a plain name.</summary>
    public static bool IsPlain(string path) => !LeadsElsewhere(path) && !path.Any(c => c == '\\' || char.IsControl(c));

    /// <summary>Whether any part of the path is empty, goes up, stays, or belongs to git. A tree made by hand can hold such names.</summary>
    internal static bool LeadsElsewhere(string path) =>
        path.Split('/').Any(part => part is "" or "." or ".." || part.Equals(".git", StringComparison.OrdinalIgnoreCase));

    /// <summary>A name from outside, fit for a message: short and without control characters.</summary>
    internal static string Show(string text)
    {
        var shown = new string([.. text.Take(80).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '\uFFFD' : c)]);
        return text.Length > 80 ? shown + "…" : shown;
    }
}

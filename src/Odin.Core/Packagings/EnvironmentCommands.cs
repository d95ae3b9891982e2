namespace Odin.Packagings;

/// <summary>Installs what a model asks for into an image that has Python.</summary>
internal static class EnvironmentCommands
{
    /// <summary>Lines for a shell; empty: nothing is asked for.</summary>
    public static IReadOnlyList<string> Install(IReadOnlyList<WantedPackage> wanted)
    {
        // The interpreter is the base image's, and so are the tools that install.
        var conda = wanted.Where(p => !p.IsPip && p.Name is not ("python" or "pip")).Select(p => p.Text).ToList();
        // Our own module stands in for mlflow where that is missing, as it does in trainings.
        var pip = wanted.Where(p => p.IsPip).Select(p => p.Text).ToList();
        var lines = new List<string>();
        if (conda.Count > 0)
            lines.Add($"conda install --yes {string.Join(' ', conda.Select(Quote))}");
        if (pip.Count > 0)
            lines.Add($"python3 -m pip install --no-cache-dir --disable-pip-version-check {string.Join(' ', pip.Select(Quote))}");
        return lines;
    }

    // For a shell: nothing in it means anything but itself.
    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

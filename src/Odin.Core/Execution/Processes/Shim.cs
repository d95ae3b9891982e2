namespace Odin.Execution.Processes;

/// <summary>The script that every program runs under, in the directory of executions.</summary>
internal sealed class Shim(string directory)
{
    public const string NamePrefix = "shim-";

    /// <summary>The exit code of a shim that could not enter the working directory; nothing was started.</summary>
    public const int NoWorkingDirectory = 124;

    private readonly InstalledScript script = new(directory, "Odin.Execution.Processes.shim.sh", NamePrefix);

    /// <summary>The path of the script, which is written if it is not there.</summary>
    public string Install() => script.Install();
}

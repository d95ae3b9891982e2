namespace Odin.Git;

/// <summary>Which repository holds the jobs, and how git is to talk to it.</summary>
public sealed class GitOptions
{
    /// <summary>
    /// A directory, or the URL of a remote: <c>file:///path</c>, <c>ssh://user@host/path</c>, <c>user@host:path</c>,
    /// <c>https://host/path</c> (with <c>user:password@</c> where it is asked for). A directory is used in place: a git
    /// repository as it is, an empty or missing one becomes a repository. Default: <c>pipelines</c> in the data directory.
    /// </summary>
    public string? Source { get; set; }

    /// <summary>The branch that holds the jobs (<c>ODIN_PIPELINES_MAIN</c>). Default <c>master</c>.</summary>
    public string Branch { get; set; } = "master";

    /// <summary>Commits are made under this name (<c>ODIN_GIT_NAME</c>). Default <c>odin</c>.</summary>
    public string AuthorName { get; set; } = "odin";

    /// <summary>Commits are made under this address (<c>ODIN_GIT_EMAIL</c>). Default <c>odin@localhost</c>.</summary>
    public string AuthorEmail { get; set; } = "odin@localhost";

    /// <summary>The private key for a remote over SSH. Default: what the user's agent and configuration offer.</summary>
    public string? SshKeyFile { get; set; }

    /// <summary>The hosts that are trusted over SSH; a host that is not in it is refused. Default: the user's and the system's file.</summary>
    public string? KnownHostsFile { get; set; }

    /// <summary>Allows <c>http://</c> to hosts other than the loopback ones. Default false.</summary>
    public bool AllowInsecureHttp { get; set; }

    /// <summary>The copy of a remote (<c>pipelines.git</c>) and git's private files are kept here.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>How long a fetch or a push may take. Default 1 min; the first fetch may take ten times as long.</summary>
    public TimeSpan NetworkTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a command on local files may take. Default 5 min.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a write is tried again on the new head when somebody else was faster. Default 20.</summary>
    public int PublishAttempts { get; set; } = 20;

    /// <summary>How many <c>git</c> programs may run at the same time. Default 8.</summary>
    public int MaxProcesses { get; set; } = 8;

    /// <summary>Everything that is wrong with these settings, each a sentence with what to do.</summary>
    public IReadOnlyList<string> Validate()
    {
        var errors = new List<string>();
        if (Source is not null)
        {
            if (!GitAddress.TryParse(Source, AllowInsecureHttp, out var address, out var error))
                errors.Add(error);
            else if (address.Transport == GitTransport.File && !OperatingSystem.IsWindows() && !File.Exists("/bin/sh"))
                errors.Add($"Git needs a shell for the pipelines source '{address}', and here is none: give the directory without 'file://', or a remote by ssh or https.");
        }
        if (!GitRevision.IsBranchName(Branch))
            errors.Add($"The branch '{Branch}' is not a name that git allows: use letters, digits, '.', '_', '-' and '/'.");
        if (SshKeyFile is not null && !File.Exists(SshKeyFile))
            errors.Add($"The SSH key file '{SshKeyFile}' does not exist: give the path of a private key.");
        if (KnownHostsFile is not null && !File.Exists(KnownHostsFile))
            errors.Add($"The known-hosts file '{KnownHostsFile}' does not exist: make it with 'ssh-keyscan HOST > FILE'.");
        foreach (var path in new[] { SshKeyFile, KnownHostsFile })
        {
            if (path is not null && path.Any(c => c is '"' or '\'' || char.IsControl(c)))
                errors.Add($"The path '{path}' holds quotes or control characters: choose another place.");
        }
        foreach (var (what, text) in new[] { ("name", AuthorName), ("e-mail address", AuthorEmail) })
        {
            if (string.IsNullOrWhiteSpace(text) || text.Any(c => c is '<' or '>' || char.IsControl(c)))
                errors.Add($"The {what} of the commits' author is empty or holds '<', '>' or control characters.");
        }
        if (PublishAttempts < 1 || MaxProcesses < 1 || NetworkTimeout <= TimeSpan.Zero || CommandTimeout <= TimeSpan.Zero)
            errors.Add("Attempts, processes and timeouts of git must be positive.");
        return errors;
    }
}

using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Odin.Git;

/// <summary>
/// The one place that starts <c>git</c>: no prompts, no hooks of ours, no user's or system's configuration, an allow-listed
/// environment, and credentials in the environment instead of in arguments. No command of ours makes git ask a shell, with
/// the exception of <c>file://</c>: containers need not have one.
/// </summary>
internal sealed class GitProgram : IDisposable
{
    // No answer that is kept in memory is larger than the list of a large tree.
    private const int MaxOutput = 256 * 1024 * 1024;

    private static readonly string[] Inherited =
    [
        "PATH", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
        "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
    ];

    private static readonly string[] Settings =
    [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.attributesFile=/dev/null", "core.excludesFile=/dev/null",
        "core.quotePath=false", "protocol.ext.allow=never", "submodule.recurse=false", "fetch.recurseSubmodules=no",
        // Maintenance has its own call; a fetch must not fall asleep over it or leave it behind in the background.
        "gc.auto=0", "maintenance.auto=false", "gc.autoDetach=false", "credential.helper=",
        // A connection that hangs is dropped before the whole call times out.
        "http.lowSpeedLimit=1", "http.lowSpeedTime=20",
    ];

    private readonly GitAddress address;
    private readonly GitOptions options;
    private readonly string home;
    private readonly SshProgram ssh;
    private readonly SemaphoreSlim slots;

    public GitProgram(GitAddress address, GitOptions options)
    {
        this.address = address;
        this.options = options;
        home = Path.Combine(Path.GetFullPath(options.DataDirectory), "git-home");
        ssh = new SshProgram(options, home);
        slots = new SemaphoreSlim(options.MaxProcesses);
    }

    /// <summary>Makes git's private home directory. Call once before anything else.</summary>
    public void Prepare()
    {
        Directory.CreateDirectory(home);
        // What a crash in the middle of a commit has left. A young one may be in use by another server of this directory, whose
        // commit would then lack everything that it does not change.
        foreach (var index in Directory.GetFiles(home, "*.index*").Where(i => IsLeft(File.GetLastWriteTimeUtc(i))))
            File.Delete(index);
        if (address.Transport == GitTransport.Ssh)
            ssh.Write();
        // The operator named the repository, so it is trusted whoever owns it; "-c" would not reach the other side of file://.
        Replace(Path.Combine(home, "gitconfig"), "[safe]\n\tdirectory = *\n");
    }

    // By the clock of the file system itself, which other machines may share.
    private bool IsLeft(DateTime written)
    {
        var probe = TemporaryFile(".now");
        File.WriteAllText(probe, "");
        var now = File.GetLastWriteTimeUtc(probe);
        File.Delete(probe);
        return now - written > 2 * options.CommandTimeout;
    }

    // At once: others may be reading it.
    private void Replace(string path, string text)
    {
        var fresh = TemporaryFile(".new");
        File.WriteAllText(fresh, text);
        File.Move(fresh, path, overwrite: true);
    }

    /// <summary>An unused path for a temporary file.</summary>
    public string TemporaryFile(string suffix) => Path.Combine(home, Guid.NewGuid().ToString("N") + suffix);

    /// <summary>Runs a command whose output is small and whose failure the caller looks at.</summary>
    public async Task<GitAnswer> AskAsync(GitCall call, CancellationToken cancellationToken)
    {
        var output = new MemoryStream();
        var end = await TalkAsync(
            call,
            async (stdin, stdout, token) =>
            {
                var writing = WriteAsync(stdin, call.Input, token);
                await CopyAsync(stdout, output, token);
                await writing;
            },
            cancellationToken);
        return new GitAnswer(end.ExitCode, output.ToArray(), end.Errors);
    }

    /// <summary>As <see cref="AskAsync"/>; a failure is an exception.</summary>
    public async Task<GitAnswer> RunAsync(GitCall call, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(call, cancellationToken);
        return answer.Succeeded ? answer : throw Failure(call, answer.Errors);
    }

    /// <summary>Runs a command in dialogue; the caller looks at its end. Errors are redacted.</summary>
    public async Task<ProgramEnd> TalkAsync(GitCall call, ProgramDialogue talk, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            var end = await ProgramRunner.RunAsync(Start(call), talk, call.Timeout ?? options.CommandTimeout, cancellationToken);
            return end with { Errors = GitText.Redact(end.Errors, address) };
        }
        catch (Win32Exception exception)
        {
            throw new GitUnavailableException(
                call.WorkTree is null || Directory.Exists(call.WorkTree)
                    ? $"The program 'git' cannot be started ({exception.Message}): install git."
                    : $"The pipelines directory '{call.WorkTree}' is gone: put it back, or restart with another one.",
                exception);
        }
        catch (TimeoutException exception) when (call.Timeout is null)
        {
            throw new GitException($"git {call.Arguments[0]} for '{address}' did not end in time: is the disk or the machine overloaded?", exception);
        }
        finally
        {
            slots.Release();
        }
    }

    /// <summary>The exception for a command that failed for no reason that is foreseen.</summary>
    public GitException Failure(GitCall call, string errors) =>
        errors.Contains("not a git repository", StringComparison.Ordinal)
            ? new GitUnavailableException($"The repository '{call.GitDirectory}' is gone: put it back, or restart with another one.")
            : new GitException($"git {call.Arguments[0]} failed for '{address}': {GitText.Summarize(errors)}.");

    public void Dispose() => slots.Dispose();

    private ProcessStartInfo Start(GitCall call)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = call.WorkTree ?? home };
        foreach (var setting in Settings)
            Add(start, "-c", setting);
        foreach (var argument in call.Arguments)
            start.ArgumentList.Add(argument);
        Fill(start.Environment, call);
        return start;
    }

    private static void Add(ProcessStartInfo start, string option, string value)
    {
        start.ArgumentList.Add(option);
        start.ArgumentList.Add(value);
    }

    private void Fill(IDictionary<string, string?> environment, GitCall call)
    {
        environment.Clear();
        foreach (var name in Inherited)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
                environment[name] = value;
        }
        environment["HOME"] = home;
        environment["LC_ALL"] = "C";
        environment["GIT_CONFIG_NOSYSTEM"] = "1";
        environment["GIT_ATTR_NOSYSTEM"] = "1";
        environment["GIT_CONFIG_GLOBAL"] = Path.Combine(home, "gitconfig");
        environment["GIT_TERMINAL_PROMPT"] = "0";
        environment["GIT_ASKPASS"] = "";
        environment["SSH_ASKPASS_REQUIRE"] = "never";
        environment["GIT_EDITOR"] = "true";
        environment["GIT_PAGER"] = "cat";
        environment["GIT_OPTIONAL_LOCKS"] = "0";
        environment["GIT_LITERAL_PATHSPECS"] = "1";
        environment["GIT_NO_LAZY_FETCH"] = "1";
        environment["GIT_ALLOW_PROTOCOL"] = address.Protocols;
        environment["GIT_SSH_VARIANT"] = "ssh";
        environment["GIT_SSH"] = ssh.Path;
        if (call.GitDirectory is not null)
            environment["GIT_DIR"] = call.GitDirectory;
        if (call.WorkTree is not null && call.GitDirectory is not null)
            environment["GIT_WORK_TREE"] = call.WorkTree;
        if (call.IndexFile is not null)
            environment["GIT_INDEX_FILE"] = call.IndexFile;
        if (address.Credential is { } credential)
        {
            // A helper would be started by a shell. Git would send the header along to wherever it is redirected.
            var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.UserName}:{credential.Password}"));
            environment["GIT_CONFIG_COUNT"] = "2";
            environment["GIT_CONFIG_KEY_0"] = $"http.{address.Origin}/.extraHeader";
            environment["GIT_CONFIG_VALUE_0"] = "Authorization: Basic " + pair;
            environment["GIT_CONFIG_KEY_1"] = "http.followRedirects";
            environment["GIT_CONFIG_VALUE_1"] = "false";
        }
        foreach (var (name, value) in call.Environment)
            environment[name] = value;
    }

    private static async Task WriteAsync(Stream stdin, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await stdin.WriteAsync(input, cancellationToken);
        }
        catch (IOException)
        {
            // Git did not want all of it; its exit code says whether that is a failure.
        }
        await stdin.DisposeAsync();
    }

    private static async Task CopyAsync(Stream from, MemoryStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (to.Length + count > MaxOutput)
                throw new GitException($"git printed more than {MaxOutput / (1024 * 1024)} MiB: the repository is too large.");
            to.Write(buffer, 0, count);
        }
    }
}

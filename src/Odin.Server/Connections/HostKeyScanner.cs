using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Odin.Server.Connections;

/// <summary>What is done when a git connection comes without the key of its host.</summary>
internal enum HostKeyScan
{
    /// <summary>The host is asked for its key; if it does not answer, the connection stays without one and cannot be used.</summary>
    Try,

    /// <summary>The host is asked; if it does not answer, the connection is refused.</summary>
    Require,

    /// <summary>Nobody is asked.</summary>
    Off,
}

/// <summary>Settings of <see cref="HostKeyScanner"/>.</summary>
/// <param name="Patience">How long a host has to answer; clients wait ten seconds for all of it.</param>
internal sealed record HostKeyScanOptions(HostKeyScan Mode, TimeSpan Patience);

/// <summary>Asks a git host for its key, with <c>ssh-keyscan</c>: as safe as the first connection of any ssh.</summary>
internal sealed partial class HostKeyScanner(HostKeyScanOptions options, ILogger<HostKeyScanner> logger)
{
    private const int MostBytes = 64 << 10;

    /// <summary>The lines for <c>known_hosts</c>; null: there are none, and the errors say so if they have to.</summary>
    public async Task<string?> ScanAsync(string uri, List<string> errors, CancellationToken cancellationToken)
    {
        if (options.Mode == HostKeyScan.Off || SshHost.Parse(uri) is not { } host)
            return null;
        var (keys, problem) = await AskAsync(host, cancellationToken);
        if (problem is null)
            return keys;
        if (options.Mode == HostKeyScan.Require)
        {
            errors.Add(problem);
            errors.Add($"can not extract the public SSH host key from URI: {problem}");
        }
        else
        {
            LogNoKey(host.Name, problem);
        }
        return null;
    }

    private async Task<(string? Keys, string? Problem)> AskAsync(SshHost host, CancellationToken cancellationToken)
    {
        var seconds = Math.Max(1, (int)options.Patience.TotalSeconds);
        var start = new ProcessStartInfo("ssh-keyscan", ["-T", $"{seconds}", "-p", $"{host.Port}", "--", host.Name])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        // It needs nothing of ours, and secrets may stand there.
        foreach (var name in start.Environment.Keys.Where(k => k is not ("PATH" or "HOME" or "LANG")).ToList())
            start.Environment.Remove(name);
        using var limit = new CancellationTokenSource(options.Patience + TimeSpan.FromSeconds(1));
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            try
            {
                var (output, noise) = (ReadAsync(process.StandardOutput, both.Token), ReadAsync(process.StandardError, both.Token));
                await Task.WhenAll(output, noise);
                await process.WaitForExitAsync(both.Token);
                var keys = string.Concat((await output).Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l + "\n"));
                return keys.Length > 0 ? (keys, null) : (null, $"the host \"{host.Name}\" does not answer on port {host.Port}");
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"the host \"{host.Name}\" does not answer on port {host.Port}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, "there is no program ssh-keyscan on the server: install OpenSSH's client, or give the publicKey");
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (text.Length < MostBytes)
                text.Append(buffer, 0, count);
        }
        return text.ToString();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No key of the git host '{Host}' was had: {Problem}. Give the connection its publicKey before it is used")]
    private partial void LogNoKey(string host, string problem);
}

/// <summary>The host of a git address over SSH.</summary>
internal sealed partial record SshHost(string Name, int Port)
{
    /// <summary>Reads <c>user@host:path</c> and <c>ssh://[user@]host[:port]/path</c>; null: it goes another way, or is no address.</summary>
    public static SshHost? Parse(string uri)
    {
        var match = Url().Match(uri);
        if (match.Success)
            return int.TryParse(match.Groups[2].ValueSpan, out var port) ? new SshHost(match.Groups[1].Value, port) : new SshHost(match.Groups[1].Value, 22);
        return Short().Match(uri) is { Success: true } other ? new SshHost(other.Groups[1].Value, 22) : null;
    }

    [GeneratedRegex(@"\Assh://(?:[^@/]+@)?([A-Za-z0-9][A-Za-z0-9._-]*)(?::([0-9]{1,5}))?/")]
    private static partial Regex Url();

    [GeneratedRegex(@"\A(?:[^@/:]+@)([A-Za-z0-9][A-Za-z0-9._-]*)[:/](?!/)")]
    private static partial Regex Short();
}

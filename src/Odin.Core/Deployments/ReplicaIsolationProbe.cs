using System.Diagnostics;
using Odin.Execution.Processes;

namespace Odin.Deployments;

/// <summary>Finds out, once, whether this machine lets us give a program files of its own.</summary>
internal sealed class ReplicaIsolationProbe(ReplicaOptions options)
{
    private readonly Lazy<Task<IReadOnlyList<string>?>> found = new(() => TryAsync(options.Isolation));

    /// <summary>The command that a program in namespaces of its own is started by, without the program; empty: none is to be; null: it cannot be done.</summary>
    public Task<IReadOnlyList<string>?> FindAsync() => found.Value;

    /// <summary>The program <c>unshare</c> of this machine; null: it has none.</summary>
    public static string? Unshare { get; } = CommandResolver.Resolve("unshare", "/", TaskEnvironment.DefaultPath).Path;

    private static async Task<IReadOnlyList<string>?> TryAsync(ReplicaIsolation isolation)
    {
        if (isolation == ReplicaIsolation.None)
            return [];
        // Without rights over the machine first, also for root.
        if (Unshare is { } unshare)
        {
            foreach (string[] how in new string[][] { [unshare, "--user", "--map-root-user", "--mount"], [unshare, "--mount"] })
            {
                if (await WorksAsync(how))
                    return how;
            }
        }
        return isolation == ReplicaIsolation.Auto ? [] : null;
    }

    private static async Task<bool> WorksAsync(string[] how)
    {
        var start = new ProcessStartInfo(how[0], [.. how.Skip(1), "--", "/bin/sh", "-c", "mount -t tmpfs tmpfs /tmp && exec \"$0\" --root=/ --wd=/ -- true", how[0]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            await process.StandardError.ReadToEndAsync();
            await output;
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

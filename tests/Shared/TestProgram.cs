using System.Diagnostics;

namespace Odin.Testing;

/// <summary>Runs small programs that tests need to set the scene, and fails the test with their output when they fail.</summary>
internal static class TestProgram
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    /// <summary>Standard output without the last line end.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string? directory = null, byte[]? input = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? "",
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input ?? []);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Deadline);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors}{await output}");
        return (await output).TrimEnd('\n');
    }

    /// <summary>git as a person would have it: an identity, no hooks of the machine.</summary>
    public static Task<string> GitAsync(string directory, params IReadOnlyList<string> arguments) =>
        RunAsync("git", ["-c", "user.name=Person", "-c", "user.email=person@example.org", "-c", "init.defaultBranch=master", "-c", "protocol.file.allow=always", .. arguments], directory);
}

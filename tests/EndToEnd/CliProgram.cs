using System.Diagnostics;

namespace Odin.EndToEnd;

/// <summary>What a program wrote, and its exit code.</summary>
internal sealed record ProgramResult(int Code, string Output, string Error)
{
    /// <summary>Both streams, for the message of a test that failed.</summary>
    public override string ToString() => $"exit code {Code}\n{Output}\n{Error}";
}

/// <summary>Runs programs as a person with a fresh home directory would.</summary>
internal sealed class CliProgram(TemporaryDirectory home)
{
    /// <summary>A program that takes longer is killed.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Set on top of the environment of the tests.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>The program <c>odin</c>.</summary>
    public Task<ProgramResult> OdinAsync(params string[] arguments) => RunAsync(Programs.Cli, arguments);

    /// <summary>Runs a program to its end; one that takes minutes is killed, and the test fails.</summary>
    public async Task<ProgramResult> RunAsync(string program, params string[] arguments)
    {
        // Into files: a pipe would stay open for as long as a server that the program leaves behind.
        var (output, error) = (home[$"{Guid.NewGuid():N}.out"], home[$"{Guid.NewGuid():N}.err"]);
        var start = new ProcessStartInfo("/bin/sh", ["-c", "out=$1 err=$2; shift 2; exec \"$@\" >\"$out\" 2>\"$err\" </dev/null", "sh", output, error, program, .. arguments])
        {
            WorkingDirectory = home.Path,
        };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ODIN_", StringComparison.Ordinal) && k != "ODIN_DEMO_PYTHON" || k.StartsWith("XDG_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["HOME"] = home.Path;
        start.Environment["TMPDIR"] = Directory.CreateDirectory(home["tmp"]).FullName;
        foreach (var (name, value) in Variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Deadline);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within {Deadline.TotalMinutes} minutes:\n{await File.ReadAllTextAsync(output)}\n{await File.ReadAllTextAsync(error)}");
        }
        return new ProgramResult(process.ExitCode, await File.ReadAllTextAsync(output), await File.ReadAllTextAsync(error));
    }
}

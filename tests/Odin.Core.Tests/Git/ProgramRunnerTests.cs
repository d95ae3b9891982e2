using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Odin.Git;

namespace Odin.Tests.Git;

public sealed class ProgramRunnerTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Run_Program_GivesOutputErrorsAndExitCode()
    {
        var output = new MemoryStream();
        var end = await ProgramRunner.RunAsync(Shell("cat; echo bad >&2; exit 3"), Talk("hello", output), Long, GitSandbox.Token);
        Assert.Equal(3, end.ExitCode);
        Assert.Equal("bad\n", end.Errors);
        Assert.Equal("hello", Encoding.UTF8.GetString(output.ToArray()));
    }

    [Fact]
    public async Task Run_FloodOfErrors_KeepsTheEnd()
    {
        var end = await ProgramRunner.RunAsync(
            Shell("head -c 20000000 /dev/zero | tr '\\0' x >&2; echo last >&2"), Talk("", new MemoryStream()), Long, GitSandbox.Token);
        Assert.InRange(end.Errors.Length, 1000, 16 * 1024);
        Assert.EndsWith("last\n", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ProgramThatReadsNothing_EndsWithItsExitCode()
    {
        var end = await ProgramRunner.RunAsync(Shell("exit 4"), Talk(new string('x', 5_000_000), new MemoryStream()), Long, GitSandbox.Token);
        Assert.Equal(4, end.ExitCode);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_TimeoutOrCancellation_KillsTheWholeTree(bool timesOut)
    {
        using var directory = new TemporaryDirectory();
        using var caller = new CancellationTokenSource();
        var running = ProgramRunner.RunAsync(
            Shell($"sleep 1000 & echo $! > '{directory["pid"]}.tmp'; mv '{directory["pid"]}.tmp' '{directory["pid"]}'; wait"),
            Talk("", new MemoryStream()), timesOut ? TimeSpan.FromSeconds(2) : Long, caller.Token);
        if (timesOut)
        {
            await Assert.ThrowsAsync<TimeoutException>(() => running);
        }
        else
        {
            await Eventually.True(() => File.Exists(directory["pid"]), "the child has started");
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }
        if (File.Exists(directory["pid"]))
        {
            var pid = int.Parse(await File.ReadAllTextAsync(directory["pid"]), CultureInfo.InvariantCulture);
            await Eventually.True(() => !IsAlive(pid), "the grandchild is gone");
        }
    }

    [Fact]
    public async Task Run_MissingProgram_Throws() => await Assert.ThrowsAsync<Win32Exception>(
        () => ProgramRunner.RunAsync(new ProcessStartInfo("/no/such/program"), Talk("", new MemoryStream()), Long, GitSandbox.Token));

    private static ProcessStartInfo Shell(string script) => new("/bin/sh", ["-c", script]);

    private static ProgramDialogue Talk(string input, MemoryStream output) => async (stdin, stdout, token) =>
    {
        await stdin.WriteAsync(Encoding.UTF8.GetBytes(input), token);
        await stdin.DisposeAsync();
        await stdout.CopyToAsync(output, token);
    };

    private static bool IsAlive(int pid)
    {
        try
        {
            // An orphan that nobody has reaped yet is as good as gone.
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}

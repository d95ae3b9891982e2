using System.Diagnostics;

namespace Odin.Tests.Toolchains;

/// <summary>The tests of <c>python/odin_runtime</c>, which are written in Python, run by the Python of the tests.</summary>
public sealed class PythonRuntimeTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(20);

    private static readonly string Tests = Path.Combine(SourceTree.Root, "python", "tests");

    private static string Python => Environment.GetEnvironmentVariable("ODIN_DEMO_PYTHON") ?? "/usr/bin/python3";

    public static TheoryData<string> Files => [.. Directory.GetFiles(Tests, "test_*.py").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Run_EveryTestFile_Passes(string file)
    {
        using var home = new TemporaryDirectory();
        var start = new ProcessStartInfo(Python, ["-m", "unittest", "discover", "--verbose", "--buffer", "--start-directory", Tests, "--pattern", file])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home.Path,
        };
        // The tests run beside others on the same checkout.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        var text = string.Join('\n', await texts);
        Assert.True(process.ExitCode == 0, $"{Python} {file} ended with {process.ExitCode}:\n{text}");
        // A skipped test says what is missing; these packages are among those that the tests install.
        Assert.False(text.Contains("this Python has no", StringComparison.Ordinal), $"{Python} cannot run all of {file}:\n{text}");
        Assert.Contains("\nRan ", text, StringComparison.Ordinal);
    }
}

using System.Diagnostics;

namespace Odin.Cli.Tests.Shell;

/// <summary>The scripts at the root of the repository, with programs that only stand for those which they build.</summary>
public sealed class RootScriptTests : IDisposable
{
    private readonly TemporaryDirectory home = new();
    private readonly Dictionary<string, string> variables = [];

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData("clone/odin")]
    [InlineData("bin/odin")]
    public async Task Odin_FromElsewhere_StartsTheProgramInTheCallersDirectory(string script)
    {
        Clone();
        var elsewhere = Directory.CreateDirectory(home["else where"]).FullName;
        var result = await RunAsync(home[script], elsewhere, "lint", "./mine");
        Assert.Equal((0, $"{elsewhere}\n[lint]\n[./mine]\n"), (result.ExitCode, result.Out));
        Assert.Equal("", result.Error);
    }

    [Theory]
    [InlineData("clone/odahuflowctl")]
    [InlineData("bin/odahuflowctl")]
    public async Task Odahuflowctl_IsTheProgramUnderItsOtherName(string script)
    {
        Clone();
        // The link that the repository has, and one from elsewhere.
        Assert.Equal("odin", new FileInfo(Path.Combine(SourceTree.Root, "odahuflowctl")).LinkTarget);
        File.CreateSymbolicLink(home["clone/odahuflowctl"], "odin");
        File.CreateSymbolicLink(home["bin/odahuflowctl"], home["clone/odahuflowctl"]);
        Program("clone/artifacts/bin/Odin.Cli/release/odin", "echo \"${0##*/} $*\"\n");
        for (var i = 0; i < 2; i++)
        {
            var result = await RunAsync(home[script], home.Path, "conn", "get");
            Assert.Equal((0, "odahuflowctl conn get\n", ""), (result.ExitCode, result.Out, result.Error));
        }
    }

    [Fact]
    public async Task Odin_SourceIsNewer_SaysWhatItBuildsAndHowFarItIs()
    {
        Clone();
        File.SetLastWriteTimeUtc(home["clone/artifacts/release.stamp"], DateTime.UnixEpoch);
        Program("sdk/dotnet", "[ \"$1\" = --version ] && { echo 10.0.100; exit; }\necho \"  Odin.Core -> /x/Odin.Core.dll\"\n");
        var result = await RunAsync(home["clone/odin"], home.Path, "list");
        Assert.Equal((0, $"{home.Path}\n[list]\n"), (result.ExitCode, result.Out));
        Assert.Contains("odin: building src/Odin.Server (1 of 2) ...\nodin:   Odin.Core\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("odin: building src/Odin.Cli (2 of 2) ...\n", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Odin_BuildFails_ShowsTheErrorsAndStartsNothing()
    {
        Clone();
        File.SetLastWriteTimeUtc(home["clone/artifacts/release.stamp"], DateTime.UnixEpoch);
        Program("sdk/dotnet", "[ \"$1\" = --version ] && { echo 10.0.100; exit; }\necho 'a.cs(1,2): error CS0001: so it goes'\nexit 1\n");
        var result = await RunAsync(home["clone/odin"], home.Path, "list");
        Assert.Equal((1, ""), (result.ExitCode, result.Out));
        Assert.Contains("error CS0001: so it goes", result.Error, StringComparison.Ordinal);
        Assert.Contains("src/Odin.Server does not build", result.Error, StringComparison.Ordinal);
    }

    // An activated virtual environment is somebody's choice; so is ODIN_PYTHON.
    [Theory]
    [InlineData("odin", "local", "venv", "", "")]
    [InlineData("odin", "server", "venv", "", "")]
    [InlineData("odin", "local", "venv", "chosen", "chosen")]
    [InlineData("odin", "local", "", "", "sdk/python3")]
    [InlineData("odahuflowctl", "gppi", "", "", "sdk/python3")]
    [InlineData("odin", "list", "", "", "")]
    public async Task Odin_ChoosesAPythonThatCanLearn_UnlessSomebodyHasChosen(string script, string command, string environment, string given, string expected)
    {
        Clone();
        Program("clone/artifacts/bin/Odin.Cli/release/odin", "echo \"${ODIN_PYTHON:-}\"\n");
        // All that it is asked is whether it has the packages.
        Program("sdk/python3", "exit 0\n");
        Program("venv/bin/python", "exit 0\n");
        File.CreateSymbolicLink(home["clone/odahuflowctl"], "odin");
        variables["VIRTUAL_ENV"] = environment.Length > 0 ? home[environment] : "";
        variables["ODIN_PYTHON"] = given;
        variables["ODIN_DEMO_PYTHON"] = "";
        var result = await RunAsync(home[$"clone/{script}"], home.Path, command);
        Assert.Equal((0, expected.Contains('/', StringComparison.Ordinal) ? home[expected] : expected), (result.ExitCode, result.Out.Trim()));
    }

    [Theory]
    [InlineData("venv", "", "venv")]
    [InlineData("gone", "", "sdk")]
    [InlineData("", "", "sdk")]
    [InlineData("venv", "other/python", "other")]
    public async Task Gppi_TakesThePythonThatTrainingsTake(string environment, string given, string expected)
    {
        Program("sdk/python3", "echo sdk\n");
        Program("venv/bin/python", "echo venv\n");
        Program("other/python", "echo other\n");
        variables["VIRTUAL_ENV"] = environment.Length > 0 ? home[environment] : "";
        variables["ODIN_PYTHON"] = given.Length > 0 ? home[given] : "";
        foreach (var program in new[] { "odin-gppi", "odin-mlflow-runner", "odin-script-runner" })
        {
            var result = await RunAsync(Path.Combine(SourceTree.Root, "python", "bin", program), home.Path, "--help");
            Assert.Equal((0, $"{expected}\n", ""), (result.ExitCode, result.Out, result.Error));
        }
    }

    // A clone whose build is up to date, and a link to its script from a directory that could be in PATH.
    private void Clone()
    {
        foreach (var file in new[] { "odin", "eng/build.sh", "eng/packages.sh" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(home[$"clone/{file}"])!);
            File.Copy(Path.Combine(SourceTree.Root, file), home[$"clone/{file}"]);
        }
        Directory.CreateDirectory(home["clone/src"]);
        Program("clone/artifacts/bin/Odin.Cli/release/odin", "pwd\nfor a; do echo \"[$a]\"; done\n");
        Program("sdk/dotnet", "exit 1\n");
        File.WriteAllText(home["clone/artifacts/release.stamp"], "");
        File.SetLastWriteTimeUtc(home["clone/artifacts/release.stamp"], DateTime.UnixEpoch.AddYears(200));
        Directory.CreateDirectory(home["bin"]);
        File.CreateSymbolicLink(home["bin/odin"], home["clone/odin"]);
    }

    private void Program(string relative, string script)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(home[relative])!);
        File.WriteAllText(home[relative], "#!/bin/sh\n" + script);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(home[relative], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private async Task<CliResult> RunAsync(string program, string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        start.Environment["PATH"] = $"{home["sdk"]}:/usr/bin:/bin";
        start.Environment["DOTNET_ROOT"] = home["sdk"];
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CliResult(process.ExitCode, output, await error);
    }
}

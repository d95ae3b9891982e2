using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Odin.EndToEnd;

/// <summary>The first command that a person types. Needs Python with scikit-learn, as the demo itself does.</summary>
public sealed partial class DemoTests : IDisposable
{
    private static readonly string[] Tasks = ["prepare", "train-logistic", "train-forest", "train-knn", "evaluate", "report"];

    private const string Terminal = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

    private readonly TemporaryDirectory home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Demo_PrintsTheBestModelAndTheReport_ThenTheCache_AndLeavesNothingElse()
    {
        var result = await new CliProgram(home).OdinAsync("demo");

        Assert.True(result.Code == 0, result.ToString());
        var best = BestModel().Match(result.Output);
        Assert.True(best.Success, result.ToString());
        Assert.InRange(double.Parse(best.Groups["accuracy"].Value, CultureInfo.InvariantCulture), 0.8, 1.0);

        var report = Report().Match(result.Output).Groups["path"].Value;
        Assert.Equal(home[".local/share/odin/demo/report.html"], report);
        var page = await File.ReadAllTextAsync(report);
        Assert.Contains("<svg ", page, StringComparison.Ordinal);
        Assert.Contains(best.Groups["model"].Value, page, StringComparison.Ordinal);

        var second = result.Output[result.Output.IndexOf("The same commit again:", StringComparison.Ordinal)..];
        Assert.Contains($"{Tasks.Length} of {Tasks.Length} tasks came from the cache:", second, StringComparison.Ordinal);
        foreach (var task in Tasks)
        {
            Assert.Matches($"(?m)^  {task}: .*[a-z]{{3,}}", second);
            Assert.Single(second.Split('\n'), line => line.Contains($"{task}:", StringComparison.Ordinal) || line.Contains($" {task} ", StringComparison.Ordinal));
        }

        Assert.EndsWith("(docs/guides/model-lifecycle.md tells each step):\n  odin server &\n  odin apply -f examples/lifecycle/wine\n  odin artifact list\n", result.Output, StringComparison.Ordinal);
        foreach (var line in new[] { "Deployment: wine is ready after ", "Prediction: quality ", "Feedback:   truthful", "  curl -s -d '@", "/service-catalog/" })
            Assert.Contains(line, result.Output, StringComparison.Ordinal);
        AssertMode("700", home[".local/share/odin"]);
        Assert.Empty(Directory.GetFileSystemEntries(home["tmp"], "odin-demo-*"));
        Assert.False(IsAlive(ServerOf(result)), "the server is still there");
    }

    /// <summary>A person at a terminal can type the line that the demo prints, for as long as they like.</summary>
    [Fact]
    public async Task Demo_AtATerminal_AnswersUntilEnterIsPressed()
    {
        // Makes a terminal, and types into it what comes here.
        var start = new ProcessStartInfo("python3", ["-c", Terminal, Programs.Cli, "demo"]) { WorkingDirectory = home.Path, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["HOME"] = home.Path;
        start.Environment["TMPDIR"] = Directory.CreateDirectory(home["tmp"]).FullName;
        start.Environment["TERM"] = "dumb";
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ODIN_", StringComparison.Ordinal) && k != "ODIN_DEMO_PYTHON" || k.StartsWith("XDG_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var shown = new StringBuilder();
        try
        {
            var characters = new char[4096];
            while (!shown.ToString().Contains("press Enter", StringComparison.Ordinal) && await process.StandardOutput.ReadAsync(characters, limit.Token) is > 0 and var count)
                shown.Append(characters, 0, count);
            var curl = Curl().Match(shown.ToString().ReplaceLineEndings("\n")).Value;
            Assert.True(curl.Length > 0, shown.ToString());
            for (var i = 0; i < 2; i++)
                Assert.Contains("\"columns\":[\"quality\"]", await TestProgram.RunAsync("sh", ["-c", curl]), StringComparison.Ordinal);
            Assert.False(process.HasExited, "it waits");
            await process.StandardInput.WriteLineAsync();
            await process.StandardInput.FlushAsync(limit.Token);
            shown.Append(await process.StandardOutput.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        Assert.True(process.ExitCode == 0, shown.ToString());
        Assert.Contains("The server has stopped, and its data is removed", shown.ToString(), StringComparison.Ordinal);
        Assert.False(IsAlive(Address().Match(shown.ToString().ReplaceLineEndings("\n")).Groups["url"].Value), "the server is still there");
        Assert.Empty(Directory.GetFileSystemEntries(home["tmp"], "odin-demo-*"));
    }

    [Fact]
    public async Task Demo_Keep_LeavesTheServerAndItsDataAndSaysHowToUseThem()
    {
        var data = home["data"];
        var cli = new CliProgram(home);
        var result = await cli.OdinAsync("demo", "--keep", "--data", data);
        Assert.True(result.Code == 0, result.ToString());
        var server = int.Parse(Kept().Match(result.Output).Groups["pid"].Value, CultureInfo.InvariantCulture);
        try
        {
            cli.Variables["ODIN_DATA"] = data;
            var runs = await cli.OdinAsync("list", "-o", "name");
            Assert.True(runs.Code == 0, runs.ToString());
            Assert.Equal(2, runs.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
            Assert.Contains($"export ODIN_DATA='{data}'", result.Output, StringComparison.Ordinal);
            Assert.Contains($"Its data stays in '{data}'", result.Output, StringComparison.Ordinal);
            // The line that the demo has printed answers.
            var curl = Curl().Match(result.Output).Value;
            Assert.Contains("\"columns\":[\"quality\"]", await TestProgram.RunAsync("sh", ["-c", curl]), StringComparison.Ordinal);
        }
        finally
        {
            await cli.OdinAsync("deployment", "delete", "wine");
            await TestProgram.RunAsync("kill", [server.ToString(CultureInfo.InvariantCulture)]);
            await Eventually.True(() => !IsAlive(server), "the server of the demo has stopped");
        }
    }

    [Fact]
    public async Task Demo_RunFails_ShowsTheLogAndKeepsTheFiles()
    {
        var result = await new CliProgram(home).OdinAsync("demo", "--x:python", "/bin/false");

        Assert.Equal(1, result.Code);
        Assert.Contains("prepare:", result.Error, StringComparison.Ordinal);
        var kept = Assert.Single(Directory.GetFileSystemEntries(home["tmp"], "odin-demo-*"));
        Assert.Contains(kept, result.Error, StringComparison.Ordinal);
        // The server has greeted with the password of its first user.
        Assert.Contains("assword", await File.ReadAllTextAsync(Path.Combine(kept, "server.log")), StringComparison.Ordinal);
        AssertMode("700", kept);
        AssertMode("600", Path.Combine(kept, "server.log"));
    }

    [Fact]
    public async Task Demo_OnADirectoryThatOthersMayRead_ClosesItAndTheLog()
    {
        var data = Directory.CreateDirectory(home["data"]).FullName;
        await new CliProgram(home).OdinAsync("demo", "--data", data, "--x:python", "/bin/false");
        AssertMode("700", data);

        // As an earlier version has left them.
        await TestProgram.RunAsync("chmod", ["755", data]);
        await TestProgram.RunAsync("chmod", ["644", Path.Combine(data, "server.log")]);
        await new CliProgram(home).OdinAsync("demo", "--data", data, "--x:python", "/bin/false");
        AssertMode("700", data);
        AssertMode("600", Path.Combine(data, "server.log"));
    }

    private static void AssertMode(string octal, string path)
    {
        if (!OperatingSystem.IsWindows())
            Assert.Equal($"{octal} {path}", $"{Convert.ToString((int)File.GetUnixFileMode(path), 8)} {path}");
    }

    // Its log is gone with its data: what is known of it is the address that it answered at.
    private static string ServerOf(ProgramResult result) => Address().Match(result.Output).Groups["url"].Value;

    private static bool IsAlive(string url)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, $"{url}/health"));
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    // Where nobody reaps orphans, one that has ended stays in the table of processes as a zombie.
    private static bool IsAlive(int process)
    {
        var file = $"/proc/{process}/stat";
        try
        {
            return File.Exists(file) && File.ReadAllText(file).Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    [GeneratedRegex("(?<=\n  )curl [^\n]+")]
    private static partial Regex Curl();

    [GeneratedRegex(@"^Best model: (?<model>logistic|forest|knn) with accuracy (?<accuracy>[0-9.]+)$", RegexOptions.Multiline)]
    private static partial Regex BestModel();

    [GeneratedRegex(@"^Report: +(?<path>/.+)$", RegexOptions.Multiline)]
    private static partial Regex Report();

    [GeneratedRegex(@"^It answers at (?<url>http://\S+)\.$", RegexOptions.Multiline)]
    private static partial Regex Address();

    [GeneratedRegex(@"\(process (?<pid>[0-9]+),")]
    private static partial Regex Kept();
}

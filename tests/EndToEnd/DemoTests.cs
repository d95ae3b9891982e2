using System.Globalization;
using System.Text.RegularExpressions;

namespace Odin.EndToEnd;

/// <summary>The first command that a person types. Needs Python with scikit-learn, as the demo itself does.</summary>
public sealed partial class DemoTests : IDisposable
{
    private static readonly string[] Tasks = ["prepare", "train-logistic", "train-forest", "train-knn", "evaluate", "report"];
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
        AssertMode("700", home[".local/share/odin"]);
        Assert.Empty(Directory.GetFileSystemEntries(home["tmp"], "odin-demo-*"));
        Assert.False(IsAlive(ServerOf(result)), "the server is still there");
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
        }
        finally
        {
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

    [GeneratedRegex(@"^Best model: (?<model>logistic|forest|knn) with accuracy (?<accuracy>[0-9.]+)$", RegexOptions.Multiline)]
    private static partial Regex BestModel();

    [GeneratedRegex(@"^Report: +(?<path>/.+)$", RegexOptions.Multiline)]
    private static partial Regex Report();

    [GeneratedRegex(@"^It answers at (?<url>http://\S+)\.$", RegexOptions.Multiline)]
    private static partial Regex Address();

    [GeneratedRegex(@"\(process (?<pid>[0-9]+),")]
    private static partial Regex Kept();
}

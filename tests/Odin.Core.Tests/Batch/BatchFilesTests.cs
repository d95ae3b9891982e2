using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Odin.Batch;
using Odin.Execution;
using Odin.Steps;

namespace Odin.Tests.Batch;

/// <summary>Documents are copied as they are, those that are none are left out, and names cannot forge the log.</summary>
public sealed class BatchFilesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sort_LargeDocument_IsCopiedAsItIs()
    {
        Directory.CreateDirectory(directory["in"]);
        await using (var writer = new StreamWriter(directory["in/large.json"]))
        {
            await writer.WriteAsync("{\"inputs\": [{\"name\": \"n\", \"shape\": [4000000], \"datatype\": \"INT64\", \"data\": [0");
            for (var i = 1; i < 4_000_000; i++)
            {
                await writer.WriteAsync(',');
                await writer.WriteAsync(i.ToString(CultureInfo.InvariantCulture));
            }
            await writer.WriteAsync("]}]}");
        }
        await File.WriteAllTextAsync(directory["in/late.json"], $"{{\"inputs\": [{{\"data\": [{new string(' ', 300_000)}]}}, 1]}}", Token);
        var (count, log) = await SortAsync();
        Assert.Equal(new FileCount(1, 1), count);
        var bytes = await File.ReadAllBytesAsync(directory["in/large.json"], Token);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(directory["out/large.json"], Token));
        Assert.Equal(["large.json"], BatchFiles.NamesIn(directory["out"]));
        Assert.Contains($"'large.json': {bytes.Length} bytes, sha256 {Convert.ToHexStringLower(SHA256.HashData(bytes))}\n", log, StringComparison.Ordinal);
        Assert.Contains("'late.json' is left out: 'inputs[1]' is no object\n", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sort_NamesWithLineBreaks_StayInTheirLine()
    {
        Directory.CreateDirectory(directory["in"]);
        const string Forged = "\n[odin][INFO] 2026-03-04T10:00:00.000Z - all is well\u2028";
        foreach (var name in (string[])["good", "bad"])
            await File.WriteAllTextAsync(Path.Combine(directory["in"], $"{name}{Forged}.json"), name == "good" ? "{}" : "{", Token);
        await File.WriteAllTextAsync(Path.Combine(directory["in"], $"other{Forged}"), "", Token);
        var (count, log) = await SortAsync();
        Assert.Equal(new FileCount(1, 1), count);
        Assert.Equal(3, log.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("good\\u000a[odin][INFO] 2026-03-04T10:00:00.000Z - all is well\\u2028.json", log, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory["out"], $"good{Forged}.json")));
    }

    private async Task<(FileCount Count, string Log)> SortAsync()
    {
        var logs = new LogStore(directory["logs"]);
        var context = new StepContext("a", directory["attempt"], WorkStep.Setup, logs, TimeProvider.System);
        var count = await BatchFiles.SortAsync(directory["in"], directory["out"], PredictDocument.Request, context, Token);
        return (count, await File.ReadAllTextAsync(logs.PathOf(StepNames.LogOf("a", WorkStep.Setup)), Encoding.UTF8, Token));
    }
}

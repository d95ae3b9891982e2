using System.Text.Json.Nodes;
using Odin.Chores;

namespace Odin.Tests.Chores;

public sealed class TaskFilesTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(null, "a=1\nb=\"two\\nlines\"\n")]
    [InlineData("x=y", "x=y\na=1\nb=\"two\\nlines\"\n")]
    [InlineData("x=y\n", "x=y\na=1\nb=\"two\\nlines\"\n")]
    [InlineData("{\"x\": 5, \"a\": 0}", "{\"x\":5,\"a\":1,\"b\":\"two\\nlines\"}")]
    public async Task AddOutputs_WhatIsThere_IsKept(string? before, string after)
    {
        if (before is not null)
            File.WriteAllText(directory["outputs"], before);
        await TaskFiles.AddOutputsAsync(directory["outputs"], new JsonObject { ["a"] = 1, ["b"] = "two\nlines" }, Token);
        Assert.Equal(after, File.ReadAllText(directory["outputs"]));
    }

    [Fact]
    public async Task AddRecord_SecondCall_KeepsTheFirstOnesMembers()
    {
        await TaskFiles.AddRecordAsync(directory["record"], new JsonObject { ["request_early_exit"] = true, ["a"] = 1 }, Token);
        await TaskFiles.AddRecordAsync(directory["record"], new JsonObject { ["a"] = 2 }, Token);
        Assert.Equal("{\"request_early_exit\":true,\"a\":2}", File.ReadAllText(directory["record"]));
    }

    [Fact]
    public async Task ReadRunRecord_NotJson_SaysWhichFile()
    {
        File.WriteAllText(directory["run"], "nonsense");
        var error = await Assert.ThrowsAsync<ChoreException>(() => TaskFiles.ReadRunRecordAsync(directory["run"], Token));
        Assert.StartsWith($"The file '{directory["run"]}' must hold one JSON object", error.Message, StringComparison.Ordinal);
        Assert.Empty(await TaskFiles.ReadRunRecordAsync(null, Token));
    }
}

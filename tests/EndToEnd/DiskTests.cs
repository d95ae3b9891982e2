using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>A data directory on a disk that is full or read-only, with the whole server.</summary>
public sealed class DiskTests
{
    private const string Quick = "name: quick\ntasks: [{name: a, image: i, command: 'true'}]\n";

    // Of sysexits.h, as docs/reference/exit-codes.md has them.
    private const int Unavailable = 69, CannotWrite = 73;

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(160)]
    [InlineData(192)]
    public async Task Start_WithLittleRoom_IsRefusedInASentence(int kilobytes)
    {
        await using var disk = await SmallDisk.MountAsync(1);
        await disk.FillAsync(kilobytes << 10);
        var (code, output) = await StartAsync(disk);
        // How little is too little is nobody's promise.
        if (code == 0 && kilobytes > 64)
            return;

        Assert.True(code is Unavailable or CannotWrite, $"{code}: {output}");
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.StartsWith("odin-server: ", output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        Assert.True(output.Contains("space", StringComparison.OrdinalIgnoreCase) || output.Contains("full", StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_OnAReadOnlyDisk_IsRefusedInASentence(bool wasUsedBefore)
    {
        await using var disk = await SmallDisk.MountAsync(64);
        if (wasUsedBefore)
        {
            await using var before = await OdinServer.StartAsync(new ServerSetup { DataDirectory = Data(disk) });
            await before.PutJobAsync("quick", Quick);
        }
        await disk.MakeReadOnlyAsync();
        var (code, output) = await StartAsync(disk);

        Assert.Equal(CannotWrite, code);
        Assert.StartsWith($"odin-server: The data directory '{Data(disk)}' cannot be ", output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Full_WhileRunsGoOn_IsSaidAndOverWhenThereIsRoomAgain()
    {
        await using var disk = await SmallDisk.MountAsync(64);
        using var elsewhere = new TemporaryDirectory();
        await using var server = await OdinServer.StartAsync(new ServerSetup { DataDirectory = Data(disk) });
        await server.PutJobAsync("quick", Quick);
        await server.PutJobAsync("ongoing", $$"""
            name: ongoing
            tasks:
            - {name: a, image: i, command: sh, args: [-c, 'touch {{elsewhere["up"]}}; until [ -e {{elsewhere["go"]}} ]; do sleep 0.05; done']}
            - {name: b, image: i, command: sh, args: [-c, 'echo b >> {{elsewhere["b"]}}'], depends: a}
            """);
        var before = await server.SubmitAsync("quick");
        Assert.Equal("DONE", (string)(await server.EndAsync(before))["status"]!);
        var ongoing = await server.SubmitAsync("ongoing");
        await Eventually.True(() => File.Exists(elsewhere["up"]), "a task runs");
        var process = server.ProcessId;

        await disk.FillAsync();
        var refused = new List<string>();
        for (var i = 0; i < 20; i++)
            await SubmitAsync(server, refused);
        Assert.NotEmpty(refused);
        await UploadIsRefusedAsync(server);
        // What was stored can still be read.
        Assert.Equal("DONE", (string)(await server.StatusAsync(before))["status"]!);
        await File.WriteAllTextAsync(elsewhere["go"], "");
        Assert.Equal("RUNNING", (string)(await server.StatusAsync(ongoing))["status"]!);
        disk.MakeRoom();

        await Eventually.True(server.IsReadyAsync, "the server has a disk again");
        Assert.Equal("DONE", (string)(await server.EndAsync(ongoing))["status"]!);
        Assert.Equal(["b"], await File.ReadAllLinesAsync(elsewhere["b"]));
        var after = await server.SubmitAsync("quick");
        Assert.Equal("DONE", (string)(await server.EndAsync(after))["status"]!);
        Assert.Equal(process, server.ProcessId);
        await AllEndAsync(server);

        // And what is on the disk is whole.
        await server.KillAsync();
        await server.StartAgainAsync();
        await AllEndAsync(server);
        await server.PutJobAsync("later", Quick);
        Assert.Equal("DONE", (string)(await server.EndAsync(await server.SubmitAsync("later")))["status"]!);
    }

    [Fact]
    public async Task Full_ByATask_FailsItAndNotTheServer()
    {
        await using var disk = await SmallDisk.MountAsync(64);
        await using var server = await OdinServer.StartAsync(new ServerSetup { DataDirectory = Data(disk) });
        await server.PutJobAsync("quick", Quick);
        await server.PutJobAsync("greedy", """
            name: greedy
            tasks:
            - {name: a, image: i, command: sh, args: [-c, 'cat /dev/zero > ${RUN_PATH}/zeros; code=$$?; rm ${RUN_PATH}/zeros; exit $$code']}
            """);
        var run = await server.EndAsync(await server.SubmitAsync("greedy"));

        Assert.Equal(("Failed", "NonZeroExit"), ((string)run["state"]!, (string)run["tasks"]![0]!["reason"]!));
        Assert.Equal("DONE", (string)(await server.EndAsync(await server.SubmitAsync("quick")))["status"]!);
    }

    private static string Data(SmallDisk disk) => Path.Combine(disk.Path, "data");

    // While the disk is full a run is refused, or it was written into the last gap and is a run like any other.
    private static async Task SubmitAsync(OdinServer server, List<string> refused)
    {
        using var response = await server.Client.PostAsJsonAsync("/v1/pipelines", new JsonObject { ["pipeline"] = new JsonObject { ["job"] = "quick" } });
        var text = await response.Content.ReadAsStringAsync();
        if (response.IsSuccessStatusCode)
            return;
        Assert.True(response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.InsufficientStorage, $"{response.StatusCode}: {text}");
        var detail = (string)JsonNode.Parse(text)!["detail"]!;
        Assert.Contains("full", detail, StringComparison.Ordinal);
        refused.Add(detail);
    }

    private static async Task UploadIsRefusedAsync(OdinServer server)
    {
        using var response = await server.Client.PostAsync("/v1/jobs/quick/files/more.txt", new ByteArrayContent(new byte[1 << 20]));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.InsufficientStorage, $"{response.StatusCode}: {text}");
        Assert.Contains("full", text, StringComparison.Ordinal);
    }

    private static async Task AllEndAsync(OdinServer server)
    {
        var runs = JsonNode.Parse(await server.Client.GetStringAsync("/v1/pipelines?tasks=false&limit=1000"))!["pipelines"]!.AsArray();
        Assert.True(runs.Count >= 3);
        foreach (var run in runs)
            await server.EndAsync((string)run!["id"]!);
    }

    private static async Task<(int Code, string Output)> StartAsync(SmallDisk disk)
    {
        var start = new ProcessStartInfo(Programs.Server, ["--data", Data(disk), "--urls", "http://127.0.0.1:0", "--websocket-port", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        // It says something there only when it has started.
        var greeting = await process.StandardOutput.ReadLineAsync();
        if (greeting is not null)
            process.Kill();
        await process.WaitForExitAsync();
        return (greeting is null ? process.ExitCode : 0, await errors);
    }
}

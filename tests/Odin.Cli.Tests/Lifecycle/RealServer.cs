using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Cli.Tests.Lifecycle;

/// <summary>The real program <c>odin-server</c> on a data directory of its own, for all tests of the collection.</summary>
public sealed class RealServer : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private readonly StringBuilder output = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromMinutes(1) };
    private Process? process;

    /// <summary>Without a slash at its end.</summary>
    public string Url { get; } = $"http://127.0.0.1:{FreePort.Find()}";

    /// <summary>A token of the administrator.</summary>
    public string Token { get; private set; } = "";

    public string Data => directory["data"];

    public int ProcessId => process!.Id;

    public async ValueTask InitializeAsync()
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        var program = Path.Combine(SourceTree.Root, "artifacts", "bin", "Odin.Server", configuration, "odin-server");
        var start = new ProcessStartInfo(program, ["--data", Data, "--urls", Url, "--websocket-port", "off"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await Eventually.True(IsReadyAsync, "the server is ready");
        var password = (await File.ReadAllTextAsync(Path.Combine(Data, "admin-password"))).Trim();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "admin", ["password"] = password });
        using var response = await http.PostAsync(new Uri($"{Url}/v1/auth"), form);
        Token = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["message"]!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
    }

    /// <summary>What the server says of an entity; null: it has none of that name.</summary>
    public async Task<JsonNode?> FindAsync(string path)
    {
        using var response = await http.GetAsync(new Uri($"{Url}/api/v1/{path}"));
        return response.IsSuccessStatusCode ? JsonNode.Parse(await response.Content.ReadAsStringAsync()) : null;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (process is { HasExited: false })
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        process?.Dispose();
        directory.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        lock (output)
            Assert.False(process!.HasExited, $"The server has ended:\n{output}");
        try
        {
            using var response = await http.GetAsync(new Uri($"{Url}/health"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (output)
            output.AppendLine(line.Data);
    }
}

/// <summary>Tests that ask one real server.</summary>
[CollectionDefinition(Name)]
public sealed class RealServerCollection : ICollectionFixture<RealServer>
{
    public const string Name = "real server";
}

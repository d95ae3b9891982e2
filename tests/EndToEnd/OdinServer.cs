using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.EndToEnd;

/// <summary>How a server is to be started, beside what every one of them needs.</summary>
internal sealed record ServerSetup
{
    /// <summary>Flags.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The number of the user that it runs as, to whom the data directory is given; null: that of the tests.</summary>
    public int? User { get; init; }

    /// <summary>Null: one of its own.</summary>
    public string? DataDirectory { get; init; }
}

/// <summary>The real program <c>odin-server</c> on a data directory that survives its death.</summary>
internal sealed class OdinServer : IAsyncDisposable
{
    public const string Password = "end-to-end-password";

    private readonly TemporaryDirectory directory;
    private readonly ServerSetup setup;
    private readonly StringBuilder output = new();
    private Process? process;

    private OdinServer(TemporaryDirectory directory, ServerSetup setup)
    {
        (this.directory, this.setup) = (directory, setup);
        Client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromMinutes(1) };
    }

    public Uri Url { get; } = new($"http://127.0.0.1:{FreePort.Find()}");

    public int WebSocketPort { get; } = FreePort.Find();

    public HttpClient Client { get; }

    public string DataDirectory => setup.DataDirectory ?? directory["data"];

    public int ProcessId => process!.Id;

    /// <summary>What the program has written so far, on both streams.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>Starts a server in a fresh directory and waits until it is ready.</summary>
    public static Task<OdinServer> StartAsync(params string[] arguments) => StartAsync(new ServerSetup { Arguments = arguments });

    /// <inheritdoc cref="StartAsync(string[])"/>
    public static async Task<OdinServer> StartAsync(ServerSetup setup)
    {
        var server = new OdinServer(new TemporaryDirectory(), setup);
        await server.StartAgainAsync();
        await server.LogInAsync();
        return server;
    }

    /// <summary>Starts the program on the same data directory and waits until it is ready.</summary>
    public async Task StartAgainAsync()
    {
        Launch();
        await Eventually.True(IsReadyAsync, "the server is ready");
    }

    /// <summary>Starts the program and does not wait.</summary>
    public void Launch()
    {
        process?.Dispose();
        var start = new ProcessStartInfo(setup.User is null ? Programs.Server : "setpriv") { RedirectStandardOutput = true, RedirectStandardError = true };
        if (setup.User is { } user)
        {
            foreach (var argument in (string[])[$"--reuid={user}", $"--regid={user}", "--clear-groups", Programs.Server])
                start.ArgumentList.Add(argument);
            start.Environment["HOME"] = DataDirectory;
        }
        foreach (var argument in (string[])["--data", DataDirectory, "--urls", Url.ToString().TrimEnd('/'), "--websocket-port", $"{WebSocketPort}", .. setup.Arguments])
            start.ArgumentList.Add(argument);
        start.Environment["ODIN_ADMIN_PASSWORD"] = Password;
        foreach (var (name, value) in setup.Environment)
            start.Environment[name] = value;
        process = Process.Start(start)!;
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>SIGKILL, at once.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
    }

    public async Task LogInAsync()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "admin", ["password"] = Password });
        using var response = await Client.PostAsync("/v1/auth", form);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", JsonNode.Parse(body)!["message"]!.GetValue<string>());
    }

    public async Task PutJobAsync(string name, string mainYml)
    {
        using var created = await Client.PostAsJsonAsync("/v1/jobs", new JsonObject { ["job"] = new JsonObject { ["name"] = name } });
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync());
        using var pushed = await Client.PostAsync($"/v1/jobs/{name}/files/main.yml", new StringContent(mainYml));
        Assert.True(pushed.IsSuccessStatusCode, await pushed.Content.ReadAsStringAsync());
    }

    public async Task<string> SubmitAsync(string job)
    {
        using var response = await Client.PostAsJsonAsync("/v1/pipelines", new JsonObject { ["pipeline"] = new JsonObject { ["job"] = job } });
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!["pipeline"]!["id"]!.GetValue<string>();
    }

    public async Task<JsonObject> StatusAsync(string run)
    {
        var body = await Client.GetStringAsync($"/v1/pipelines/{run}");
        return (JsonObject)JsonNode.Parse(body)!["pipeline"]!;
    }

    /// <summary>The run once it has ended.</summary>
    public async Task<JsonObject> EndAsync(string run)
    {
        JsonObject? status = null;
        await Eventually.True(async () => (status = await StatusAsync(run))["status"]!.GetValue<string>() is "DONE" or "TERMINATED", $"run {run} ends");
        return status!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (process is { HasExited: false })
            await KillAsync();
        process?.Dispose();
        directory.Dispose();
    }

    public async Task<bool> IsReadyAsync()
    {
        if (process!.HasExited)
            Assert.Fail($"The server ended with {process.ExitCode}:\n{Output}");
        try
        {
            using var response = await Client.GetAsync("/healthz");
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

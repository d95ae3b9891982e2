using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Odin.Bench;

/// <summary>A server of the bench's own: the released program, in a fresh data directory, on a free port of the loopback.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private const string Password = "bench-password-of-no-use";
    private readonly Process process;
    private readonly DirectoryInfo data;

    private BenchServer(Process process, DirectoryInfo data, HttpClient client, TimeSpan ready) =>
        (this.process, this.data, Client, Ready) = (process, data, client, ready);

    public HttpClient Client { get; }

    /// <summary>From the start of the process to the first answer of <c>/health</c>.</summary>
    public TimeSpan Ready { get; }

    public double ResidentMegabytes => StatusField("VmRSS");

    /// <summary>The highest resident memory since the start.</summary>
    public double PeakMegabytes => StatusField("VmHWM");

    public TimeSpan ProcessorTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public static async Task<BenchServer> StartAsync(params string[] arguments)
    {
        var data = Directory.CreateTempSubdirectory("odin-bench-");
        var port = FreePort();
        var start = new ProcessStartInfo(ProgramPath()) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "--data", data.FullName, "--urls", $"http://127.0.0.1:{port}", "--websocket-port", FreePort().ToString() }.Concat(arguments))
            start.ArgumentList.Add(argument);
        start.Environment["ODIN_ADMIN_PASSWORD"] = Password;
        var watch = Stopwatch.StartNew();
        var process = Process.Start(start) ?? throw new InvalidOperationException("The server did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(2) };
        while (!await IsReadyAsync(client))
        {
            if (process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(60))
                throw new InvalidOperationException($"The server is not ready after {watch.Elapsed.TotalSeconds:0} s; try it by hand: {start.FileName}");
            await Task.Delay(5);
        }
        var server = new BenchServer(process, data, client, watch.Elapsed);
        await server.LogInAsync();
        return server;
    }

    /// <summary>Makes a job of this definition.</summary>
    public async Task PutJobAsync(string name, string mainYml)
    {
        using var created = await Client.PostAsJsonAsync("/v1/jobs", new JsonObject { ["job"] = new JsonObject { ["name"] = name } });
        created.EnsureSuccessStatusCode();
        using var pushed = await Client.PostAsync($"/v1/jobs/{name}/files/main.yml", new StringContent(mainYml));
        pushed.EnsureSuccessStatusCode();
    }

    /// <summary>Submits a run and returns its id.</summary>
    public async Task<string> SubmitAsync(string job)
    {
        using var response = await Client.PostAsJsonAsync("/v1/pipelines",
            new JsonObject { ["pipeline"] = new JsonObject { ["job"] = job }, ["noCache"] = true });
        var body = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(body)!["pipeline"]!["id"]!.GetValue<string>()
            : throw new InvalidOperationException(body);
    }

    /// <summary>The run with its tasks.</summary>
    public async Task<JsonObject> StatusAsync(string run, bool tasks = true) =>
        (JsonObject)(await Client.GetFromJsonAsync<JsonNode>($"/v1/pipelines/{run}?tasks={tasks}"))!["pipeline"]!;

    /// <summary>Waits for the end by the server's event stream and returns the final state.</summary>
    public async Task<string> WaitAsync(string run)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/pipelines/{run}/watch?tasks=false");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == "event: end")
                break;
        }
        return (await StatusAsync(run, tasks: false))["status"]!.GetValue<string>();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        data.Delete(recursive: true);
    }

    private static string ProgramPath() => Path.Combine(Machine.Root, "artifacts/bin/Odin.Server/release/odin-server");

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static async Task<bool> IsReadyAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync("/healthz");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task LogInAsync()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["username"] = "admin", ["password"] = Password });
        using var response = await Client.PostAsync("/v1/auth", form);
        response.EnsureSuccessStatusCode();
        var token = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["message"]!.GetValue<string>();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    private double StatusField(string name) => Machine.Megabytes($"{process.Id}", name);
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Odin.Predictor.Tests;

/// <summary>The real program <c>odin-predictor</c> with a model, on a Unix socket, so that no test can take another one's port.</summary>
internal sealed class PredictorServer : IAsyncDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly StringBuilder output = new();
    private readonly Process process;
    private readonly Task reading;

    private PredictorServer(string entrypoint, IReadOnlyDictionary<string, string> settings, string? model)
    {
        Model = model ?? TestModel.Write(directory, entrypoint);
        process = Start(["--socket", SocketPath], settings, Model);
        reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        Client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
            MaxConnectionsPerServer = 1000,
        })
        {
            BaseAddress = new Uri("http://predictor"),
            Timeout = TimeSpan.FromMinutes(2),
        };
    }

    public static string ProgramPath => Path.Combine(SourceTree.Root, "artifacts/bin/Odin.Predictor/debug/odin-predictor");

    /// <summary>The directory of the model.</summary>
    public string Model { get; }

    public HttpClient Client { get; }

    public int Pid => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>All that it has written.</summary>
    public string Output
    {
        get
        {
            lock (output)
                return output.ToString();
        }
    }

    /// <summary>The pid of each call that the obedient model was asked for, with the number of rows.</summary>
    public IReadOnlyList<(int Pid, int Rows)> Calls => !File.Exists(Place("calls")) ? [] :
        [.. File.ReadAllLines(Place("calls")).Select(l => l.Split(' ')).Where(w => w.Length == 2).Select(w => (int.Parse(w[0]), int.Parse(w[1])))];

    /// <summary>Processes that the server has started.</summary>
    public IReadOnlyList<int> Workers => [.. File.ReadAllText($"/proc/{Pid}/task/{Pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)
        .Concat(Directory.GetDirectories($"/proc/{Pid}/task").SelectMany(Children)).Distinct()];

    private string SocketPath => directory["predictor.socket"];

    public static async Task<PredictorServer> StartAsync(string entrypoint = TestModel.Obedient, Dictionary<string, string>? settings = null, bool isReady = true, string? model = null)
    {
        var server = new PredictorServer(entrypoint, settings ?? [], model);
        try
        {
            await Eventually.True(server.IsUpAsync, "the server listens");
            if (isReady)
                await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The program as it is, with nothing of the machine's settings.</summary>
    public static Process Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings, string? model)
    {
        var start = new ProcessStartInfo(ProgramPath, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ODIN_PREDICT", StringComparison.Ordinal) || k.StartsWith("ODAHU_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["ODIN_PREDICT_PYTHON"] = "/usr/bin/python3";
        start.Environment["ODAHU_MODEL_NAME"] = "tiny";
        start.Environment["ODAHU_MODEL_VERSION"] = "2.5";
        // The tests run beside others on the same checkout.
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (model is not null)
            start.Environment["MODEL_LOCATION"] = model;
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public Task ReadyAsync() => Eventually.True(async () => (await Client.GetAsync("/readyz")).IsSuccessStatusCode, "the model is loaded");

    /// <summary>A file in the model's directory.</summary>
    public string Place(string name) => Path.Combine(Model, name);

    /// <summary>Lets a row <c>wait NAME</c> go on.</summary>
    public void Go(string name) => File.WriteAllText(Place($"{name}.go"), "");

    /// <summary>Waits until the model has come to a row <c>wait NAME</c>.</summary>
    public Task StartedAsync(string name) => Eventually.True(() => File.Exists(Place($"{name}.started")), $"the model runs '{name}'");

    public Task<HttpResponseMessage> PostAsync(string body, string path = "/api/model/invoke", CancellationToken cancellationToken = default) =>
        Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), cancellationToken);

    /// <summary>Predicts one row of the obedient model.</summary>
    public Task<HttpResponseMessage> SayAsync(string word, CancellationToken cancellationToken = default) =>
        PostAsync(new JsonObject { ["data"] = new JsonArray(new JsonArray(word)) }.ToJsonString(), cancellationToken: cancellationToken);

    /// <summary>The code and the body.</summary>
    public static async Task<(int Code, string Body)> ReadAsync(Task<HttpResponseMessage> response)
    {
        using var answer = await response;
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The value of a metric, with its labels as they are written; 0 when it is not there.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var line = (await Client.GetStringAsync("/metrics")).Split('\n').FirstOrDefault(l => l.StartsWith($"{name} ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Waits until so many requests wait in the server.</summary>
    public Task QueuedAsync(int count) => Eventually.True(async () => await MetricAsync("odin_predictor_queue_length") == count, $"{count} requests wait");

    public async Task<Socket> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
        return socket;
    }

    public Task SignalAsync(string signal, int? pid = null) => TestProgram.RunAsync("/bin/kill", [$"-{signal}", (pid ?? Pid).ToString(System.Globalization.CultureInfo.InvariantCulture)]);

    /// <summary>The exit code, after a minute at most.</summary>
    public async Task<int> ExitAsync()
    {
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(1));
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(5)));
        directory.Dispose();
    }

    private async Task<bool> IsUpAsync()
    {
        if (HasExited)
            throw new InvalidOperationException(Output);
        try
        {
            return (await Client.GetAsync("/healthcheck")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static IEnumerable<int> Children(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse);
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return [];
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (output)
                output.AppendLine(line);
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Odin.Bench;

/// <summary>A server of predictions that runs while something is measured.</summary>
internal sealed class ServingProcess : IAsyncDisposable
{
    private readonly Process process;

    private ServingProcess(Process process, string url) => (this.process, Url) = (process, url);

    /// <summary>Without a path.</summary>
    public string Url { get; }

    /// <summary>Starts a program and waits until it answers a prediction.</summary>
    /// <param name="arguments">For a port.</param>
    public static async Task<ServingProcess> StartAsync(string program, Func<int, IEnumerable<string>> arguments, IReadOnlyDictionary<string, string> environment, string body)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(program, arguments(port)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var serving = new ServingProcess(Process.Start(start)!, $"http://127.0.0.1:{port}");
        var words = new List<string?>();
        foreach (var listen in new Action<DataReceivedEventHandler>[] { h => serving.process.OutputDataReceived += h, h => serving.process.ErrorDataReceived += h })
        {
            listen((_, line) =>
            {
                lock (words)
                    words.Add(line.Data);
            });
        }
        serving.process.BeginOutputReadLine();
        serving.process.BeginErrorReadLine();
        using var client = new HttpClient();
        for (var watch = Stopwatch.StartNew(); !await AnswersAsync(client, $"{serving.Url}/api/model/invoke", body); await Task.Delay(20))
        {
            if (!serving.process.HasExited && watch.Elapsed < TimeSpan.FromSeconds(60))
                continue;
            await serving.DisposeAsync();
            lock (words)
                throw new InvalidOperationException($"{program} does not answer:\n{string.Join('\n', words)}");
        }
        return serving;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient client, string url, string body)
    {
        try
        {
            using var response = await client.PostAsync(url, new StringContent(body));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}

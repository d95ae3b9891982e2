using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Odin.Testing;

/// <summary>Serves the repositories of a directory over HTTP with git's own back end, behind basic authentication.</summary>
internal sealed class GitHttpServer : IDisposable
{
    public const string User = "gituser";
    public const string Password = "p@ss:w/ord";

    private readonly string root;
    private readonly string backend;
    private HttpListener? listener;
    private Task serving = Task.CompletedTask;

    private GitHttpServer(string root, string backend)
    {
        this.root = root;
        this.backend = backend;
        (listener, Port) = FreePort.Listen();
        serving = ServeAsync(listener);
    }

    public int Port { get; }

    /// <summary>While true, every request is answered with 503.</summary>
    public bool IsBroken { get; set; }

    /// <summary>Where every request is sent on to; null: it is answered here.</summary>
    public Uri? MovedTo { get; set; }

    /// <summary>The paths of all requests so far, with whether they bore a password.</summary>
    public ConcurrentQueue<(string Path, bool HasPassword)> Requests { get; } = [];

    public static async Task<GitHttpServer> StartAsync(string root)
    {
        var core = await TestProgram.RunAsync("git", ["--exec-path"]);
        return new GitHttpServer(root, Path.Combine(core, "git-http-backend"));
    }

    /// <summary>The URL of a repository, by its name below the directory, with the credentials in it.</summary>
    public string UrlOf(string repository) => UrlOf(repository, User, Password);

    public string UrlOf(string repository, string user, string password) =>
        $"http://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{repository}";

    public string PlainUrlOf(string repository) => $"http://127.0.0.1:{Port}/{repository}";

    public void Start()
    {
        listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        listener.Start();
        serving = ServeAsync(listener);
    }

    public void Stop()
    {
        listener?.Close();
        listener = null;
    }

    public void Dispose()
    {
        Stop();
        serving.Wait(TimeSpan.FromSeconds(30));
    }

    private async Task ServeAsync(HttpListener from)
    {
        while (from.IsListening)
        {
            try
            {
                _ = AnswerAsync(await from.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            Requests.Enqueue((context.Request.Url!.AbsolutePath, context.Request.Headers["Authorization"] is not null));
            if (MovedTo is { } other)
            {
                context.Response.StatusCode = 301;
                context.Response.RedirectLocation = new Uri(other, context.Request.RawUrl).ToString();
            }
            else if (IsBroken)
            {
                context.Response.StatusCode = 503;
            }
            else if (context.Request.Headers["Authorization"] != "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")))
            {
                context.Response.StatusCode = 401;
                context.Response.AddHeader("WWW-Authenticate", "Basic realm=\"git\"");
            }
            else
            {
                await BridgeAsync(context);
            }
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client or the server went away in the middle; that is what some tests are about.
        }
    }

    private async Task BridgeAsync(HttpListenerContext context)
    {
        var request = context.Request;
        var start = new ProcessStartInfo(backend) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["GIT_PROJECT_ROOT"] = root;
        start.Environment["GIT_HTTP_EXPORT_ALL"] = "1";
        start.Environment["REQUEST_METHOD"] = request.HttpMethod;
        start.Environment["PATH_INFO"] = request.Url!.AbsolutePath;
        start.Environment["QUERY_STRING"] = request.Url.Query.TrimStart('?');
        start.Environment["REMOTE_USER"] = User;
        start.Environment["REMOTE_ADDR"] = "127.0.0.1";
        start.Environment["CONTENT_TYPE"] = request.ContentType ?? "";
        start.Environment["HTTP_CONTENT_ENCODING"] = request.Headers["Content-Encoding"] ?? "";
        start.Environment["GIT_PROTOCOL"] = request.Headers["Git-Protocol"] ?? "";
        using var process = Process.Start(start)!;
        await request.InputStream.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();
        using var answer = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(answer);
        await process.WaitForExitAsync();
        await SendAsync(context.Response, answer.ToArray());
    }

    private static async Task SendAsync(HttpListenerResponse response, byte[] answer)
    {
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(answer, 0, end).Split("\r\n"))
        {
            var (name, value) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim());
            if (name.Equals("Status", StringComparison.OrdinalIgnoreCase))
                response.StatusCode = int.Parse(value[..3], CultureInfo.InvariantCulture);
            else if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase))
                response.ContentType = value;
            else if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                response.AddHeader(name, value);
        }
        var body = answer.AsMemory(end + 4);
        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
    }
}

using Odin.Git;
using Odin.Kubernetes.Api;
using Odin.Server.Auth;
using Odin.Server.Health;
using Odin.Server.Metrics;
using Odin.Storage;

namespace Odin.Server.Hosting;

/// <summary>A server that was started; disposing stops it.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DataDirectory data;

    private RunningServer(WebApplication app, DataDirectory data, string? newPassword) =>
        (this.app, this.data, NewPassword) = (app, data, newPassword);

    /// <summary>The first address of the API.</summary>
    public Uri Url => Listeners.Api[0];

    /// <summary>The inherited WebSocket protocol; null: off.</summary>
    public Uri? WebSocketUrl => Listeners.WebSocket;

    /// <summary>The admin's password, if it was generated just now.</summary>
    public string? NewPassword { get; }

    public IServiceProvider Services => app.Services;

    private Listeners Listeners => app.Services.GetRequiredService<Listeners>();

    /// <summary>Returns when the server answers requests.</summary>
    /// <exception cref="StartupException">It cannot be started as asked.</exception>
    public static async Task<RunningServer> StartAsync(ServerOptions options, Action<IServiceCollection>? replace, CancellationToken cancellationToken)
    {
        var data = DataDirectory.Open(options.DataDirectory);
        WebApplication? app = null;
        try
        {
            app = ServerApplication.Build(options, data, replace);
            // Before anything listens: from the first request on somebody can log in, and everything is counted.
            app.Services.GetRequiredService<MetricsRegistry>();
            app.Services.GetRequiredService<ServerMeters>();
            var password = await app.Services.GetRequiredService<AdminAccount>().EnsureAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            app.Services.GetRequiredService<StartState>().HasStarted = true;
            var server = new RunningServer(app, data, password);
            new ServerFile(server.Url.ToString().TrimEnd('/'), server.WebSocketUrl?.ToString().TrimEnd('/'), Environment.ProcessId, AppEndpoints.Version, options.AdminUser).Write(data);
            return server;
        }
        catch (Exception e)
        {
            await AbandonAsync(app);
            data.Dispose();
            if (Explain(e) is { } reason)
                throw reason;
            throw;
        }
    }

    /// <summary>Returns when the server was asked to stop, by a signal or by its host.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        ServerFile.Remove(data);
        await app.StopAsync();
        await app.DisposeAsync();
        data.Dispose();
    }

    // What was started before the failure must be stopped, or it takes the disposal of its parts for an error.
    private static async Task AbandonAsync(WebApplication? app)
    {
        if (app is null)
            return;
        await app.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.DisposeAsync();
    }

    /// <summary>The sentence for a start that failed for a known reason; null: the reason is not known.</summary>
    internal static StartupException? Explain(Exception exception) => exception switch
    {
        StartupException e => e,
        StoreConfigurationException e => new StartupException(ExitCodes.Configuration, e.Message, e),
        StoreUnavailableException e => new StartupException(ExitCodes.Unavailable, e.Message, e),
        KubernetesConfigurationException e => new StartupException(ExitCodes.Configuration, e.Message, e),
        GitConfigurationException e => new StartupException(ExitCodes.Configuration, e.Message, e),
        GitException e => new StartupException(ExitCodes.Unavailable, $"The repository of the jobs cannot be used: {e.Message}", e),
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } e => new StartupException(
            ExitCodes.InUse, $"{e.Message.TrimEnd('.')}. Stop what uses it, or choose other ports with --urls and --websocket-port.", e),
        System.Net.Sockets.SocketException e => new StartupException(
            ExitCodes.Configuration, $"The addresses of --urls cannot be listened on: {e.Message}.", e),
        UnauthorizedAccessException or IOException => new StartupException(
            ExitCodes.CannotWrite, $"The data directory cannot be written: {exception.Message}", exception),
        _ => null,
    };
}

using Odin.Git;
using Odin.Kubernetes.Api;
using Odin.Reconciliation;
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
    private readonly ServerFile file;

    private RunningServer(WebApplication app, DataDirectory data, ServerOptions options, string? newPassword)
    {
        (this.app, this.data, NewPassword) = (app, data, newPassword);
        file = new ServerFile(
            Url.ToString().TrimEnd('/'), WebSocketUrl?.ToString().TrimEnd('/'), Environment.ProcessId, AppEndpoints.Version, options.AdminUser);
    }

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
        var data = OpenData(options);
        WebApplication? app = null;
        LeaseKeeper? leases = null;
        try
        {
            app = ServerApplication.Build(options, data, replace);
            // Before anything listens: from the first request on somebody can log in, and everything is counted.
            app.Services.GetRequiredService<MetricsRegistry>();
            app.Services.GetRequiredService<ServerMeters>();
            leases = app.Services.GetRequiredService<LeaseKeeper>();
            // What there must be one of (keys, the first user, the repository) is made by one server at a time.
            var turn = await leases.WaitAsync("Start", cancellationToken);
            await app.Services.GetRequiredService<SharedDirectory>().CheckAsync(cancellationToken);
            app.Services.GetRequiredService<SigningKey>();
            var password = await app.Services.GetRequiredService<AdminAccount>().EnsureAsync(cancellationToken);
            await app.StartAsync(cancellationToken);
            await leases.ReleaseAsync(turn, cancellationToken);
            app.Services.GetRequiredService<StartState>().HasStarted = true;
            var server = new RunningServer(app, data, options, password);
            server.file.Write(data);
            return server;
        }
        catch (Exception e)
        {
            // Others must not wait for the turn of one that has failed.
            if (leases is not null)
                await leases.StopAsync(CancellationToken.None);
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
        file.Remove(data);
        await app.StopAsync();
        await app.DisposeAsync();
        data.Dispose();
    }

    private static DataDirectory OpenData(ServerOptions options)
    {
        var engine = new OdinOptions();
        options.Engine(engine);
        try
        {
            return DataDirectory.Open(options.DataDirectory, StoreFactory.IsShared(engine.Storage, options.DataDirectory));
        }
        catch (StoreConfigurationException e)
        {
            throw Explain(e)!;
        }
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

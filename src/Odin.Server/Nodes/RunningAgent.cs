using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Http.Json;
using Odin.Nodes;
using Odin.Server.Health;
using Odin.Server.Hosting;
using Odin.Server.Metrics;

namespace Odin.Server.Nodes;

/// <summary>An agent that was started; disposing stops it. It keeps nothing and needs no data directory.</summary>
internal sealed class RunningAgent : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningAgent(WebApplication app) => this.app = app;

    public Uri Url => app.Services.GetRequiredService<Listeners>().Api[0];

    /// <summary>Returns when the agent answers requests.</summary>
    /// <exception cref="StartupException">It cannot be started as asked.</exception>
    public static async Task<RunningAgent> StartAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var app = Build(options, time);
        try
        {
            app.Services.GetRequiredService<MetricsRegistry>();
            await app.StartAsync(cancellationToken);
            app.Services.GetRequiredService<StartState>().HasStarted = true;
            return new RunningAgent(app);
        }
        catch (Exception e)
        {
            await app.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await app.DisposeAsync();
            if (RunningServer.Explain(e) is { } reason)
                throw reason;
            throw;
        }
    }

    /// <summary>Returns when the agent was asked to stop, by a signal or by its host.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => app.WaitForShutdownAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static WebApplication Build(ServerOptions options, TimeProvider time)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "odin-server", ContentRootPath = AppContext.BaseDirectory });
        var listeners = new Listeners(options with { WebSocketPort = null });
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(listeners.Configure);
        var state = new StartState();
        builder.Logging.AddServerLogging(options, state);

        var services = builder.Services;
        services.AddSingleton(state).AddSingleton(listeners).AddSingleton(time);
        services.AddSingleton(options.Nodes).AddSingleton(options.Nodes.Gpus).AddSingleton<GpuReader>();
        services.AddSingleton(new MachineReader(options.Nodes.Host, options.Nodes.Disks, "/proc"));
        services.AddSingleton<MetricsRegistry>().AddSingleton<ServerMeters>();
        services.AddRouting();
        services.AddProblemDetails();
        services.AddExceptionHandler<ErrorHandler>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, HealthJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, AppJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, NodeJson.Default);
        });

        var app = builder.Build();
        app.UseMiddleware<RequestMeasuring>();
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => Problem.WriteAsync(
            context.HttpContext, context.HttpContext.Response.StatusCode, $"There is no {context.HttpContext.Request.Method} '{context.HttpContext.Request.Path}' here: an agent has /v1/gpus, /v1/gpus/UUID, /v1/node, /health and /metrics."));
        app.UseMiddleware<AgentAccess>();
        app.UseRouting();
        app.MapAgent();
        return app;
    }
}

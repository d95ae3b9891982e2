using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Odin.Kubernetes;
using Odin.Server.Auth;
using Odin.Server.Feedback;
using Odin.Server.Gateway;
using Odin.Server.Health;
using Odin.Server.Jobs;
using Odin.Server.Lifecycle;
using Odin.Server.Logs;
using Odin.Server.Metrics;
using Odin.Server.Nodes;
using Odin.Server.Registry;
using Odin.Server.Runs;
using Odin.Server.ServiceCatalog;
using Odin.Server.Users;
using Odin.Server.WebSockets;
using Odin.Storage;
using Odin.Users;

namespace Odin.Server.Hosting;

/// <summary>Puts the server together: services, then the way of a request, then what there is to ask for.</summary>
internal static class ServerApplication
{
    /// <param name="replace">Registers parts of a test's or an embedder's own, before ours.</param>
    public static WebApplication Build(ServerOptions options, DataDirectory data, Action<IServiceCollection>? replace)
    {
        // An empty builder: no settings from the working directory or from ASPNETCORE_… variables, which are nobody's wish.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "odin-server", ContentRootPath = data.Path });
        var listeners = new Listeners(options);
        // Each event of a socket has a thread of the pool anyway, as long as completions are not run inline too; another hand-over
        // within Kestrel would only wake one more.
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true).UseKestrelHttpsConfiguration().ConfigureKestrel(listeners.Configure);
        builder.Services.AddSingleton<IConnectionListenerFactory, WatchedListenerFactory>();
        var state = new StartState();
        builder.Logging.AddServerLogging(options, state);

        var services = builder.Services;
        services.AddSingleton(state);
        replace?.Invoke(services);
        services.AddSingleton(options).AddSingleton(listeners).AddSingleton(_ => data).AddSingleton<SharedDirectory>();
        services.AddOdin(engine =>
        {
            options.Engine(engine);
            engine.DataDirectory = data.Path;
        });
        if (options.Kubernetes is { } kubernetes)
            services.AddKubernetes(kubernetes.Api, kubernetes.Executor);
        services.AddMetering();
        services.AddAccess(options);
        services.AddHttp(options);
        services.AddSockets();
        services.AddRunViews();
        services.AddNodes(options);
        services.AddLifecycle(options);
        services.AddRegistry(options.Registry);
        services.AddServiceCatalog();
        services.AddGateway(options.Gateway);

        var app = builder.Build();
        app.UseGateway();
        app.UseMiddleware<RequestMeasuring>();
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => Problem.WriteAsync(context.HttpContext, context.HttpContext.Response.StatusCode, EmptyAnswer(context.HttpContext)));
        app.UseMiddleware<BodyLimit>();
        app.UseWebSockets();
        app.UseRouting();
        if (options.Access.Origins.Count > 0)
            app.UseCors();
        app.UseMiddleware<AccessMiddleware>();
        app.UseLegacySocket();
        app.UseApiPages();

        app.MapHealth();
        app.MapMetrics();
        app.MapOpenApi("/openapi/{documentName}.json");
        app.MapSockets();
        var v1 = app.MapGroup("/v1");
        v1.MapApp();
        v1.MapAuth();
        v1.MapUsers();
        v1.MapNodes();
        v1.MapJobs();
        v1.MapRuns();
        v1.MapRunWatch();
        v1.MapRecords();
        v1.MapLogs();
        v1.MapFeedbackReading();
        app.MapLifecycle(options.Lifecycle);
        app.MapFeedback();
        app.MapServiceCatalog();
        if (options.Registry.IsEnabled)
            app.MapRegistry();
        return app;
    }

    /// <summary>Logs to standard error, in one line each.</summary>
    internal static void AddServerLogging(this ILoggingBuilder logging, ServerOptions options, StartState state)
    {
        logging.SetMinimumLevel(options.LogLevel);
        // The framework says at Information what our own lines say better, with query strings and all.
        logging.AddFilter("Microsoft", options.LogLevel > LogLevel.Warning ? options.LogLevel : LogLevel.Warning);
        // Why a start failed is said in one sentence by whoever started it.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => state.HasStarted && level >= LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
        });
        // Standard output is for what a person or a program reads at the start.
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static void AddAccess(this IServiceCollection services, ServerOptions options)
    {
        services.AddSingleton(options.Access).AddSingleton(options.Jwt);
        services.AddSingleton(provider => SigningKey.Load(options.Secret, provider.GetRequiredService<DataDirectory>().Path));
        services.AddSingleton<JwtSigner>().AddSingleton<JwtVerifier>().AddSingleton<TokenAuthenticator>();
        services.AddSingleton(options.Roles).AddSingleton<RolePolicy>().AddSingleton<ModelAccess>();
        services.AddSingleton<LoginAudit>().AddSingleton<AdminAccount>();
        services.TryAddSingleton<LoginThrottle>();
        services.TryAddSingleton<PasswordOptions>();
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<UserAccounts>(provider, options.Roles.Admin));
        services.AddSingleton<UserPresence>().AddHostedService(provider => provider.GetRequiredService<UserPresence>());
    }

    private static void AddHttp(this IServiceCollection services, ServerOptions options)
    {
        services.AddRouting(routing => routing.SuppressCheckForUnhandledSecurityMetadata = true);
        services.AddProblemDetails();
        services.AddExceptionHandler<ErrorHandler>();
        services.AddApiDescription();
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
            foreach (var context in new System.Text.Json.Serialization.JsonSerializerContext[]
                { RunWireJson.Default, RecordJson.Default, JobWireJson.Default, UserWireJson.Default, HealthJson.Default, AppJson.Default, NodeJson.Default, AuthJson.Default })
            {
                json.SerializerOptions.TypeInfoResolverChain.Insert(0, context);
            }
        });
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. options.Access.Origins])
            .WithMethods("GET", "POST", "PUT", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Idempotency-Key")));
    }

    private static void AddMetering(this IServiceCollection services)
    {
        services.AddSingleton<MetricsRegistry>().AddSingleton<ServerMeters>().AddSingleton<RunGauges>();
        var store = services.Last(s => s.ServiceType == typeof(IResourceStore));
        services.Remove(store);
        services.AddSingleton<IResourceStore>(provider => new MeasuredStore(
            (IResourceStore)(store.ImplementationInstance ?? store.ImplementationFactory!(provider)), provider.GetRequiredService<TimeProvider>()));
    }

    private static void AddRunViews(this IServiceCollection services)
    {
        services.AddSingleton<RunReader>().AddSingleton<RunWatcher>();
        services.AddSingleton<RunFeeds>().AddHostedService(provider => provider.GetRequiredService<RunFeeds>());
    }

    private static void AddSockets(this IServiceCollection services)
    {
        services.AddSingleton<SocketEndpoint>();
        services.AddSingleton<ISocketCommand, PingCommand>();
        services.AddSingleton<ISocketCommand, StartCommand>();
        services.AddSingleton<ISocketCommand, StatusCommand>();
        services.AddSingleton<ISocketCommand, DataCommand>();
        services.AddSingleton<ISocketCommand, EventsCommand>();
        services.AddSingleton<ISocketCommand, LogsCommand>();
        services.AddSingleton<ISocketCommand, CleanupCommand>();
        services.AddSingleton<ISocketCommand, ShowCommand>();
        services.AddSingleton<ISocketCommand, GenerateCommand>();
    }

    // Whatever path a client of the inherited protocol asks for, there is one thing on that port.
    private static void UseLegacySocket(this WebApplication app) => app.Use((context, next) =>
        context.Features.Get<LegacySocketFeature>() is null
            ? next(context)
            : context.RequestServices.GetRequiredService<SocketEndpoint>().AcceptAsync(context));

    private static void MapSockets(this WebApplication app) => app
        .MapGet("/ws", (HttpContext context, SocketEndpoint sockets) => sockets.AcceptAsync(context))
        .ExcludeFromDescription()
        .WithAccess(AccessKind.MainSocket);

    private static void UseApiPages(this WebApplication app)
    {
        app.UseSwaggerUI(pages =>
        {
            pages.RoutePrefix = "docs";
            pages.SwaggerEndpoint("/openapi/v1.json", "Odin");
            pages.DocumentTitle = "Odin API";
        });
        // Names of the inherited servers.
        app.UseSwaggerUI(pages =>
        {
            pages.RoutePrefix = "swagger";
            pages.SwaggerEndpoint("/swagger/data.json", ApiDescription.LifecycleTitle);
            pages.DocumentTitle = ApiDescription.LifecycleTitle;
        });
        app.MapGet("/swagger/data.json", ApiDescription.WriteLifecycleAsync).ExcludeFromDescription().WithAccess(AccessKind.Public);
        app.MapGet("/openapi.json", () => Results.Redirect("/openapi/v1.json")).ExcludeFromDescription().WithAccess(AccessKind.Public);
        app.MapGet("/redoc", () => Results.Redirect("/docs")).ExcludeFromDescription().WithAccess(AccessKind.Public);
        app.MapGet("/", () => Results.Redirect("/docs")).ExcludeFromDescription().WithAccess(AccessKind.Public);
    }

    private static string EmptyAnswer(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound when context.Request.Path.StartsWithSegments("/swagger") => $"not found: {context.Request.Path}",
        StatusCodes.Status404NotFound => $"There is nothing at '{context.Request.Path}'. The API is described at /docs.",
        StatusCodes.Status405MethodNotAllowed => $"'{context.Request.Path}' does not take {context.Request.Method}.",
        var status => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
    };
}

/// <summary>Whether the start is over.</summary>
internal sealed class StartState
{
    public volatile bool HasStarted;
}

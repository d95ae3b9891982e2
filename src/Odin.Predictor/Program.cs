using Odin.Predictor.Calls;
using Odin.Predictor.Hosting;
using Odin.Predictor.Inference;
using Odin.Predictor.Invocations;
using Odin.Predictor.Metrics;
using Odin.Predictor.Models;
using Odin.Predictor.Requests;
using Odin.Predictor.Workers;

// The model server of a model's image: HTTP here, the model in processes of its own Python.
var settings = new PredictorSettings(Environment.GetEnvironmentVariable);
var options = settings.Read(args);
if (settings.Errors.Count > 0)
{
    foreach (var error in settings.Errors)
        Console.Error.WriteLine($"odin-predictor: {error}");
    return 2;
}

var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
builder.Logging.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
    console.UseUtcTimestamp = true;
});
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listener.Configure(kestrel, options));
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Drain + TimeSpan.FromSeconds(15));
builder.Services.AddRoutingCore();
builder.Services.AddSingleton(options);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<PredictorMetrics>();
builder.Services.AddSingleton(services => new CallQueue(options, services.GetRequiredService<TimeProvider>(), Environment.ProcessorCount));
builder.Services.AddSingleton<WorkerPool>();
builder.Services.AddHostedService(services => services.GetRequiredService<WorkerPool>());
builder.Services.AddSingleton<Predictions>();
builder.Services.AddHostedService(services => services.GetRequiredService<Predictions>());
builder.Services.AddHostedService<ReadyNotice>();
builder.Services.AddSingleton<ServedModel>();
builder.Services.AddSingleton<HealthEndpoints>();
builder.Services.AddSingleton<Admission>();
builder.Services.AddSingleton<InvokeEndpoint>();
builder.Services.AddSingleton<ModelInfoEndpoint>();
builder.Services.AddSingleton<InferEndpoints>();

var app = builder.Build();
app.UseMiddleware<RequestFrame>();
app.UseRouting();
PredictorRoutes.Map(app);
try
{
    await app.RunAsync();
    return 0;
}
catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    Console.Error.WriteLine($"odin-predictor: {Listener.Taken(options)}");
    return 1;
}

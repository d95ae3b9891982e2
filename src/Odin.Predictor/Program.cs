using System.Net;
using Odin.Predictor;

// The model server of a model's image. It answers its health check; predictions are not served yet.
if (!PredictorOptions.TryRead(args, out var options, out var error))
{
    Console.Error.WriteLine(error);
    return 2;
}

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders().AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
    console.UseUtcTimestamp = true;
});
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(options.Address, options.Port));
var app = builder.Build();
app.MapGet("/healthcheck", HealthEndpoints.Check);
try
{
    await app.RunAsync();
    return 0;
}
catch (IOException e) when (e.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    Console.Error.WriteLine($"odin-predictor: the port {options.Port} is taken by another program; choose another one by --port.");
    return 1;
}

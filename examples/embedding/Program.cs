// The engine inside a program of one's own: one registration, then submit and wait.
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin;
using Odin.Runs;
using Odin.Storage;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.Services.AddOdin(odin =>
{
    odin.DataDirectory = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "odin-embedding");
    odin.JobDirectory = Path.Combine(AppContext.BaseDirectory, "jobs");
});
using var host = builder.Build();
await host.StartAsync();

var request = new RunRequest { Job = "greeting", Parameters = new JsonObject { ["who"] = "embedder" } };
var submitted = await host.Services.GetRequiredService<RunSubmitter>().SubmitAsync(request, CancellationToken.None);
if (submitted is not SubmitResult.Submitted { Run: var run })
{
    Console.Error.WriteLine(submitted);
    return 1;
}

var store = host.Services.GetRequiredService<IResourceStore>();
run = await store.WaitForEndAsync(run.Id, CancellationToken.None);
var shout = await store.FindAsync<TaskRun>(RunIds.TaskId(run.Id, "shout"), CancellationToken.None);
Console.WriteLine($"{run.Status.Phase}: {shout!.Status.Outputs!["text"]}");
await host.StopAsync();
return run.Status.Phase == RunPhase.Succeeded ? 0 : 1;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Testing;

/// <summary>The real engine with its embedded defaults, over jobs in a plain directory.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private readonly TemporaryDirectory directory;
    private readonly bool ownsDirectory;
    private readonly IHost host;

    private EngineHost(TemporaryDirectory directory, bool ownsDirectory, IHost host) =>
        (this.directory, this.ownsDirectory, this.host) = (directory, ownsDirectory, host);

    public IResourceStore Store => Get<IResourceStore>();

    public static async Task<EngineHost> StartAsync(
        TemporaryDirectory? directory = null, Action<OdinOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var owns = directory is null;
        directory ??= new TemporaryDirectory();
        Directory.CreateDirectory(directory["jobs"]);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddConsole();
        builder.Services.AddOdin(options =>
        {
            options.DataDirectory = directory["data"];
            options.JobDirectory = directory["jobs"];
            configure?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        var host = builder.Build();
        await host.StartAsync();
        return new EngineHost(directory, owns, host);
    }

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    /// <summary>Where a file of a job is.</summary>
    public string PathOf(string job, string file) => directory[$"jobs/{job}/{file}"];

    /// <summary>Writes a file of a job.</summary>
    public void Write(string job, string file, string text)
    {
        var path = PathOf(job, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Writes <c>main.yml</c> and submits.</summary>
    public async Task<Run> SubmitAsync(string job, string mainYml, Func<RunRequest, RunRequest>? configure = null)
    {
        Write(job, "main.yml", mainYml);
        return await SubmitAsync(job, configure);
    }

    public async Task<Run> SubmitAsync(string job, Func<RunRequest, RunRequest>? configure = null)
    {
        var request = new RunRequest { Job = job };
        var result = await Get<RunSubmitter>().SubmitAsync(configure?.Invoke(request) ?? request, CancellationToken.None);
        return result is SubmitResult.Submitted submitted ? submitted.Run : throw new InvalidOperationException(Describe(result));
    }

    public Task<Run> EndAsync(Run run) => EndAsync(run.Id);

    /// <summary>The run once it has ended.</summary>
    public async Task<Run> EndAsync(string runId)
    {
        Run? found = null;
        await Eventually.True(async () => (found = await Store.FindAsync<Run>(runId, CancellationToken.None))!.Status.IsEnded, $"run {runId} ends");
        return found!;
    }

    /// <summary>The tasks of a run by name.</summary>
    public async Task<IReadOnlyDictionary<string, TaskRun>> TasksAsync(Run run)
    {
        var tasks = new Dictionary<string, TaskRun>();
        await foreach (var task in Store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = run.Id }, CancellationToken.None))
            tasks[task.Spec.Task.Name] = task;
        return tasks;
    }

    /// <summary>Waits for a task to be in a phase.</summary>
    public Task ReachAsync(Run run, string task, TaskRunPhase phase) => Eventually.True(
        async () => (await Store.FindAsync<TaskRun>(RunIds.TaskId(run.Id, task), CancellationToken.None))!.Status.Phase == phase,
        $"task {task} of {run.Id} is {phase}");

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        if (host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
        if (ownsDirectory)
            directory.Dispose();
    }

    public static string Describe(SubmitResult result) => result switch
    {
        SubmitResult.Refused refused => string.Join('\n', refused.Diagnostics),
        SubmitResult.NotFound missing => missing.Message,
        SubmitResult.Conflict conflict => conflict.Message,
        _ => result.ToString(),
    };
}

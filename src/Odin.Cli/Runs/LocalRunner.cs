using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Odin.Cli.Progress;
using Odin.Cli.Rest;
using Odin.Pipelines;
using Odin.Resources;
using Odin.Runs;
using Odin.Storage;

namespace Odin.Cli.Runs;

/// <summary>Runs a job's directory with an engine in this process. The records, and so the cache, stay for the next time.</summary>
internal sealed class LocalRunner(CliEnvironment environment)
{
    private const string LocalDirectory = "local";

    /// <summary>The last lines of what each failed task wrote; filled when the run has ended.</summary>
    public List<string> FailureLogs { get; } = [];

    /// <summary>Yields the run's changes up to its end; the first one names the run.</summary>
    /// <exception cref="CliException">The job has errors, or another local run of it goes on.</exception>
    public async IAsyncEnumerable<RunUpdate> RunAsync(
        string directory, JsonObject context, bool noCache, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var job = JobAt(directory);
        var data = DataDirectoryOf(job);
        using var held = Hold(data, directory);
        using var host = Build(job, data);
        await host.StartAsync(cancellationToken);
        try
        {
            var submitter = host.Services.GetRequiredService<RunSubmitter>();
            var request = new RunRequest { Job = job.Name, Parameters = context, NoCache = noCache };
            var run = Accepted(await submitter.SubmitAsync(request, cancellationToken));
            var store = host.Services.GetRequiredService<IResourceStore>();
            var output = ReadOutputAsync(host.Services, run.Id, cancellationToken);
            await foreach (var update in MergedUpdates.Of(WatchAsync(store, run.Id, cancellationToken), output, cancellationToken))
                yield return update;
            await ReadFailureLogsAsync(host.Services, run.Id, cancellationToken);
        }
        finally
        {
            await CancelIfOngoingAsync(host.Services);
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>What a run would do, as a server would answer it.</summary>
    /// <exception cref="CliException">The job has errors, or a local run of it goes on.</exception>
    public async Task<ApiAnswer> PlanAsync(string directory, JsonObject context, bool noCache, CancellationToken cancellationToken)
    {
        var job = JobAt(directory);
        var data = DataDirectoryOf(job);
        using var held = Hold(data, directory);
        using var host = Build(job, data);
        await host.StartAsync(cancellationToken);
        try
        {
            var request = new RunRequest { Job = job.Name, Parameters = context, NoCache = noCache };
            return await host.Services.GetRequiredService<RunSubmitter>().PlanAsync(request, cancellationToken) switch
            {
                PlanResult.Planned planned => LocalRecords.Of(planned.Plan),
                PlanResult.Refused refused => throw Refused(refused.Diagnostics),
                PlanResult.NotFound missing => throw new CliException(ExitCode.NotFound, missing.Message),
                var other => throw new InvalidOperationException(other.GetType().Name),
            };
        }
        finally
        {
            await host.StopAsync(CancellationToken.None);
        }
    }

    /// <summary>Where the tasks' output of a run is kept, one file each; there is no such directory before any has written.</summary>
    public string LogsOf(string directory, string id) => Path.Combine(DataDirectoryOf(new DirectoryInfo(directory)), "logs", id);

    /// <summary>The kept output of a local run by its id or that of a task; null when there is none.</summary>
    public static string? FindLogs(CliEnvironment environment, string id)
    {
        var root = Path.Combine(environment.DataDirectory, LocalDirectory);
        var run = RunsClient.RunOf(id);
        // What is no name of a file is no id.
        if (!Directory.Exists(root) || run.Length == 0 || run.Contains('/', StringComparison.Ordinal) || run is "." or "..")
            return null;
        return Directory.EnumerateDirectories(root).Select(job => Path.Combine(job, "logs", run)).FirstOrDefault(Directory.Exists);
    }

    /// <summary>The workspace of a run: its tasks' directories.</summary>
    public string WorkspaceOf(string directory, string id) =>
        Path.Combine(DataDirectoryOf(new DirectoryInfo(directory)), "workspaces", id);

    private static DirectoryInfo JobAt(string directory) => new DirectoryInfo(directory) is { Exists: true } job
        ? job
        : throw new CliException(ExitCode.NotFound, $"there is no directory '{directory}'", "With --local, name the directory that holds the job's main.yml.");

    private string DataDirectoryOf(DirectoryInfo job)
    {
        var path = job.FullName.TrimEnd(Path.DirectorySeparatorChar);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12];
        return Path.Combine(environment.DataDirectory, LocalDirectory, $"{job.Name}-{hash}");
    }

    private static IHost Build(DirectoryInfo job, string data)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddOdin(options =>
        {
            options.DataDirectory = data;
            options.JobDirectory = job.Parent?.FullName ?? job.FullName;
        });
        return builder.Build();
    }

    private static FileStream Hold(string data, string directory)
    {
        Directory.CreateDirectory(data);
        try
        {
            return new FileStream(Path.Combine(data, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new CliException(ExitCode.Failure, $"'{directory}' is being run already", "Wait for its end, or start a server with `odin server` for several runs at a time.");
        }
    }

    private static Run Accepted(SubmitResult result) => result switch
    {
        SubmitResult.Submitted submitted => submitted.Run,
        SubmitResult.Refused refused => throw Refused(refused.Diagnostics),
        SubmitResult.NotFound missing => throw new CliException(ExitCode.NotFound, missing.Message),
        SubmitResult.Conflict conflict => throw new CliException(ExitCode.Failure, conflict.Message),
        _ => throw new InvalidOperationException(result.GetType().Name),
    };

    private static CliException Refused(IEnumerable<Diagnostic> diagnostics) =>
        new(ExitCode.InvalidPipeline, string.Join('\n', diagnostics), "Mend the job and check it with `odin lint DIR`.");

    private static async IAsyncEnumerable<RunUpdate> ReadOutputAsync(
        IServiceProvider services, string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var log = await services.GetRequiredService<RunLogs>().FindAsync(id, new LogRequest(Follow: true), cancellationToken);
        await foreach (var text in (log ?? AsyncEnumerable.Empty<string>()).WithCancellation(cancellationToken))
            yield return new RunUpdate.Output(text);
    }

    private async Task ReadFailureLogsAsync(IServiceProvider services, string id, CancellationToken cancellationToken)
    {
        var failed = new ResourceQuery { Parent = id, Phases = [nameof(TaskRunPhase.Failed)] };
        await foreach (var task in services.GetRequiredService<IResourceStore>().EnumerateAsync<TaskRun>(failed, cancellationToken))
        {
            var log = await services.GetRequiredService<RunLogs>().FindAsync(task.Id, new LogRequest(Lines: 20), cancellationToken);
            var text = new StringBuilder();
            await foreach (var piece in log ?? AsyncEnumerable.Empty<string>())
                text.Append(piece);
            FailureLogs.Add($"{task.Spec.Task.Name}: {task.Status.Message}\n{text}".TrimEnd());
        }
    }

    // Nobody would be there to go on with it: a local run ends with the program.
    private static async Task CancelIfOngoingAsync(IServiceProvider services)
    {
        var store = services.GetRequiredService<IResourceStore>();
        var ongoing = new ResourceQuery { Phases = [nameof(RunPhase.Pending), nameof(RunPhase.Running)] };
        await foreach (var run in store.EnumerateAsync<Run>(ongoing, CancellationToken.None))
        {
            await services.GetRequiredService<RunCanceller>().CancelAsync(run.Id, "Ctrl-C", CancellationToken.None);
            await foreach (var _ in WatchAsync(store, run.Id, CancellationToken.None))
            {
                // Its processes are gone when it has ended.
            }
        }
    }

    private static async IAsyncEnumerable<RunUpdate> WatchAsync(
        IResourceStore store, string id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        wake.Writer.TryWrite(true);
        Task[] pumps = [PumpAsync<Run>(store, wake.Writer, stop.Token), PumpAsync<TaskRun>(store, wake.Writer, stop.Token)];
        try
        {
            var versions = new Dictionary<string, string>(StringComparer.Ordinal);
            while (await wake.Reader.WaitToReadAsync(cancellationToken))
            {
                wake.Reader.TryRead(out _);
                // The run before its tasks: when it has ended, the tasks read after it are in their last state.
                var run = await store.FindAsync<Run>(id, cancellationToken);
                if (run is null)
                    break;
                var tasks = new List<TaskRun>();
                await foreach (var task in store.EnumerateAsync<TaskRun>(new ResourceQuery { Parent = id }, cancellationToken))
                    tasks.Add(task);
                foreach (var task in tasks.OrderBy(t => t.Spec.Index).Where(t => IsNew(versions, t.Metadata)))
                    yield return new RunUpdate.Task(LocalRecords.Of(run, task));
                if (IsNew(versions, run.Metadata))
                    yield return new RunUpdate.Run(LocalRecords.Of(run));
                if (run.Status.IsEnded)
                    break;
            }
            yield return new RunUpdate.Ended();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(pumps).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static bool IsNew(Dictionary<string, string> versions, ResourceMetadata metadata)
    {
        if (versions.GetValueOrDefault(metadata.Id) == metadata.Version)
            return false;
        versions[metadata.Id] = metadata.Version;
        return true;
    }

    private static async Task PumpAsync<T>(IResourceStore store, ChannelWriter<bool> wake, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        await foreach (var _ in store.WatchAsync<T>(cancellationToken))
            wake.TryWrite(true);
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Odin.Runs;

/// <summary>
/// Whether the executors can work. Said in the log at the start, so that a wrong setting is seen before the first task waits
/// for it; a cluster may come up later than we do, so it is no reason not to start.
/// </summary>
public sealed partial class ExecutorHealth(ExecutorSet executors, TimeProvider time, ILogger<ExecutorHealth> logger) : BackgroundService
{
    /// <summary>How long an answer is good, so that many who ask are one question to the cluster.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private Task<IReadOnlyDictionary<string, string>>? asked;
    private DateTimeOffset askedAt;

    // What the log says of each executor; changes are told once.
    private readonly ConcurrentDictionary<string, string?> told = new(StringComparer.Ordinal);

    /// <summary>What is wrong, by the name of the executor; not older than ten seconds. Empty: nothing.</summary>
    public Task<IReadOnlyDictionary<string, string>> FindTroublesAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (asked is null || time.GetUtcNow() - askedAt >= Memory)
                (asked, askedAt) = (AskAsync(), time.GetUtcNow());
            return asked.WaitAsync(cancellationToken);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => FindTroublesAsync(stoppingToken);

    private async Task<IReadOnlyDictionary<string, string>> AskAsync()
    {
        var troubles = await Task.WhenAll(executors.All.Select(async e => (e.Name, Trouble: await AskAsync(e))));
        foreach (var (name, trouble) in troubles)
        {
            if (trouble is not null && told.GetValueOrDefault(name) != trouble)
                LogTrouble(name, trouble);
            told[name] = trouble;
        }
        return troubles.Where(t => t.Trouble is not null).ToDictionary(t => t.Name, t => t.Trouble!, StringComparer.Ordinal);
    }

    private async Task<string?> AskAsync(Execution.IExecutor executor)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        try
        {
            return await executor.FindTroubleAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            return $"it does not answer within {Patience.TotalSeconds:0} s";
        }
        catch (Exception e)
        {
            // Of whatever kind: that an executor cannot say what is wrong is no reason for the server to end.
            return e.Message;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The executor '{Executor}' cannot work at the moment: {Problem}")]
    private partial void LogTrouble(string executor, string problem);
}

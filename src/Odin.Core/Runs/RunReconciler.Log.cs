using Microsoft.Extensions.Logging;

namespace Odin.Runs;

/// <summary>What the reconciler says.</summary>
internal sealed partial class RunReconciler
{
    [LoggerMessage(1, LogLevel.Information, "Run '{Run}' of job '{Job}' started with {Tasks} tasks")]
    private partial void LogStarted(string run, string job, int tasks);

    [LoggerMessage(2, LogLevel.Information, "Run '{Run}' ended: {Phase}")]
    private partial void LogEnded(string run, RunPhase phase);

    [LoggerMessage(3, LogLevel.Warning, "Working out the start or the end of task '{Task}' failed; reading the run again")]
    private partial void LogBackgroundFailed(Exception exception, string task);
}

namespace Odin.Predictor.Workers;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "process {Pid} loads the model")]
    public static partial void Started(ILogger logger, int pid);

    [LoggerMessage(2, LogLevel.Information, "{Line}")]
    public static partial void Said(ILogger logger, string line);

    [LoggerMessage(3, LogLevel.Warning, "the process ended {How}")]
    public static partial void Ended(ILogger logger, string how);

    [LoggerMessage(4, LogLevel.Warning, "a call was not answered within its time (at most {Seconds} s); the process is replaced")]
    public static partial void Hangs(ILogger logger, double seconds);

    [LoggerMessage(5, LogLevel.Warning, "the process holds {Memory} bytes of memory, more than the {Limit} of ODIN_PREDICT_WORKER_MEMORY; it is replaced")]
    public static partial void TooLarge(ILogger logger, long memory, long limit);

    [LoggerMessage(6, LogLevel.Warning, "the model answered {Rows} joined rows with {Predictions} predictions; from now on each request is run by itself (ODIN_PREDICT_BATCH_ROWS=1 says so from the start)")]
    public static partial void NoBatches(ILogger logger, int rows, int predictions);

    [LoggerMessage(7, LogLevel.Error, "the model is not loaded: {Reason} The next try is in {Seconds} s.")]
    public static partial void LoadFailed(ILogger logger, string reason, double seconds);

    [LoggerMessage(8, LogLevel.Information, "ready")]
    public static partial void Ready(ILogger logger);
}

using Odin.Images;

namespace Odin.Server.Registry;

/// <summary>Removes, every few hours, uploads that nobody has ended and blobs that no image names.</summary>
internal sealed partial class RegistryUpkeep(StoredRegistry registry, BlobUploads uploads, TimeProvider time, ILogger<RegistryUpkeep> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(6);

    /// <summary>Does it now.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var ended = uploads.RemoveExpired();
            var (count, bytes) = await registry.CollectAsync(cancellationToken);
            if (ended + count > 0)
                LogDone(ended, count, bytes);
        }
        catch (Exception e) when (e is ImageException or IOException or UnauthorizedAccessException)
        {
            // The next time will do.
            LogFailed(e.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, time, stoppingToken);
            await RunAsync(stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Registry: removed {Uploads} unfinished uploads and {Blobs} blobs of no image ({Bytes} bytes)")]
    private partial void LogDone(int uploads, int blobs, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Registry: old blobs could not be removed: {Problem}")]
    private partial void LogFailed(string problem);
}

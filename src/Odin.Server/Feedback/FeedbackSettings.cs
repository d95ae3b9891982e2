using Odin.Feedback;
using Odin.ObjectStorage;
using Odin.Server.Gateway;
using Odin.Server.Hosting;

namespace Odin.Server.Feedback;

/// <summary>Reads the settings of recorded predictions and feedback.</summary>
internal static class FeedbackSettings
{
    private const int LeastBytes = 1024, MostBatchBytes = 256 << 20;
    private static readonly TimeSpan ShortestAge = TimeSpan.FromMilliseconds(100), LongestAge = TimeSpan.FromHours(1);

    public static FeedbackOptions Read(SettingValues values)
    {
        var usual = new FeedbackOptions();
        var options = usual with
        {
            CapturesPayloads = values.Flag(Settings.FeedbackCapture) ?? usual.CapturesPayloads,
            Connection = values.Text(Settings.FeedbackConnection),
            Prefix = ReadPrefix(values) ?? usual.Prefix,
            MaxBatchRecords = values.Number(Settings.FeedbackRecords, 1, int.MaxValue) ?? usual.MaxBatchRecords,
            MaxBatchBytes = values.Number(Settings.FeedbackBytes, LeastBytes, MostBatchBytes) ?? usual.MaxBatchBytes,
            MaxAge = values.Duration(Settings.FeedbackAge, ShortestAge, LongestAge, "between 0.1 seconds and an hour") ?? usual.MaxAge,
            MaxMemory = values.Number(Settings.FeedbackMemory, 1 << 20) ?? usual.MaxMemory,
            MaxJournal = values.Number(Settings.FeedbackJournal, 1 << 20) ?? usual.MaxJournal,
            BodyLimit = ReadBodyLimit(values) ?? usual.BodyLimit,
            ProhibitedHeaders = values.Text(Settings.FeedbackProhibited) is null ? usual.ProhibitedHeaders : values.List(Settings.FeedbackProhibited),
        };
        // Both bodies of one prediction have to fit.
        if (2L * options.BodyLimit > options.MaxMemory)
        {
            throw values.Text(Settings.FeedbackMemory) is null
                ? values.Wrong(Settings.FeedbackBodyLimit, $"at most half of feedback.memory, which is {options.MaxMemory}")
                : values.Wrong(Settings.FeedbackMemory, $"at least twice feedback.body_limit, which is {options.BodyLimit}");
        }
        return options;
    }

    private static int? ReadBodyLimit(SettingValues values)
    {
        var most = new GatewayOptions().BufferBytes;
        return values.Number(Settings.FeedbackBodyLimit, 0) is not { } limit ? null
            : limit <= most ? (int)limit
            : throw values.Wrong(Settings.FeedbackBodyLimit, $"at most {most}: the gateway keeps no more of a body, the rest goes through piece by piece");
    }

    private static string? ReadPrefix(SettingValues values) => values.Text(Settings.FeedbackPrefix)?.Trim('/') switch
    {
        null => null,
        "" => "",
        var prefix => ObjectKey.FindFlaw(prefix) is { } flaw ? throw values.Wrong(Settings.FeedbackPrefix, $"the beginning of a key: it {flaw}") : prefix,
    };
}

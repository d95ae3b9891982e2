namespace Odin.Feedback;

/// <summary>What is kept of predictions and of what users say of them, and where.</summary>
public sealed record FeedbackOptions
{
    /// <summary>Whether requests to models and their answers are recorded. Feedback is taken in either way.</summary>
    public bool CapturesPayloads { get; init; } = true;

    /// <summary>The connection whose storage takes the records; null: the directory <c>feedback</c> in the data directory.</summary>
    public string? Connection { get; init; }

    /// <summary>What all keys begin with, below the path of the connection; without slashes around it.</summary>
    public string Prefix { get; init; } = "model_log";

    /// <summary>Records in one object, at most.</summary>
    public int MaxBatchRecords { get; init; } = 10_000;

    /// <summary>Bytes in one object: it is closed by the record that reaches this.</summary>
    public int MaxBatchBytes { get; init; } = 8 << 20;

    /// <summary>How long a record waits for others that go into the same object. So much is lost of payloads, at most, by a crash.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of payloads that are held in memory, above all while the storage cannot be reached; what comes then is dropped.</summary>
    public long MaxMemory { get; init; } = 64 << 20;

    /// <summary>Bytes of feedback on the disk of the data directory that has not come into the storage; then feedback is refused.</summary>
    public long MaxJournal { get; init; } = 1 << 30;

    /// <summary>Bytes kept of the body of a request, and of that of an answer; the rest is cut off, and marked so. The gateway keeps 1 MiB of a request, whatever this says.</summary>
    public int BodyLimit { get; init; } = 1 << 20;

    /// <summary>Headers that are not recorded, of requests and of answers; in any case of letters.</summary>
    public IReadOnlyList<string> ProhibitedHeaders { get; init; } = ["authorization", "x-jwt", "x-user", "x-email", "cookie", "set-cookie"];
}

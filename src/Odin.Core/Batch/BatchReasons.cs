namespace Odin.Batch;

/// <summary>Reasons of batch jobs, beside those of work in steps. They are part of the API: never rename one.</summary>
public static class BatchReasons
{
    /// <summary>There is no request that could be predicted, or one that is none and the service wants all to be.</summary>
    public const string InvalidInput = nameof(InvalidInput);

    /// <summary>The program has left no response, or something that is none and the service wants all to be.</summary>
    public const string InvalidOutput = nameof(InvalidOutput);
}

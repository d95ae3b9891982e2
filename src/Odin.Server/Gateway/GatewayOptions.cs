namespace Odin.Server.Gateway;

/// <summary>Settings of the gateway in front of the models.</summary>
internal sealed record GatewayOptions
{
    /// <summary>The longest body of a request, in bytes. Default 64 MiB.</summary>
    public long MaxBodyBytes { get; init; } = 64L << 20;

    /// <summary>From the moment a request is passed on to the end of its answer. Default 10 min.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a request waits for a replica of a model that sleeps or is being started. Default 60 s.</summary>
    public TimeSpan WakeTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Requests that may wait for replicas of one deployment. Default 1,000.</summary>
    public int MaxWaiting { get; init; } = 1000;

    /// <summary>Copies for mirrors that may be on their way at the same time; more are left out. Default 64.</summary>
    public int MaxMirrors { get; init; } = 64;

    /// <summary>Bodies up to this are kept in memory, so that they can be sent again and copied; longer ones go through piece by piece. Default 1 MiB.</summary>
    public int BufferBytes { get; init; } = 1 << 20;

    /// <summary>How addresses of models begin, beside <c>/model</c>; empty: with anything.</summary>
    public string CustomPrefix { get; init; } = "/custom";
}

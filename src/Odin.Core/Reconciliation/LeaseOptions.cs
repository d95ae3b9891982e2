namespace Odin.Reconciliation;

/// <summary>Times of the leases by which several servers share the work. They are the same on all servers.</summary>
public sealed class LeaseOptions
{
    /// <summary>A server that has not been heard of for this long has lost its leases. Default 10 seconds.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a server says that it lives. Default 3 seconds.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often a server looks for work that nobody has. Default 2 seconds.</summary>
    public TimeSpan Scan { get; init; } = TimeSpan.FromSeconds(2);
}

namespace Odin.Images;

/// <summary>How an image is run. What is null is the base image's; environment, ports and labels are added to it.</summary>
public sealed record ImageConfiguration
{
    /// <summary>Replaces the base's, and its command with it when <see cref="Command"/> is null.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Arguments of the entry point, which who runs it may replace.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? WorkingDirectory { get; init; }

    /// <summary>A user of the image by name or number, perhaps with <c>:group</c>.</summary>
    public string? User { get; init; }

    /// <summary>TCP ports that the program listens on.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

namespace Odin.Images;

/// <summary>The program that builds images by running commands in them.</summary>
public sealed record ContainerfileOptions
{
    /// <summary><c>buildah</c>, <c>podman</c>, <c>docker</c>, or the path of one of them; null: the first of them that is found.</summary>
    public string? Program { get; init; }

    /// <summary>Further arguments of the build, each by itself: <c>--network=host</c>, <c>--isolation=chroot</c>.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables for the program, beside those of this process that it may have: <c>CONTAINERS_CONF</c>, …</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Leave what the program has made in its own storage, so that the same commands on the same layers need not be run again. Else
    /// nothing stays there.
    /// </summary>
    public bool KeepsLayers { get; init; }
}

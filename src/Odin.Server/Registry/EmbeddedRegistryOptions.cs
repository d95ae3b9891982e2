namespace Odin.Server.Registry;

/// <summary>Settings of the registry that the server has in itself.</summary>
internal sealed record EmbeddedRegistryOptions
{
    public bool IsEnabled { get; init; } = true;

    /// <summary>Host, perhaps with a port, under which others reach it; null: the first address of the API.</summary>
    public string? Name { get; init; }
}

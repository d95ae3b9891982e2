namespace Odin.Connections;

/// <summary>A HashiCorp Vault that keeps the secrets of connections, in a secrets engine of the kind KV, version 2.</summary>
public sealed record VaultOptions
{
    /// <summary>For example <c>https://vault.example.org:8200</c>.</summary>
    public required string Address { get; init; }

    /// <summary>A token that may create, update, read and delete below <see cref="Path"/>.</summary>
    public required string Token { get; init; }

    /// <summary>Where the secrets engine is mounted. Default <c>secret</c>.</summary>
    public string Mount { get; init; } = "secret";

    /// <summary>In the engine; the id of the connection follows. Default <c>odin/connections</c>.</summary>
    public string Path { get; init; } = "odin/connections";

    /// <summary>Of Vault's Enterprise edition; null: none.</summary>
    public string? Namespace { get; init; }

    // It holds a secret.
    public override string ToString() => $"{nameof(VaultOptions)} {{ Address = {Address}, Mount = {Mount}, Path = {Path} }}";
}

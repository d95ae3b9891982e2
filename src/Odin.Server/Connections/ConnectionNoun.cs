using System.Text;
using System.Text.Json.Nodes;
using Odin.Connections;
using Odin.Server.Lifecycle;
using Odin.Storage;

namespace Odin.Server.Connections;

/// <summary>A checked wish for a connection.</summary>
internal sealed record ConnectionWish(string Id, ConnectionSpec Spec, ConnectionSecrets Secrets);

/// <summary>Connections as the inherited API has them: secrets in base64, and masked unless asked for.</summary>
internal sealed class ConnectionNoun(IResourceStore store, ConnectionCatalog catalog, LocalDirectories directories, HostKeyScanner scanner, TimeProvider time)
    : LifecycleNoun<Connection, ConnectionWish>(store, time)
{
    private const string Mask = "*****";
    private static readonly string[] SecretNames = ["password", "keySecret", "keyID"];

    protected override IReadOnlyDictionary<string, Func<Connection, string?>> Filters { get; } =
        new Dictionary<string, Func<Connection, string?>> { ["type"] = c => c.Spec.Type };

    /// <summary>With the secrets.</summary>
    public async Task<JsonNode> RevealAsync(string id, CancellationToken cancellationToken)
    {
        var connection = await FindAsync(id, cancellationToken);
        var secrets = await catalog.RevealAsync(connection, cancellationToken);
        return Write(connection, secrets);
    }

    protected override async Task<ConnectionWish> ReadAsync(WireObject body, CancellationToken cancellationToken)
    {
        var (id, wire) = (body.Text("id"), body.Object("spec") ?? WireObject.Empty);
        var errors = new List<string>();
        var kept = await KeptAsync(id, wire, cancellationToken);
        var secrets = new ConnectionSecrets(
            Password: Decode(wire, "password", "password", kept?.Password, errors),
            KeySecret: Decode(wire, "keySecret", "key secret", kept?.KeySecret, errors),
            KeyId: Decode(wire, "keyID", "key id", kept?.KeyId, errors));
        var spec = new ConnectionSpec
        {
            Type = wire.Text("type"),
            Uri = wire.Text("uri"),
            Region = wire.FilledText("region"),
            Username = wire.FilledText("username"),
            Role = wire.FilledText("role"),
            PublicKey = Decode(wire, "publicKey", "public key", null, errors) is { } key ? Encoding.UTF8.GetString(key) : null,
            Reference = wire.FilledText("reference"),
            Description = wire.FilledText("description"),
            WebUiLink = wire.FilledText("webUILink"),
            IsVital = wire.Flag("vital"),
        };
        spec = ConnectionRules.Check(id, spec, secrets, errors);
        if (directories.Refuse(spec) is { } refusal)
            errors.Add($"the uri {refusal}");
        if (spec is { Type: ConnectionTypes.Git, PublicKey: null, Uri.Length: > 0 })
            spec = spec with { PublicKey = await scanner.ScanAsync(spec.Uri, errors, cancellationToken) };
        LifecycleException.ThrowIfAny("connection", errors);
        return new ConnectionWish(id, spec, secrets);
    }

    protected override string IdOf(ConnectionWish wish) => wish.Id;

    protected override Task<Connection> StoreAsync(ConnectionWish wish, CancellationToken cancellationToken) =>
        catalog.CreateAsync(wish.Id, wish.Spec, wish.Secrets, cancellationToken);

    protected override Task<Connection> ReplaceAsync(Connection old, ConnectionWish wish, CancellationToken cancellationToken) =>
        catalog.ReplaceAsync(old, wish.Spec, wish.Secrets, cancellationToken);

    protected override Task RemoveAsync(Connection resource, CancellationToken cancellationToken) => resource.Spec.IsVital
        ? throw LifecycleException.BadRequest($"{resource.Id} connection is vital, it cannot be deleted")
        : catalog.DeleteAsync(resource.Id, cancellationToken);

    protected override string Deleted(string id) => $"Connection {id} was deleted";

    protected override JsonNode Write(Connection resource) => Write(resource, null);

    // The mask in place of a secret keeps the one there is.
    private async Task<ConnectionSecrets?> KeptAsync(string id, WireObject wire, CancellationToken cancellationToken) =>
        SecretNames.Any(name => wire.Text(name) == Mask) && await catalog.FindAsync(id, cancellationToken) is { } old
            ? await catalog.RevealAsync(old, cancellationToken)
            : null;

    private static byte[]? Decode(WireObject wire, string name, string words, byte[]? kept, List<string> errors)
    {
        if (wire.FilledText(name) is not { } encoded)
            return null;
        if (encoded == Mask && kept is not null)
            return kept;
        var bytes = GoBase64.Decode(encoded, out var error);
        if (error is not null)
            errors.Add($"{words} must be base64-encoded, error: {error}");
        return bytes.Length > 0 ? bytes : null;
    }

    private static JsonObject Write(Connection connection, ConnectionSecrets? secrets)
    {
        var spec = connection.Spec;
        var json = Envelope(connection.Metadata);
        json["spec"] = new JsonObject { ["type"] = spec.Type, ["uri"] = spec.Uri }
            .AddFilled("region", spec.Region)
            .AddFilled("username", spec.Username)
            .AddFilled("password", Secret(SecretKinds.Password, secrets?.Password))
            .AddFilled("role", spec.Role)
            .AddFilled("keyID", Secret(SecretKinds.KeyId, secrets?.KeyId))
            .AddFilled("keySecret", Secret(SecretKinds.KeySecret, secrets?.KeySecret))
            .AddFilled("publicKey", spec.PublicKey is { } key ? Convert.ToBase64String(Encoding.UTF8.GetBytes(key)) : null)
            .AddFilled("reference", spec.Reference)
            .AddFilled("description", spec.Description)
            .AddFilled("webUILink", spec.WebUiLink)
            .AddTrue("vital", spec.IsVital);
        json["status"] = new JsonObject();
        return json;

        string? Secret(SecretKinds kind, byte[]? value) =>
            !spec.Has.HasFlag(kind) ? null : secrets is null ? Mask : Convert.ToBase64String(value ?? []);
    }
}

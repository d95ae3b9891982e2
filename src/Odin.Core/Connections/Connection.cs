using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Odin.Resources;

namespace Odin.Connections;

/// <summary>A place outside, with what is needed to get in: a bucket, a repository, a registry, a directory.</summary>
public sealed record Connection(ResourceMetadata Metadata, ConnectionSpec Spec) : IResource<Connection>
{
    public static string Kind => "Connection";

    public static JsonTypeInfo<Connection> JsonType => ConnectionJson.Default.Connection;

    public static Connection WithMetadata(Connection resource, ResourceMetadata metadata) => resource with { Metadata = metadata };

    public string? Parent => null;

    public string? Phase => null;

    [JsonIgnore]
    public string Id => Metadata.Id;
}

/// <summary>Where a connection leads; its secrets only in sealed form.</summary>
public sealed record ConnectionSpec
{
    /// <summary>One of <see cref="ConnectionTypes"/>.</summary>
    public string Type { get; init; } = "";

    /// <summary>As the type writes it: <c>s3://bucket/path</c>, <c>git@host:path</c>, <c>host/path</c> of a registry.</summary>
    public string Uri { get; init; } = "";

    public string? Region { get; init; }

    public string? Username { get; init; }

    public string? Role { get; init; }

    /// <summary>Of a git host: lines as <c>known_hosts</c> has them.</summary>
    public string? PublicKey { get; init; }

    /// <summary>Of a git repository: the branch, tag or commit of those who name none.</summary>
    public string? Reference { get; init; }

    public string? Description { get; init; }

    public string? WebUiLink { get; init; }

    /// <summary>Must not be deleted.</summary>
    public bool IsVital { get; init; }

    /// <summary>The <see cref="ConnectionSecrets"/>, as an <see cref="ISecretStore"/> keeps or names them; null: there are none.</summary>
    public string? Sealed { get; init; }

    /// <summary>Which of the secrets are set.</summary>
    public SecretKinds Has { get; init; }
}

/// <summary>Secrets of a connection.</summary>
[Flags]
public enum SecretKinds
{
    None = 0,
    Password = 1,
    KeyId = 2,
    KeySecret = 4,
}

/// <summary>
/// The secrets themselves, in the open: never stored, logged or printed. They are bytes, because not every one is text; the
/// names with <c>Text</c> read them as UTF-8.
/// </summary>
public sealed record ConnectionSecrets(byte[]? Password = null, byte[]? KeyId = null, byte[]? KeySecret = null)
{
    public static ConnectionSecrets None { get; } = new();

    /// <summary>Which are set.</summary>
    [JsonIgnore]
    public SecretKinds Kinds =>
        (Password is { Length: > 0 } ? SecretKinds.Password : 0) | (KeyId is { Length: > 0 } ? SecretKinds.KeyId : 0) | (KeySecret is { Length: > 0 } ? SecretKinds.KeySecret : 0);

    [JsonIgnore]
    public string PasswordText => Encoding.UTF8.GetString(Password ?? []);

    [JsonIgnore]
    public string KeyIdText => Encoding.UTF8.GetString(KeyId ?? []);

    [JsonIgnore]
    public string KeySecretText => Encoding.UTF8.GetString(KeySecret ?? []);

    public override string ToString() => $"ConnectionSecrets {{ {Kinds} }}";
}

/// <summary>The types of connections.</summary>
public static class ConnectionTypes
{
    public const string S3 = "s3";
    public const string Gcs = "gcs";
    public const string AzureBlob = "azureblob";
    public const string Git = "git";
    public const string Docker = "docker";
    public const string Ecr = "ecr";

    /// <summary>A directory of the server's machine.</summary>
    public const string Local = "local";

    /// <summary>Those that hold files by path.</summary>
    public static IReadOnlyList<string> Storage { get; } = [Gcs, S3, AzureBlob, Local];

    /// <summary>Those that images are pushed to and pulled from.</summary>
    public static IReadOnlyList<string> Registries { get; } = [Docker, Ecr];

    public static IReadOnlyList<string> All { get; } = [S3, Gcs, AzureBlob, Git, Docker, Ecr, Local];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Connection))]
[JsonSerializable(typeof(ConnectionSecrets))]
internal sealed partial class ConnectionJson : JsonSerializerContext;

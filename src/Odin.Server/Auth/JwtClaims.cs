using System.Text.Json.Serialization;

namespace Odin.Server.Auth;

/// <summary>The claims of a token; times are whole seconds since 1970. The order of members is the order on the wire.</summary>
internal sealed record JwtClaims
{
    [JsonPropertyName("iss"), JsonPropertyOrder(0)]
    public string? Issuer { get; init; }

    [JsonPropertyName("iat"), JsonPropertyOrder(1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IssuedAt { get; init; }

    [JsonPropertyName("nbf"), JsonPropertyOrder(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NotBefore { get; init; }

    [JsonPropertyName("exp"), JsonPropertyOrder(3), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Expires { get; init; }

    [JsonPropertyName("sub"), JsonPropertyOrder(4)]
    public string? Subject { get; init; }
}

/// <summary>The header of a token.</summary>
internal sealed record JwtHeader
{
    [JsonPropertyName("alg"), JsonPropertyOrder(0)]
    public string? Algorithm { get; init; }

    [JsonPropertyName("typ"), JsonPropertyOrder(1)]
    public string? Type { get; init; }

    /// <summary>Extensions that a reader must understand (RFC 7515, 4.1.11). We know none, so a token with it is refused.</summary>
    [JsonPropertyName("crit"), JsonPropertyOrder(2), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Critical { get; init; }
}

[JsonSerializable(typeof(JwtClaims))]
[JsonSerializable(typeof(JwtHeader))]
internal sealed partial class JwtJson : JsonSerializerContext;

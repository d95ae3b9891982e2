using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Odin.Server.Auth;

/// <summary>The outcome of a token check: the claims, or why it was refused.</summary>
internal readonly record struct JwtResult(JwtClaims? Claims, string? Problem)
{
    public static JwtResult Refuse(string problem) => new(null, problem);
}

/// <summary>
/// Checks tokens. The algorithm is ours to choose, never the token's: only HS256 is accepted, with our key, whatever the
/// header says. The signature is checked before anything in the token is believed.
/// </summary>
internal sealed class JwtVerifier(JwtOptions options, SigningKey key, TimeProvider time)
{
    private const int MaxLength = 8 * 1024;
    private const string Malformed = "The token is malformed.";

    public JwtResult Verify(string token)
    {
        if (token.Length > MaxLength)
            return JwtResult.Refuse(Malformed);
        var parts = token.Split('.');
        if (parts.Length != 3)
            return JwtResult.Refuse(Malformed);

        try
        {
            var header = JsonSerializer.Deserialize(Decode(parts[0]), JwtJson.Default.JwtHeader);
            if (header?.Algorithm != JwtSigner.Algorithm || header.Critical is not null)
                return JwtResult.Refuse("The token is not signed with the algorithm of this server.");
            var expected = HMACSHA256.HashData(key.Bytes, Encoding.UTF8.GetBytes(parts[0] + "." + parts[1]));
            if (!CryptographicOperations.FixedTimeEquals(expected, Decode(parts[2])))
                return JwtResult.Refuse("The signature of the token is wrong.");
            var claims = JsonSerializer.Deserialize(Decode(parts[1]), JwtJson.Default.JwtClaims);
            return claims is null ? JwtResult.Refuse(Malformed) : Check(claims);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return JwtResult.Refuse(Malformed);
        }
    }

    private JwtResult Check(JwtClaims claims)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var skew = (long)options.ClockSkew.TotalSeconds;
        if (claims.Expires is not { } expires || string.IsNullOrEmpty(claims.Subject))
            return JwtResult.Refuse("The token lacks the claim 'exp' or 'sub'.");
        if (now >= expires)
            return JwtResult.Refuse("The token has expired. Log in again.");
        if (claims.NotBefore > now + skew || claims.IssuedAt > now + skew)
            return JwtResult.Refuse("The token is not valid yet.");
        return claims.Issuer == options.Issuer
            ? new JwtResult(claims, null)
            : JwtResult.Refuse("The token was issued by another server.");
    }

    // Padding is not part of base64url in a JWT; .NET would accept it, and then one token had several spellings.
    private static byte[] Decode(string part) =>
        part.Contains('=', StringComparison.Ordinal) ? throw new FormatException() : Base64Url.DecodeFromChars(part);
}

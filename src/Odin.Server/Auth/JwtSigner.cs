using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Odin.Server.Auth;

/// <summary>Makes tokens signed with HMAC-SHA256 (RFC 7515, RFC 7519).</summary>
internal sealed class JwtSigner(JwtOptions options, SigningKey key, TimeProvider time)
{
    internal const string Algorithm = "HS256";

    private static readonly string Header = Base64Url.EncodeToString(
        JsonSerializer.SerializeToUtf8Bytes(new JwtHeader { Algorithm = Algorithm, Type = "JWT" }, JwtJson.Default.JwtHeader));

    /// <summary>A token for the user, valid from now for <see cref="JwtOptions.Lifetime"/>.</summary>
    public string Issue(string userName) => Issue(userName, time.GetUtcNow());

    /// <summary>A token for the user that says it was issued at that time, and is valid from then on.</summary>
    public string Issue(string userName, DateTimeOffset issued) => Issue(userName, issued, options.Lifetime);

    /// <summary>The same for another time than <see cref="JwtOptions.Lifetime"/>.</summary>
    public string Issue(string userName, DateTimeOffset issued, TimeSpan lifetime)
    {
        var now = issued.ToUnixTimeSeconds();
        return Sign(new JwtClaims
        {
            Issuer = options.Issuer,
            IssuedAt = now,
            Expires = now + (long)lifetime.TotalSeconds,
            Subject = userName,
        });
    }

    public string Sign(JwtClaims claims)
    {
        var content = Header + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims, JwtJson.Default.JwtClaims));
        return content + "." + Base64Url.EncodeToString(HMACSHA256.HashData(key.Bytes, Encoding.ASCII.GetBytes(content)));
    }
}

/// <summary>Settings of tokens.</summary>
internal sealed class JwtOptions
{
    /// <summary>The claim <c>iss</c>: written, and demanded.</summary>
    public string Issuer { get; set; } = "com.interactions";

    /// <summary>How long a login is good for. Default 12 hours.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How far the clocks of two servers may be apart. Default 5 s.</summary>
    public TimeSpan ClockSkew { get; set; } = TimeSpan.FromSeconds(5);
}

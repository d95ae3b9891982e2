using System.Globalization;
using System.Security.Cryptography;

namespace Odin.Users;

/// <summary>The outcome of a password check.</summary>
public enum PasswordVerdict
{
    Wrong,

    Right,

    /// <summary>Right, but kept in an older format or with weaker parameters: hash it again and store that.</summary>
    RightButOutdated,
}

/// <summary>How new passwords are hashed.</summary>
public sealed class PasswordOptions
{
    /// <summary>Rounds of PBKDF2. Default 600,000.</summary>
    public int Iterations { get; set; } = 600_000;
}

/// <summary>
/// Makes and checks password hashes. Its own format is <c>pbkdf2-sha256$ITERATIONS$SALT$KEY</c> with a salt per user;
/// bcrypt hashes of an earlier system (<c>$2b$…</c>) are checked too, where the machine has libcrypt.
/// </summary>
public sealed class PasswordHasher(PasswordOptions options)
{
    /// <summary>Longer passwords are refused: nobody types them, and each costs time to hash.</summary>
    public const int MaxLength = 1024;

    private const string Scheme = "pbkdf2-sha256";
    private const int SaltBytes = 16, KeyBytes = 32;

    // Checked in place of a user who does not exist, so that the answer takes as long as for one who does.
    private readonly Lazy<string> nobody = new(() => Create(Convert.ToHexString(RandomNumberGenerator.GetBytes(16)), options.Iterations));

    /// <summary>A hash with a new salt.</summary>
    public string Hash(string password) => Create(password, options.Iterations);

    /// <summary>Takes as long as a real check, and is always wrong.</summary>
    public PasswordVerdict VerifyNobody(string password)
    {
        Verify(password, nobody.Value);
        return PasswordVerdict.Wrong;
    }

    /// <summary>Whether the password belongs to the hash. A hash in no known format fits no password.</summary>
    public PasswordVerdict Verify(string password, string hash)
    {
        if (password.Length > MaxLength)
            return PasswordVerdict.Wrong;
        if (Bcrypt.IsHash(hash))
            return Bcrypt.Verify(password, hash) ? PasswordVerdict.RightButOutdated : PasswordVerdict.Wrong;

        var parts = hash.Split('$');
        if (parts is not [Scheme, var rounds, var salt, var key]
            || !int.TryParse(rounds, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations)
            || iterations < 1)
        {
            return PasswordVerdict.Wrong;
        }
        var expected = Convert.FromBase64String(key);
        var actual = Derive(password, Convert.FromBase64String(salt), iterations, expected.Length);
        if (!CryptographicOperations.FixedTimeEquals(expected, actual))
            return PasswordVerdict.Wrong;
        return iterations < options.Iterations ? PasswordVerdict.RightButOutdated : PasswordVerdict.Right;
    }

    private static string Create(string password, int iterations)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var key = Derive(password, salt, iterations, KeyBytes);
        return string.Create(
            CultureInfo.InvariantCulture, $"{Scheme}${iterations}${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}");
    }

    private static byte[] Derive(string password, byte[] salt, int iterations, int length) =>
        Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, length);
}
